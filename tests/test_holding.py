"""Outgoing mail is off after a restore: nothing goes, what went is found, and people turn it on again."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from notifications import digests
from notifications.actions.holding import hold_mail
from notifications.models import Announcement, Delivery, Frequency, MailHold, Notice
from notifications.models.deliveries import message_id_for
from notifications.sending.lanes import prepare_lanes, take_lane
from notifications.tasks import fan_out as fan_out_all
from tests.factories import NOON, AnnouncementFactory, DeliveryFactory, PublicationFactory, SubscriptionFactory, person
from tests.test_mail_pages import signed_in

pytestmark = pytest.mark.django_db


def claimed() -> int:
    lane = take_lane(at=timezone.now())
    assert lane
    mails = lane.claim(size=10, at=timezone.now())
    lane.settle([], at=timezone.now())
    lane.release()
    return len(mails)


def told(*, log: str, folder: Path) -> str:
    """Have the command read a log; return what it prints."""
    path, printed = folder / "log", StringIO()
    path.write_text(log)
    call_command("reconcile_mail", str(path), lost=folder / "lost", stdout=printed)
    return printed.getvalue()


def test_nothing_is_claimed_while_outgoing_mail_is_off_and_the_secretariat_turns_it_on(client: Client) -> None:
    prepare_lanes()
    DeliveryFactory(due_at=timezone.now())
    secretary = person(Role.SECRETARIAT)
    browser = signed_in(secretary)
    call_command("hold_mail", reason="A test of the mail server", stdout=StringIO())
    call_command("hold_mail", reason="Once more", stdout=StringIO())

    assert claimed() == 0
    health = client.get("/health/")
    assert (health.status_code, health.json()["status"], health.json()["outgoing_mail"]) == (503, "held", "off")
    assert "A test of the mail server" in browser.get(reverse("mail")).content.decode()
    assert "1" in browser.get(reverse("mail_release")).content.decode()
    assert browser.post(reverse("mail_release")).status_code == 302

    assert claimed() == 1
    assert client.get("/health/").json()["outgoing_mail"] == "on"
    hold = MailHold.objects.get()
    assert (hold.released_by, hold.reason) == (secretary, "A test of the mail server")
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[-2:] == [
        "mail.hold",
        "mail.release",
    ]
    assert browser.get(reverse("mail_release")).status_code == 302


def test_after_a_restore_repeats_have_to_be_accepted_unless_the_log_was_read(tmp_path: Path) -> None:
    secretary = person(Role.SECRETARIAT)
    browser = signed_in(secretary)
    newest = DeliveryFactory().pk
    hold_mail(reason="Restored", after_restore=True, at=timezone.now())
    assert DeliveryFactory().pk > newest + 1000, "an old bounce would be counted against another's mail"

    refused = browser.post(reverse("mail_release"))
    assert refused.status_code == 422
    assert "second time" in refused.content.decode()
    with pytest.raises(CommandError, match="reconcile_mail"):
        call_command("release_mail", by=secretary.email)
    told(log="", folder=tmp_path)
    call_command("release_mail", by=secretary.email.upper(), stdout=StringIO())

    assert not MailHold.objects.in_force().exists()
    for nobody in ("nobody@responder.example", person().email):
        with pytest.raises(CommandError):
            call_command("release_mail", by=nobody)


def test_the_log_says_what_went_whatever_state_the_copy_has_it_in(tmp_path: Path) -> None:
    at = timezone.now()
    gone = [DeliveryFactory(state=state, due_at=at) for state in ("pending", "deferred", "uncertain")]
    gone.append(DeliveryFactory(state="failed", due_at=None))
    known = DeliveryFactory(state="sent", due_at=None, closed_at=NOON)
    waiting = DeliveryFactory(due_at=at)
    with pytest.raises(CommandError, match="hold_mail"):
        told(log="", folder=tmp_path)
    hold_mail(reason="Restored", after_restore=True, at=at)
    lost = "6f1e1a52-0000-4000-8000-000000000000"
    others = f"status=sent message-id=<{waiting.message_id}@elsewhere.example>"
    lines = [f"cleanup: 4F2: message-id={mail.message_id_header}" for mail in [*gone, known]]
    lines.append(lines[-1].replace(str(known.message_id), lost).upper())

    said = told(log="\n".join([*lines, others]), folder=tmp_path)

    assert "6 mails of ours" in said
    assert "4 of them were to go" in said
    assert (tmp_path / "lost").read_text() == f"{lost}\n"
    assert set(Delivery.objects.filter(state="sent")) == {*gone, known}
    known.refresh_from_db()
    assert known.closed_at == NOON
    told(log="\n".join(lines), folder=tmp_path)
    assert MailHold.objects.get().gone_already == 4


def test_mails_that_have_to_be_written_again_are_found_by_the_message_id_they_had(tmp_path: Path) -> None:
    at_once, daily = SubscriptionFactory(), SubscriptionFactory(frequency=Frequency.DAILY)
    AnnouncementFactory(publication=PublicationFactory(), at=timezone.now() - timedelta(days=2))

    def write() -> dict[str, str]:
        fan_out_all()
        for run in digests.begin_due_runs(at=timezone.now()):
            while digests.run_batch(run=run, at=timezone.now()):
                pass
        return dict(Delivery.objects.values_list("address", "message_id"))

    went = write()
    assert set(went) == {at_once.person.email, daily.person.email}
    news = Announcement.objects.get()
    assert went[at_once.person.email] == message_id_for(
        f"published {news.move_id} {news.at.timestamp():.6f}", at_once.person.email
    )
    # As in a copy that was made before any of them was written.
    Notice.objects.all().delete()
    Delivery.objects.all().delete()
    digests.DigestRun.objects.all().delete()
    Announcement.objects.update(fanned_out_at=None, last_subscription=0)
    hold_mail(reason="Restored", after_restore=True, at=timezone.now())

    told(log=f"<{went[at_once.person.email]}@{_domain()}>\n", folder=tmp_path)

    assert dict(Delivery.objects.values_list("address", "message_id")) == went
    states = dict(Delivery.objects.values_list("address", "state"))
    assert states == {at_once.person.email: "sent", daily.person.email: "pending"}


def _domain() -> str:
    return Delivery(message_id="x").message_id_header.rpartition("@")[2].rstrip(">")


def test_only_one_hold_is_in_force() -> None:
    hold_mail(reason="One", after_restore=False, at=NOON)
    held = hold_mail(reason="Restored", after_restore=True, at=NOON)

    assert MailHold.objects.count() == 1
    assert MailHold.objects.get(pk=held.pk).is_after_restore
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'mail_hold_is_one_at_a_time'")
        assert cursor.fetchone() == (1,)
