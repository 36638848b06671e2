"""Handing mails over: order, outcomes, leases, the breaker, and what is looked at just before."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from lessons.models import Publication
from notifications.announcing import end_earlier
from notifications.models import Announcement, Delivery, Lane, Notice, Priority, Subscription
from notifications.sending import lanes
from notifications.sending.lanes import MOST_ATTEMPTS, HeldLane
from notifications.sending.notes import LEASE
from notifications.sending.sender import send_due
from notifications.sending.smtp import MailConnection, Server
from tests.factories import NOON, AnnouncementFactory, DeliveryFactory, SubscriptionFactory, person
from tests.portal import wait_until
from tests.scripted_smtp import ScriptedServer
from tests.test_fanout import fan_out

pytestmark = pytest.mark.django_db


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


#: Until a sender gives up: long, since machines stall; but short where the server is to hang.
PATIENCE_SECONDS, SHORT_SECONDS = 20, 1


def connect(server: ScriptedServer, *, timeout_seconds: float = PATIENCE_SECONDS) -> MailConnection:
    return MailConnection(Server("127.0.0.1", server.port), timeout_seconds=timeout_seconds)


def send(server: ScriptedServer, at: datetime = NOON, *, timeout_seconds: float = PATIENCE_SECONDS) -> int:
    return send_due(over=connect(server, timeout_seconds=timeout_seconds), per_second=0, clock=lambda: at)


def announced(number: int = 1, **publication: object) -> list[Delivery]:
    """Return mails about one new lesson, each to another reader."""
    SubscriptionFactory.create_batch(number)
    fan_out(AnnouncementFactory(**publication))
    return list(Delivery.objects.order_by("pk"))


def hold_lane(at: datetime = NOON) -> HeldLane:
    lane = lanes.take_lane(at=at)
    assert lane is not None
    return lane


# -- the plain way --------------------------------------------------------------------------------
def test_what_is_due_is_sent_once_and_its_body_forgotten(server: ScriptedServer) -> None:
    mail = DeliveryFactory()

    assert send(server) == 1
    assert send(server) == 0

    mail.refresh_from_db()
    assert (mail.state, mail.body, mail.closed_at, mail.lane) == ("sent", None, NOON, None)
    (received,) = server.received
    assert received.recipients == [str(mail.address)]
    assert received.message["Message-ID"] == mail.message_id_header


def test_what_is_not_due_yet_waits(server: ScriptedServer) -> None:
    DeliveryFactory(due_at=NOON + timedelta(seconds=1))

    assert send(server) == 0
    assert send(server, NOON + timedelta(seconds=1)) == 1


def test_the_most_urgent_goes_first(server: ScriptedServer) -> None:
    for priority in (Priority.DIGEST, Priority.ALERT, Priority.DUTY, Priority.RETRACTION, Priority.TRANSACTIONAL):
        DeliveryFactory(priority=priority, address=f"{priority.name.lower()}@responder.example")

    send(server)

    order = [mail.recipients[0].split("@")[0] for mail in server.received]
    assert order == ["transactional", "retraction", "duty", "alert", "digest"]


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_mail_overtakes_a_blast_that_is_under_way(server: ScriptedServer) -> None:
    DeliveryFactory.create_batch(60, priority=Priority.ALERT)
    server.on_mail = lambda number: DeliveryFactory(address="locked-out@responder.example") if number == 10 else None

    send_due(over=connect(server), per_second=100, clock=lambda: NOON)

    place = [mail.recipients[0] for mail in server.received].index("locked-out@responder.example")
    assert place < 60  # the window under way is 25 mails


def test_the_throttle_holds(server: ScriptedServer) -> None:
    DeliveryFactory.create_batch(11)

    send_due(over=connect(server), per_second=50, clock=lambda: NOON)

    took = server.received[-1].at - server.received[0].at
    assert took >= 9 / 50


def test_a_lane_is_held_with_a_lease_and_leased_to_its_holder() -> None:
    holder, soon = uuid.uuid4(), NOON + timedelta(seconds=20)
    for crooked in ({"holder": holder}, {"lease_until": soon}, {"holder": None, "lease_until": None, "current": 7}):
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            Lane.objects.filter(pk=1).update(**crooked)
        assert refusal.value.__cause__.diag.constraint_name == "lane_in_use_has_a_lease"
    with pytest.raises(IntegrityError), transaction.atomic():
        Lane.objects.create(pk=77, holder=holder)

    assert Lane.objects.filter(pk=1).update(holder=holder, lease_until=soon, current=7) == 1


def test_only_as_many_senders_as_there_are_lanes() -> None:
    first, second = hold_lane(), hold_lane()

    assert {first.pk, second.pk} == {1, 2}
    assert lanes.take_lane(at=NOON) is None
    first.release()
    assert hold_lane().pk == first.pk


def test_two_senders_never_claim_the_same_mail() -> None:
    DeliveryFactory.create_batch(10)
    first, second = hold_lane(), hold_lane()

    one, other = first.claim(size=6, at=NOON), second.claim(size=6, at=NOON)

    assert (len(one), len(other)) == (6, 4)
    assert not {mail.pk for mail in one} & {mail.pk for mail in other}


# -- outcomes -----------------------------------------------------------------------------------
@pytest.mark.slow
def test_refused_for_now_waits_longer_each_time_and_gives_up_after_72_hours(server: ScriptedServer) -> None:
    mail, now, pauses = DeliveryFactory(), NOON, []
    server.answer("rcpt", "451 come back later")

    while True:
        Lane.objects.update(rest_until=None)
        send(server, now)
        mail.refresh_from_db()
        if mail.state != "deferred":
            break
        pauses.append((mail.due_at - now) / timedelta(minutes=1))
        assert mail.attempts == 0
        now = mail.due_at

    assert pauses[:6] == [1, 2, 5, 10, 20, 40]
    assert all(54 <= pause <= 66 for pause in pauses[6:])
    assert len(set(pauses[6:])) > 10  # spread, so that not all come back at once
    assert mail.state == "failed"
    assert "451" in mail.error
    assert timedelta(hours=70) < now - NOON <= timedelta(hours=72)


def test_refused_for_good_fails_at_once_and_the_others_go(server: ScriptedServer) -> None:
    DeliveryFactory.create_batch(5)
    bad = DeliveryFactory(address="gone@responder.example")
    server.answer("rcpt", "550 no such user", only="gone@")

    assert send(server) == 5

    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == ("failed", 0)
    assert "550 no such user" in bad.error


def test_a_sender_address_that_is_refused_fails_no_mail(server: ScriptedServer) -> None:
    mail = DeliveryFactory()
    server.answer("mail", "553 who are you")

    send(server)

    mail.refresh_from_db()
    assert mail.state == "deferred"


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_no_answer_after_the_text_is_uncertain_and_repeated_twice_at_most(server: ScriptedServer, how: str) -> None:
    mail, now = DeliveryFactory(), NOON
    server.answer("text", how)

    for tries in (1, 2, 3):
        Lane.objects.update(rest_until=None)
        send(server, now, timeout_seconds=SHORT_SECONDS if how == "hang" else PATIENCE_SECONDS)
        mail.refresh_from_db()
        assert (mail.state, mail.uncertain_tries) == ("uncertain", tries)
        if tries < 3:
            assert mail.due_at == now + timedelta(minutes=10)
            now = mail.due_at

    assert Delivery.objects.get().due_at is None
    assert send(server, now + timedelta(days=1)) == 0
    assert len({one.message["Message-ID"] for one in server.received}) == 1
    assert len({one.message["Date"] for one in server.received}) == 1
    assert len(server.received) == 3


@pytest.mark.parametrize(("step", "how"), [("rcpt", "hang"), ("rcpt", "drop"), ("data", "hang"), ("mail", "drop")])
def test_a_connection_lost_before_the_text_is_tried_again_in_a_minute(
    server: ScriptedServer, step: str, how: str
) -> None:
    mail = DeliveryFactory()
    server.answer(step, how)

    send(server, timeout_seconds=SHORT_SECONDS if how == "hang" else PATIENCE_SECONDS)

    mail.refresh_from_db()
    assert (mail.state, mail.due_at, mail.attempts) == ("deferred", NOON + timedelta(minutes=1), 0)
    assert server.received == []


@pytest.mark.parametrize("at_once", [True, False], ids=["commands at once", "one by one"])
@pytest.mark.parametrize(
    ("step", "how", "state"),
    [
        ("mail", "451 later", "deferred"),
        ("mail", "553 who are you", "deferred"),
        ("rcpt", "451 later", "deferred"),
        ("rcpt", "550 5.1.1 nobody", "failed"),
        ("rcpt", "421 enough", "deferred"),
        ("data", "451 later", "deferred"),
        ("data", "554 no", "failed"),
        ("text", "451 later", "deferred"),
        ("text", "554 no", "failed"),
    ],
)
def test_a_refusal_at_any_step_is_that_mails_and_the_next_goes(
    server: ScriptedServer, at_once: bool, step: str, how: str, state: str
) -> None:
    server.pipelining = at_once
    mail = DeliveryFactory()
    server.answer(step, how)
    over = connect(server)

    send_due(over=over, per_second=0, clock=lambda: NOON)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (state, 0)
    assert mail.error.startswith(how.split(maxsplit=1)[0])
    server.answer(step, "")
    Lane.objects.update(rest_until=None)
    other = DeliveryFactory()
    assert send_due(over=over, per_second=0, clock=lambda: NOON) == 1
    assert server.accepted[-1].recipients == [other.address]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [True, False], ids=["commands at once", "one by one"])
def test_a_suspension_while_the_server_keeps_us_waiting_stops_the_mail_in_hand(
    server: ScriptedServer, at_once: bool
) -> None:
    (mail,) = announced()
    server.pipelining = at_once

    def suspend_at_leisure() -> None:
        Publication.objects.update(suspended_at=NOON)
        time.sleep(1.1)

    server.on_recipient = suspend_at_leisure

    send_due(over=MailConnection(Server("127.0.0.1", server.port)), per_second=0, clock=lambda: NOON)

    mail.refresh_from_db()
    assert mail.state == "cancelled"
    assert server.received == []


def test_a_mail_that_cannot_be_written_fails_alone(server: ScriptedServer) -> None:
    broken = DeliveryFactory(address="no address")
    DeliveryFactory.create_batch(2)

    assert send(server) == 2

    broken.refresh_from_db()
    assert broken.state == "failed"


# -- the breaker ----------------------------------------------------------------------------------
def test_without_a_mail_server_nothing_is_claimed_and_the_lane_rests_longer_each_time() -> None:
    mail, rests = DeliveryFactory(), []
    nobody = MailConnection(Server("127.0.0.1", 1))
    now = NOON

    for _ in range(7):
        send_due(over=nobody, per_second=0, clock=lambda at=now: at)
        lane = Lane.objects.get(pk=1)
        assert lane.rest_until
        Lane.objects.filter(pk=2).update(rest_until=lane.rest_until)
        rests.append((lane.rest_until - now).total_seconds())
        assert lanes.take_lane(at=lane.rest_until - timedelta(seconds=0.1)) is None
        now = lane.rest_until

    mail.refresh_from_db()
    assert rests == [1, 2, 5, 10, 20, 30, 30]
    assert (mail.state, mail.attempts, mail.first_tried_at) == ("pending", 0, None)


@pytest.mark.slow
def test_two_hours_without_a_mail_server_lose_nothing(server: ScriptedServer) -> None:
    DeliveryFactory.create_batch(30)
    nobody = MailConnection(Server("127.0.0.1", 1))
    for minutes in range(0, 120, 5):
        send_due(over=nobody, per_second=0, clock=lambda at=NOON + timedelta(minutes=minutes): at)

    assert send(server, NOON + timedelta(hours=2)) == 30
    assert Lane.objects.get(pk=1).failures == 0


def test_many_refusals_in_a_row_open_the_breaker(server: ScriptedServer) -> None:
    DeliveryFactory.create_batch(50)
    server.answer("rcpt", "452 too much for me")

    send(server)

    assert Delivery.objects.filter(state="deferred").count() == 10
    assert Delivery.objects.filter(state="pending", attempts=0).count() == 40
    assert not lanes.free_lanes(at=NOON) - 1


def test_a_server_that_turns_us_away_at_the_door_burns_no_attempt(server: ScriptedServer) -> None:
    mail = DeliveryFactory()
    server.answer("connect", "421 too many connections")

    send(server)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("pending", 0)


def test_a_sender_that_has_nothing_to_do_leaves_the_server_to_the_others(server: ScriptedServer) -> None:
    server.most_connections = 1
    first, second = connect(server), connect(server)
    for over in (first, second, first):
        mail = DeliveryFactory()

        assert send_due(over=over, per_second=0, clock=lambda: NOON) == 1

        mail.refresh_from_db()
        assert mail.state == "sent"
        wait_until(lambda: server.connections == 0, seconds=30, what="the end of the connection")
    assert not server.turned_away
    assert server.farewells == 3


# -- leases -----------------------------------------------------------------------------------
def test_after_a_crash_those_before_the_one_in_hand_are_sent_and_the_rest_goes_again() -> None:
    mails = DeliveryFactory.create_batch(5)
    lane = hold_lane()
    lane.claim(size=5, at=NOON)
    lane.point_at(mails[2], at=NOON)

    assert lanes.sweep(at=NOON + LEASE) == 0
    assert lanes.sweep(at=NOON + LEASE + timedelta(seconds=1)) == 1

    found = [(mail.state, mail.attempts) for mail in Delivery.objects.order_by("pk")]
    assert found == [("sent", 1), ("sent", 1), ("pending", 1), ("pending", 0), ("pending", 0)]
    assert lanes.free_lanes(at=NOON + timedelta(minutes=1)) == 2


def test_a_crash_before_the_first_hand_over_repeats_nothing() -> None:
    DeliveryFactory.create_batch(3)
    hold_lane().claim(size=3, at=NOON)

    lanes.sweep(at=NOON + timedelta(minutes=1))

    assert [(mail.state, mail.attempts) for mail in Delivery.objects.all()] == [("pending", 0)] * 3


@pytest.mark.django_db(transaction=True)
def test_a_sender_whose_process_died_is_noticed_within_seconds() -> None:
    mails = DeliveryFactory.create_batch(3)

    def die() -> None:
        lane = hold_lane()
        lane.claim(size=3, at=NOON)
        lane.point_at(mails[0], at=NOON)
        lane.point_at(mails[1], at=NOON)
        lane.notes.close()  # before the answer to the second
        connection.close()

    sender = threading.Thread(target=die)
    sender.start()
    sender.join()

    assert lanes.sweep(at=NOON + timedelta(seconds=2)) == 0
    # The database lets go of its lock when it notices.
    wait_until(lambda: lanes.sweep(at=NOON + timedelta(seconds=4)) == 1, seconds=60, what="the sender's end")
    assert [mail.state for mail in Delivery.objects.order_by("pk")] == ["sent", "pending", "pending"]


def test_a_note_renews_the_lease_once_it_is_a_quarter_of_a_second_old() -> None:
    mails = DeliveryFactory.create_batch(3)
    lane = hold_lane()
    leases = []

    for mail, milliseconds in zip(mails, (0, 240, 250), strict=True):
        lane.point_at(mail, at=NOON + timedelta(milliseconds=milliseconds))
        leases.append(Lane.objects.get(pk=lane.pk).lease_until)

    assert leases == [NOON + LEASE, NOON + LEASE, NOON + LEASE + timedelta(milliseconds=250)]


def test_of_the_last_mails_each_sender_has_its_part() -> None:
    Delivery.objects.bulk_create(DeliveryFactory.build() for _ in range(1400))
    claimed = [len(hold_lane().claim(size=1000, at=NOON)) for _ in range(2)]

    assert claimed == [350, 262]  # a quarter of what is due


def test_each_mail_renews_the_lease() -> None:
    mails = DeliveryFactory.create_batch(2)
    lane = hold_lane()
    lane.claim(size=2, at=NOON)
    later = NOON + LEASE - timedelta(seconds=1)
    lane.point_at(mails[0], at=later)

    assert lanes.sweep(at=NOON + LEASE + timedelta(seconds=1)) == 0
    assert lanes.sweep(at=later + LEASE + timedelta(seconds=1)) == 1


def test_a_mail_that_kills_its_sender_is_given_up_after_five_times() -> None:
    poison = DeliveryFactory()
    others = DeliveryFactory.create_batch(3)
    now = NOON
    for _ in range(MOST_ATTEMPTS):
        lane = hold_lane(now)
        assert poison.pk in {mail.pk for mail in lane.claim(size=10, at=now)}
        lane.point_at(poison, at=now)
        now += LEASE + timedelta(seconds=1)
        lanes.sweep(at=now)

    poison.refresh_from_db()
    assert (poison.state, poison.attempts) == ("failed", MOST_ATTEMPTS)
    assert {mail.pk for mail in hold_lane(now).claim(size=10, at=now)} == {mail.pk for mail in others}


@pytest.mark.django_db(transaction=True)
def test_a_sender_whose_lane_was_taken_away_stops_and_marks_what_it_sent(server: ScriptedServer) -> None:
    DeliveryFactory.create_batch(4)

    def take_away(number: int) -> None:
        if number == 2:
            lanes.sweep(at=NOON + timedelta(minutes=1))

    server.on_mail = take_away

    send(server)

    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["sent", "sent", "pending", "pending"]
    assert len(server.received) == 2


# -- just before ----------------------------------------------------------------------------------
def test_a_suspension_cancels_what_is_not_sent(server: ScriptedServer) -> None:
    mails = announced(3)
    lesson = mails[0].announcement.publication.lesson
    Delivery.objects.filter(pk=mails[0].pk).update(state="sent")

    end_earlier(lesson, at=NOON, reason="Suspended.")

    assert [mail.state for mail in Delivery.objects.order_by("pk")] == ["sent", "cancelled", "cancelled"]
    assert send(server) == 0


@pytest.mark.django_db(transaction=True)
def test_mails_in_a_senders_hands_are_stopped_by_a_suspension_too(server: ScriptedServer) -> None:
    mails = announced(8)
    publication = mails[0].announcement.publication

    def suspend(number: int) -> None:
        if number == 3:
            Publication.objects.filter(pk=publication.pk).update(suspended_at=NOON)
            Announcement.objects.update(ended_at=NOON)

    server.on_mail = suspend
    server.delay = 0.1  # so that the batch takes more than one window

    send(server)

    assert len(server.received) < 8
    assert Delivery.objects.filter(state="cancelled").count() == 8 - len(server.received)


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ("nothing", 1),
        ("ended", 0),
        ("off", 0),
        ("closed account", 0),
        ("role ended", 0),
        ("suspended", 0),
        ("moved", 0),
    ],
)
def test_what_changed_since_the_fan_out_counts(server: ScriptedServer, change: str, sent: int) -> None:
    (mail,) = announced()
    reader = mail.person
    if change == "ended":
        Subscription.objects.update(ended_at=NOON)
    elif change == "off":
        Subscription.objects.update(frequency="off")
    elif change == "closed account":
        User.objects.filter(pk=reader.pk).update(is_active=False)
    elif change == "role ended":
        reader.memberships.update(ends_on="2020-06-01")
    elif change == "suspended":
        Publication.objects.update(suspended_at=NOON)
    elif change == "moved":
        User.objects.filter(pk=reader.pk).update(email="new.address@responder.example")

    assert send(server) == sent

    mail.refresh_from_db()
    assert mail.state == ("sent" if sent else "cancelled")
    assert bool(mail.error) is not bool(sent)


def test_one_subscription_that_is_still_on_is_reason_enough_and_the_only_one_named(server: ScriptedServer) -> None:
    reader = person()
    SubscriptionFactory(person=reader, risks=["surface-water-flooding"], ended_at=None)
    SubscriptionFactory(person=reader, themes=["communicate"])
    fan_out(AnnouncementFactory())
    Subscription.objects.filter(themes=["communicate"]).update(ended_at=NOON)

    assert send(server) == 1

    text = server.received[0].text
    assert "Surface water flooding" in text.split("\n-- \n")[1]
    assert "theme" not in text.split("\n-- \n")[1]
    assert len(Notice.objects.get().reasons) == 2


def test_retractions_go_even_to_those_who_unsubscribed(server: ScriptedServer) -> None:
    (mail,) = announced()
    Delivery.objects.update(state="sent")
    Subscription.objects.update(ended_at=NOON)
    Announcement.objects.update(ended_at=NOON)
    Publication.objects.update(suspended_at=NOON)
    fan_out(AnnouncementFactory(publication=mail.announcement.publication, kind="retraction"))

    assert send(server) == 1

    assert "Please stop using" in server.received[0].text


@pytest.mark.django_db(transaction=True)
def test_no_mail_is_handed_over_after_a_suspension_committed(server: ScriptedServer, tmp_path: Path) -> None:
    mails = announced(60)
    publication = mails[0].announcement.publication
    at_ten = threading.Event()

    def slow_down(number: int) -> None:
        if number == 10:
            server.delay = 0.2  # so that this process may stall for seconds before it suspends
            at_ten.set()

    server.on_mail = slow_down

    def work() -> None:
        try:
            send_due(over=connect(server), per_second=0, clock=lambda: NOON)
        finally:
            connection.close()

    sender = threading.Thread(target=work)
    sender.start()
    assert at_ten.wait(60)
    with transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(suspended_at=NOON)
        end_earlier(publication.lesson, at=NOON, reason="Suspended.")
        handed_over = len(server.received)  # nobody is in the middle of one now
    sender.join(60)

    assert 10 <= handed_over < 60
    assert len(server.received) == handed_over
    states = set(Delivery.objects.values_list("state", flat=True))
    assert states == {"sent", "cancelled"}
    assert Delivery.objects.filter(state="sent").count() == handed_over
