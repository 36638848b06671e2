"""Nothing is lost, and a crash repeats one mail at most, whatever dies in the middle of 200 mails."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone
from redis import Redis

from accounts.models import Membership, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, Move, Status
from notifications.models import Delivery, Subscription
from tests.factories import (
    DeliveryFactory,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    SubscriptionFactory,
    UserFactory,
    person,
)
from tests.faults.harness import GIVE_UP_SECONDS, Harness
from tests.portal import ROOT, wait_until

pytestmark = pytest.mark.fault

READERS = 200
Recover = Callable[[int], None]


def subscribe_readers(number: int = READERS) -> None:
    organisation = OrganisationFactory()
    readers = User.objects.bulk_create(UserFactory.build(password="!") for _ in range(number))
    Membership.objects.bulk_create(
        MembershipFactory.build(user=reader, organisation=organisation, area=None) for reader in readers
    )
    Subscription.objects.bulk_create(SubscriptionFactory.build(person=reader) for reader in readers)


def publish() -> Lesson:
    """Publish a lesson; its owner's mail is taken out, so that only readers' mails are counted."""
    lesson = LessonFactory(status=Status.IN_REVIEW, at=timezone.now())
    move_lesson(lesson=lesson, move=Move.PUBLISH, by=lesson.claimed_by, at=timezone.now())
    Delivery.objects.filter(move__isnull=False).delete()
    return lesson


def assert_all_arrived(harness: Harness, *, repeats: int, mails: int = READERS) -> None:
    harness.settle()
    arrived = harness.arrived()
    assert len(arrived) == mails
    assert arrived.total() - mails <= repeats
    assert max(arrived.values()) <= 2
    assert harness.states() == {"sent": mails}
    rows = {delivery.message_id_header for delivery in Delivery.objects.all()}
    assert set(arrived) == rows
    assert all(len(line.recipients) == 1 for line in harness.sink.ledger())


def half_way(harness: Harness) -> None:
    subscribe_readers()
    harness.start()
    publish()
    harness.wait_for(60)


def test_without_a_fault_each_mail_arrives_once(harness: Harness) -> None:
    half_way(harness)

    harness.wait_for(READERS)

    assert_all_arrived(harness, repeats=0)


def test_the_worker_is_killed_and_started_again(harness: Harness, recover: Recover) -> None:
    half_way(harness)

    harness.kill_worker()
    assert len(harness.arrived()) < READERS
    harness.start_worker()

    recover(READERS)
    assert_all_arrived(harness, repeats=2)  # two senders died


def test_its_children_are_killed_again_and_again(harness: Harness, recover: Recover) -> None:
    half_way(harness)
    killed = 0
    for _ in range(6):
        killed += harness.kill_one_child()
        time.sleep(0.4)
    assert killed

    recover(READERS)

    assert_all_arrived(harness, repeats=killed)


def test_a_new_release_loses_and_repeats_nothing(harness: Harness, recover: Recover) -> None:
    half_way(harness)

    assert harness.stop_worker_politely() <= 35
    harness.start_worker()

    recover(READERS)
    assert_all_arrived(harness, repeats=0)


def test_redis_is_wiped(harness: Harness, recover: Recover) -> None:
    half_way(harness)

    Redis(unix_socket_path=str(harness.redis.socket)).flushall()

    recover(READERS)
    assert_all_arrived(harness, repeats=0)


def test_redis_is_killed_and_started_again(harness: Harness, recover: Recover) -> None:
    half_way(harness)

    harness.redis.kill()
    time.sleep(1)
    harness.redis.start()

    recover(READERS)
    assert_all_arrived(harness, repeats=0)


@pytest.mark.parametrize("away_seconds", [2, 25])
def test_postgresql_is_stopped_at_once_and_started_again(
    harness: Harness, recover: Recover, away_seconds: float
) -> None:
    half_way(harness)

    connection.close()
    harness.cluster.stop(immediate=True)
    assert len(harness.arrived()) < READERS
    time.sleep(away_seconds)
    harness.cluster.start()

    recover(READERS)
    assert_all_arrived(harness, repeats=2)
    assert not Delivery.objects.filter(attempts__gt=2).exists()


def test_the_mail_server_is_killed_and_started_again(harness: Harness) -> None:
    half_way(harness)

    harness.sink.kill()
    time.sleep(3)
    harness.sink.start()

    # The mails in hand when it died may have been taken: they wait ten minutes, or one if they were not.
    in_hand = Delivery.objects.exclude(error="")
    wait_until(
        lambda: Delivery.objects.filter(state="sent").count() + in_hand.count() == READERS,
        seconds=GIVE_UP_SECONDS,
        what="all but the mails in hand",
    )
    assert in_hand.count() <= 2
    assert set(in_hand.values_list("state", flat=True)) <= {"uncertain", "deferred"}
    assert harness.arrived().total() == len(harness.arrived())


def test_a_suspension_half_way_stops_the_rest_and_tells_those_who_got_it(harness: Harness) -> None:
    subscribe_readers()
    harness.start()
    lesson = publish()
    harness.wait_for(80)

    move_lesson(
        lesson=lesson, move=Move.SUSPEND, by=person(Role.SECRETARIAT), at=timezone.now(), note="A name was left in."
    )
    got_it = len(harness.arrived())
    Delivery.objects.filter(move__isnull=False, state="pending").update(state="cancelled", due_at=None)

    assert got_it < READERS
    harness.wait_for(2 * got_it, what="as many retractions")
    wait_until(
        lambda: not Delivery.objects.filter(state__in=["pending", "sending"]).exists(),
        seconds=GIVE_UP_SECONDS,
        what="the end",
    )
    assert Delivery.objects.filter(kind="new_lesson", state="sent").count() == got_it
    assert Delivery.objects.filter(kind="stop_using", state="sent").count() == got_it


def test_a_sign_in_mail_does_not_wait_for_a_blast(harness: Harness) -> None:
    subscribe_readers(600)
    harness.start()
    publish()
    harness.wait_for(40)

    sign_in = DeliveryFactory(due_at=timezone.now(), date=timezone.now(), address="locked-out@responder.example")

    took = wait_until(
        lambda: sign_in.message_id_header in harness.arrived(), seconds=GIVE_UP_SECONDS, what="the sign-in mail"
    )
    assert len(harness.arrived()) < 600
    assert took < 10


DIES_IN_THE_THIRD_BATCH = """
import os, signal
import django
django.setup()
from django.db import transaction
from django.utils import timezone
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement
batch = {"announcement": Announcement.objects.get(), "at": timezone.now(), "size": 20}
fan_out_batch(**batch)
fan_out_batch(**batch)
with transaction.atomic():
    fan_out_batch(**batch)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_fan_out_is_killed_in_its_third_batch_and_goes_on(harness: Harness) -> None:
    subscribe_readers()
    publish()

    died = subprocess.run([sys.executable, "-c", DIES_IN_THE_THIRD_BATCH], cwd=ROOT, env=harness.environment)

    assert died.returncode == -signal.SIGKILL
    assert Delivery.objects.count() == 40
    harness.start()
    harness.wait_for(READERS)
    assert_all_arrived(harness, repeats=0)
