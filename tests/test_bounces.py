"""Mails that come back: what is believed, when it is enough, who is told, and the way out."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings

from accounts.models import AuditEvent, Organisation
from accounts.roles import Role
from notifications.bounces.counting import count_report
from notifications.bounces.lifting import lift_suppression, looked_after_by
from notifications.bounces.reports import Report, read_report
from notifications.bounces.signing import envelope_sender, signed_delivery
from notifications.models import Bounce, Delivery, Priority, Suppression
from notifications.sending import lanes
from tests.factories import NOON, DeliveryFactory, OrganisationFactory, person
from tests.scripted_smtp import ScriptedServer
from tests.test_sending import send

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _lanes(db: None) -> Iterator[None]:
    lanes.prepare_lanes()
    yield
    with connection.cursor() as cursor:  # these outlive the transaction of a test
        cursor.execute("SELECT pg_advisory_unlock_all()")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def mail(address: str = "reader@responder.example", **values: object) -> Delivery:
    """Return an alert that was sent at noon."""
    sent = {"priority": Priority.ALERT, "state": "sent", "due_at": None, "closed_at": NOON}
    return DeliveryFactory(**{"address": address, **sent, **values})


def notification(
    delivery: Delivery,
    status: str = "5.1.1",
    *,
    action: str = "failed",
    to: str = "",
    about: str = "",
    at: datetime = NOON + timedelta(minutes=5),
) -> Message:
    """Return what a mail server writes when it cannot deliver.

    :param to: the envelope sender of the mail that came back, if not the right one
    :param about: the recipient, if not the delivery's
    """
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = "Mail Delivery System <MAILER-DAEMON@mx.responder.example>"
    report["To"] = to or envelope_sender(delivery.pk)
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(at)
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText("I'm sorry to have to inform you that your message could not be delivered."))
    status_part = Message()
    status_part["Content-Type"] = "message/delivery-status"
    per_message, per_recipient = Message(), Message()
    per_message["Reporting-MTA"] = "dns; mx.responder.example"
    per_recipient["Final-Recipient"] = f"rfc822; {about or delivery.address}"
    per_recipient["Action"] = action
    per_recipient["Status"] = status
    per_recipient["Diagnostic-Code"] = f"smtp; {status[0]}50 {status} cannot be delivered"
    status_part.set_payload([per_message, per_recipient])
    report.attach(status_part)
    original = Message()
    original["Subject"] = "New lesson published"
    enclosed = Message()
    enclosed["Content-Type"] = "message/rfc822"
    enclosed.set_payload([original])
    report.attach(enclosed)
    return report


def arrive(message: Message, *, at: datetime = NOON + timedelta(minutes=6)) -> bool:
    report = read_report(message.as_bytes())
    return report is not None and count_report(report, at=at)


def soft(delivery: Delivery, *, days: int, action: str = "failed") -> bool:
    at = NOON + timedelta(days=days)
    return arrive(notification(delivery, "4.2.2", action=action, at=at), at=at)


# -- the rule -------------------------------------------------------------------------------------
def test_a_hard_bounce_stops_the_next_mail_and_only_to_that_address(server: ScriptedServer) -> None:
    assert arrive(notification(mail("gone@responder.example")))
    next_one = DeliveryFactory(address="gone@responder.example", priority=Priority.DUTY)
    other = DeliveryFactory(address="there@responder.example", priority=Priority.DUTY)

    send(server)

    next_one.refresh_from_db()
    other.refresh_from_db()
    assert (next_one.state, next_one.error, next_one.attempts) == ("suppressed", "The address bounces.", 0)
    assert other.state == "sent"
    assert [one.recipients for one in server.received] == [["there@responder.example"]]


def test_a_bounce_that_arrives_while_a_batch_is_claimed_still_stops_what_follows(server: ScriptedServer) -> None:
    first, second = (DeliveryFactory(address="gone@responder.example", priority=Priority.ALERT) for _ in range(2))
    lane = lanes.take_lane(at=NOON)
    assert len(lane.claim(size=2, at=NOON)) == 2
    lane.settle([first.pk], at=NOON)
    lane.release()

    arrive(notification(Delivery.objects.get(pk=first.pk)))
    send(server)

    second.refresh_from_db()
    assert (second.state, server.received) == ("suppressed", [])


def test_sign_in_mail_goes_to_a_suppressed_address(server: ScriptedServer) -> None:
    arrive(notification(mail("locked-out@responder.example")))
    DeliveryFactory(address="locked-out@responder.example", priority=Priority.TRANSACTIONAL)

    assert send(server) == 1


@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_three_soft_bounces_suppress_if_they_are_of_three_days(action: str) -> None:
    address = "full@responder.example"
    for days in (0, 0, 1):
        soft(mail(address), days=days, action=action)
    assert not Suppression.objects.exists()

    soft(mail(address), days=2, action=action)

    assert (Suppression.objects.get().reason, Suppression.objects.get().status) == ("soft", "4.2.2")


def test_soft_bounces_far_apart_do_not_add_up() -> None:
    for days in (0, 20, 40, 60):
        soft(mail(date=NOON, closed_at=NOON + timedelta(days=days)), days=days)

    assert not Suppression.objects.exists()


def test_the_same_notice_counts_once_and_a_worse_one_of_the_same_mail_counts_more() -> None:
    delivery = mail()

    assert [soft(delivery, days=0), soft(delivery, days=0)] == [True, False]
    assert arrive(notification(delivery))
    assert not arrive(notification(delivery))

    bounce = Bounce.objects.get()
    assert (bounce.is_hard, bounce.status, bounce.on) == (True, "5.1.1", NOON.date())
    assert AuditEvent.objects.filter(action="address.suppress").count() == 1


def test_a_mailbox_that_passes_mails_on_is_not_suppressed_for_one_of_those_behind_it() -> None:
    arrive(notification(mail("duty@responder.example"), about="somebody.who.left@responder.example"))

    assert not Bounce.objects.get().is_hard
    assert not Suppression.objects.exists()


@pytest.mark.slow
# -- at the server's own door (F21) -----------------------------------------------------------------------
def test_addresses_that_the_server_refuses_are_suppressed_and_the_others_go(server: ScriptedServer) -> None:
    good = DeliveryFactory.create_batch(190, priority=Priority.ALERT)
    for number in range(10):
        DeliveryFactory(address=f"bad-{number}@responder.example", priority=Priority.ALERT)
    server.answer("rcpt", "550 5.1.1 no such user", only="bad-")

    assert send(server) == len(good)

    failed = Delivery.objects.filter(state="failed")
    assert set(failed.values_list("address", flat=True)) == set(Suppression.objects.values_list("address", flat=True))
    assert failed.count() == 10
    assert {one.status for one in Bounce.objects.all()} == {"5.1.1"}


@pytest.mark.parametrize(("step", "answer"), [("rcpt", "554 5.7.1 relay access denied"), ("text", "554 no thanks")])
def test_a_refusal_that_is_not_about_the_address_suppresses_nobody(
    server: ScriptedServer, step: str, answer: str
) -> None:
    DeliveryFactory(priority=Priority.ALERT)
    server.answer(step, answer)

    send(server)

    assert Delivery.objects.get().state == "failed"
    assert not Suppression.objects.exists()


# -- what is believed (F38) -------------------------------------------------------------------------------
def test_the_envelope_sender_is_signed_and_leads_back_to_the_mail(server: ScriptedServer) -> None:
    delivery = DeliveryFactory()
    send(server)
    (received,) = server.received

    assert received.sender == envelope_sender(delivery.pk)
    assert len(received.sender.partition("@")[0]) <= 64
    assert signed_delivery([received.sender.upper()]) == delivery.pk
    with override_settings(SECRET_KEY="another" * 9, SECRET_KEY_FALLBACKS=[]):
        assert signed_delivery([received.sender]) is None
    with override_settings(BOUNCE_ADDRESS="b@bounces.example"):
        assert envelope_sender(1).startswith("b+b1-")
        assert envelope_sender(1).endswith("@bounces.example")


def absence(delivery: Delivery) -> Message:
    reply = EmailMessage()
    reply["To"], reply["Subject"] = envelope_sender(delivery.pk), "Out of office: 550 5.1.1"
    reply["Auto-Submitted"] = "auto-replied"
    reply.set_content("Action: failed\nStatus: 5.1.1\nI am away until Monday.")
    return reply


def forwarded(delivery: Delivery) -> Message:
    letter = EmailMessage()
    letter["To"] = envelope_sender(delivery.pk)
    letter.set_content("Look what came back to me.")
    letter.add_attachment(notification(delivery))
    return letter


def signed_for_another(delivery: Delivery) -> Message:
    return notification(
        delivery, to=envelope_sender(delivery.pk + 1).replace(f"b{delivery.pk + 1}-", f"b{delivery.pk}-")
    )


def receipt(delivery: Delivery) -> Message:
    return notification(delivery, "2.0.0", action="delivered")


def nested(delivery: Delivery) -> Message:
    deep = Message()
    deep["To"] = envelope_sender(delivery.pk)
    deep["Content-Type"] = 'multipart/report; boundary="0"'
    deep.set_payload("".join(f'--{n}\nContent-Type: multipart/mixed; boundary="{n + 1}"\n\n' for n in range(1200)))
    return deep


@pytest.mark.parametrize(
    "make",
    [
        absence,
        forwarded,
        signed_for_another,
        receipt,
        nested,
        lambda delivery: notification(delivery, to="no-reply@example.org"),
        lambda delivery: notification(delivery, to=f"no-reply+b{delivery.pk}-aaaaaaaaaaaaaaaa@example.org"),
        lambda delivery: notification(delivery, "nonsense"),
    ],
)
def test_what_is_forged_or_no_notice_is_ignored(make: object) -> None:
    assert not arrive(make(mail()))  # type: ignore[operator]
    assert not Bounce.objects.exists()


def test_a_notice_from_the_future_counts_today() -> None:
    arrive(notification(mail(), "4.2.2", at=NOON + timedelta(days=400)))

    assert Bounce.objects.get().on == NOON.date()


# -- the command --------------------------------------------------------------------------------------------
def maildir(folder: Path, messages: list[bytes]) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        (folder / "new" / f"{number}.mx").write_bytes(message)
    return folder


@pytest.mark.slow
def test_a_flood_of_a_thousand_with_forgeries_among_them_is_counted_right(tmp_path: Path) -> None:
    delivery = mail()
    real = [notification(mail(f"gone-{n}@responder.example")) for n in range(300)]
    again = [notification(delivery)] * 300
    forged = [make(delivery) for make in (absence, forwarded, signed_for_another, receipt) for _ in range(100)]
    folder = maildir(tmp_path / "bounces", [one.as_bytes() for one in [*real, *again, *forged]])
    told = io.StringIO()

    call_command("process_bounce", maildir=folder, stdout=told)
    call_command("process_bounce", maildir=folder, stdout=told)

    assert told.getvalue().splitlines() == [
        "301 counted, 400 ignored: no bounce of ours, 299 known already",
        "nothing new",
    ]
    assert Suppression.objects.in_force().count() == 301
    assert len(list((folder / "cur").iterdir())) == 1000


@pytest.mark.slow
@pytest.mark.parametrize(("database", "code"), [("there", 0), ("away", os.EX_TEMPFAIL)])
@pytest.mark.django_db(transaction=True)
def test_a_mail_server_pipes_a_notice_in_and_gets_a_code_that_it_understands(database: str, code: int) -> None:
    delivery = mail()
    settings = connection.settings_dict
    url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}"
    if database == "away":
        url = "postgresql://nobody@127.0.0.1:1/nowhere"

    ended = subprocess.run(
        [sys.executable, "manage.py", "process_bounce"],
        input=notification(delivery).as_bytes(),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "jol.settings"},
        capture_output=True,
    )

    assert ended.returncode == code, ended.stderr.decode()
    assert Suppression.objects.exists() == (database == "there")


def test_a_folder_that_is_no_maildir_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("process_bounce", maildir=tmp_path)

    assert refused.value.returncode == os.EX_USAGE


# -- who is told, and the way out -------------------------------------------------------------------------
def test_the_administrator_gets_one_mail_a_day_and_a_task_and_can_say_that_it_is_right(
    client: Client, server: ScriptedServer
) -> None:
    organisation = OrganisationFactory(mailbox="Duty@responder.example")
    reader = person(Role.READER, organisation)
    admin = person(Role.ORGANISATION_ADMIN, organisation)
    elsewhere = person(Role.ORGANISATION_ADMIN)
    for address in ("duty@responder.example", reader.email):
        arrive(notification(mail(address)))

    (told,) = Delivery.objects.filter(kind="address_bounces")
    assert told.address == admin.email
    assert {one.address for one in looked_after_by(admin)} == {"duty@responder.example", reader.email}
    assert not looked_after_by(elsewhere).exists()
    suppression = Suppression.objects.get(address=reader.email)
    for somebody in (reader, elsewhere):
        with pytest.raises(PermissionDenied):
            lift_suppression(suppression=suppression, by=somebody, at=NOON)

    for _ in range(2):
        lift_suppression(suppression=suppression, by=admin, at=NOON + timedelta(hours=1))

    assert AuditEvent.objects.get(action="address.lift").actor == admin
    DeliveryFactory(address=reader.email, priority=Priority.DUTY)
    assert send(server, NOON + timedelta(hours=2)) == 2  # that one, and the mail to the administrator


def test_without_an_administrator_the_secretariat_is_told() -> None:
    secretariat = person(Role.SECRETARIAT)
    arrive(notification(mail(person(Role.READER).email)))

    assert Delivery.objects.get(kind="address_bounces").address == secretariat.email
    assert looked_after_by(secretariat).count() == 1


def test_what_bounced_before_an_address_was_put_right_is_past_and_what_bounces_after_counts() -> None:
    secretariat, before, late = person(Role.SECRETARIAT), mail(), mail()
    arrive(notification(before))
    lift_suppression(suppression=Suppression.objects.get(), by=secretariat, at=NOON + timedelta(hours=1))

    arrive(notification(before), at=NOON + timedelta(hours=2))
    arrive(notification(late), at=NOON + timedelta(hours=2))
    assert not Suppression.objects.in_force().exists()

    after = mail(closed_at=NOON + timedelta(hours=3))
    arrive(notification(after, at=NOON + timedelta(hours=4)), at=NOON + timedelta(hours=4))
    assert Suppression.objects.in_force().count() == 1


def test_a_report_about_a_mail_that_is_not_there_any_more_is_nothing() -> None:
    assert not count_report(Report(10**9, True, "5.1.1", frozenset(), None), at=NOON)
    assert Organisation.objects.count() == 0
