"""A backup is restored that was made while mails were in flight: nothing goes until staff say so, and nothing twice."""

from __future__ import annotations

import subprocess
import time
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from devstack.postgres import find_binaries
from notifications.models import Delivery
from tests.factories import DeliveryFactory, person
from tests.faults.harness import GIVE_UP_SECONDS, PER_SECOND, Harness
from tests.faults.world import World
from tests.portal import wait_until

pytestmark = pytest.mark.fault

READERS = 120


def test_after_a_restore_nothing_goes_until_it_is_released_and_then_nothing_is_lost_or_goes_twice(
    harness: Harness, world: World
) -> None:
    world.subscribe(READERS)
    harness.environment["MAIL_PER_SECOND"] = "5"  # so that many are left when the copy is made, on a slow machine too
    secretary = person(Role.SECRETARIAT)
    harness.start()
    world.publish()
    harness.wait_for(30)
    run(harness, "pg_dump", "-Fc", "-f", str(harness.folder / "copy"), "postgres")
    in_the_copy = len(harness.arrived())
    # What happens now is not in the copy: more of the blast goes, and somebody asks for a new password.
    lost = DeliveryFactory(due_at=timezone.now(), date=timezone.now())
    wait_until(
        lambda: lost.message_id_header in harness.arrived() and len(harness.arrived()) > in_the_copy + 20,
        seconds=GIVE_UP_SECONDS,
        what="mails that the copy does not know of",
    )
    harness.kill("worker", "beat")
    time.sleep(1)  # the mail server takes what it has been given
    gone = harness.arrived()
    assert len(gone) < READERS

    connection.close()
    run(harness, "pg_restore", "--clean", "--if-exists", "-d", "postgres", str(harness.folder / "copy"))
    call_command("hold_mail", reason="Restored from a copy", after_restore=True, stdout=StringIO())
    harness.environment["MAIL_PER_SECOND"] = str(PER_SECOND)
    harness.start_worker()
    harness.start_beat()
    wait_until(lambda: not harness.states()["sending"], seconds=GIVE_UP_SECONDS, what="lanes of the copy closed")
    time.sleep(3)
    assert harness.arrived() == gone
    found = StringIO()
    ledger = str(harness.sink.folder / "ledger.tsv")
    call_command("reconcile_mail", ledger, lost=harness.folder / "lost", stdout=found)
    assert (harness.folder / "lost").read_text().split() == [str(lost.message_id)]
    assert f"{len(gone)} mails of ours" in found.getvalue()
    assert harness.states() == {"sent": len(gone) - 1, "pending": READERS - len(gone) + 1}
    assert harness.arrived() == gone

    call_command("release_mail", by=secretary.email, stdout=StringIO())

    harness.wait_for(READERS + 1)
    harness.settle()
    assert harness.states() == {"sent": READERS}
    sent = {row.message_id_header for row in Delivery.objects.all()}
    assert harness.arrived() == dict.fromkeys(sent | {lost.message_id_header}, 1)


def run(harness: Harness, program: str, *arguments: str) -> None:
    at = ["-h", str(harness.cluster.socket_folder), "-U", "portal"]
    subprocess.run([str(find_binaries() / program), *at, *arguments], check=True)
