"""A mail server that refuses, hangs, is slow or cuts the line: by a clock that tests move, then with processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest
from django.utils import timezone

from accounts.roles import Role
from notifications.models import Delivery, Lane
from notifications.sending.lanes import prepare_lanes
from notifications.sending.outcomes import BACK_OFF
from notifications.sending.sender import send_due
from notifications.sending.smtp import MailConnection, Server
from notifications.tasks import fan_out
from tests.factories import DeliveryFactory, person
from tests.faults.harness import GIVE_UP_SECONDS, OPEN, Harness
from tests.faults.oracles import assert_sound
from tests.faults.test_wire_faults import look
from tests.faults.world import World
from tests.portal import wait_until
from tests.scripted_smtp import ScriptedServer

pytestmark = pytest.mark.fault

READERS = 40
MOST_RUNS = 60


@pytest.fixture
def server(harness: Harness) -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        harness.deliver_to(running)
        yield running


@pytest.fixture
def blast(harness: Harness, world: World) -> datetime:
    """News that 40 readers wait for.  No process runs: tests send, and move the clock."""
    world.subscribe(READERS)
    world.publish()
    prepare_lanes()
    fan_out()
    return timezone.now()


def send(server: ScriptedServer, at: datetime, *, timeout_seconds: float = 20) -> None:
    over = MailConnection(Server("127.0.0.1", server.port), timeout_seconds=timeout_seconds)
    send_due(over=over, per_second=0, clock=lambda: at)


def send_until(server: ScriptedServer, at: datetime, until: datetime) -> datetime:
    """Send whenever something is due and a lane is not at rest, by a clock that jumps from one to the next."""
    for _ in range(MOST_RUNS):
        send(server, at)
        due = Delivery.objects.filter(state__in=OPEN, due_at__isnull=False).order_by("due_at").first()
        if due is None:
            break
        rests = Lane.objects.filter(pk__lte=2).values_list("rest_until", flat=True)
        at = max(at + timedelta(seconds=1), due.due_at or at, min(rest or at for rest in rests))
        if at > until:
            break
    return at


def test_451_to_everybody_for_ten_minutes_delays_and_loses_nothing(
    harness: Harness, world: World, server: ScriptedServer, blast: datetime
) -> None:
    server.answer("rcpt", "451 come back later")
    reopened = blast + timedelta(minutes=10)
    at = send_until(server, blast, reopened)
    assert server.received == []
    assert set(harness.states()) <= {"deferred", "pending"}
    server.answer("rcpt", "")

    at = send_until(server, max(at, reopened), reopened + timedelta(hours=2))

    assert at <= reopened + sum(BACK_OFF, timedelta())
    assert_sound(harness, world, repeats=0)
    assert harness.states() == {"sent": READERS}


def test_greylisting_lets_each_mail_through_at_its_second_try(
    harness: Harness, world: World, server: ScriptedServer, blast: datetime
) -> None:
    server.answer("rcpt", "451 never seen you", at_first_sight=True)

    at = send_until(server, blast, blast + timedelta(hours=1))

    assert_sound(harness, world, repeats=0)
    assert harness.states() == {"sent": READERS}
    assert at <= blast + timedelta(minutes=10)
    assert set(Delivery.objects.values_list("deferrals", flat=True)) == {1}


def test_550_for_some_fails_them_at_once_and_the_others_go(
    harness: Harness, world: World, server: ScriptedServer
) -> None:
    world.subscribe(READERS)
    world.subscribe(10, addresses="gone-")
    world.publish()
    prepare_lanes()
    fan_out()
    server.answer("rcpt", "550 5.1.1 no such user", only="gone-")

    at = send_until(server, timezone.now(), timezone.now() + timedelta(minutes=1))
    assert_sound(harness, world, repeats=0)
    assert harness.states() == {"sent": READERS, "failed": 10}
    assert not Delivery.objects.filter(state="failed").exclude(error__startswith="550 5.1.1").exists()

    world.publish()
    fan_out()
    send_until(server, at + timedelta(minutes=1), at + timedelta(hours=1))
    assert harness.states() == {"sent": 2 * READERS, "failed": 10, "suppressed": 10}


def test_the_line_is_cut_after_the_text_and_each_mail_is_repeated_twice_at_most(
    harness: Harness, world: World, server: ScriptedServer
) -> None:
    world.subscribe(4)
    world.publish()
    prepare_lanes()
    fan_out()
    server.answer("text", "drop")

    send_until(server, timezone.now(), timezone.now() + timedelta(hours=3))

    assert_sound(harness, world, repeats=2 * 4)
    assert harness.states() == {"uncertain": 4}
    assert set(harness.arrived().values()) == {3}


def test_the_line_is_cut_after_one_text_in_the_middle(
    harness: Harness, world: World, server: ScriptedServer, blast: datetime
) -> None:
    server.on_mail = lambda number: server.answer("text", "drop" if number == 10 else "")

    send_until(server, blast, blast + timedelta(hours=1))

    assert_sound(harness, world, repeats=1)
    assert harness.states() == {"sent": READERS}


@pytest.mark.parametrize(("step", "state", "repeats"), [("rcpt", "deferred", 0), ("text", "uncertain", 1)])
def test_a_server_that_hangs_before_or_after_the_text(
    harness: Harness, world: World, server: ScriptedServer, blast: datetime, step: str, state: str, repeats: int
) -> None:
    first = Delivery.objects.order_by("pk").first()
    server.answer(step, "hang", only=first.address)
    send(server, blast, timeout_seconds=2)
    first.refresh_from_db()
    assert first.state == state
    server.answer(step, "")

    send_until(server, blast, blast + timedelta(hours=1))

    assert_sound(harness, world, repeats=repeats)
    assert harness.states() == {"sent": READERS}


# -- with real processes ------------------------------------------------------------------------------
def test_a_server_that_takes_one_connection_turns_the_other_sender_away_and_all_mails_go(
    harness: Harness, world: World, server: ScriptedServer
) -> None:
    server.most_connections = 1
    world.subscribe(200)
    harness.start()
    world.publish()

    harness.wait_for(200)

    assert server.turned_away
    assert_sound(harness, world, repeats=0)
    assert harness.states() == {"sent": 200}
    assert not Delivery.objects.filter(attempts__gt=1).exists()


def test_a_mail_that_hangs_holds_up_its_sender_and_not_a_sign_in_mail(
    harness: Harness, world: World, server: ScriptedServer
) -> None:
    server.answer("text", "hang", only="hangs-")
    world.subscribe(1, addresses="hangs-")
    world.subscribe(READERS)
    harness.start()
    world.publish()
    wait_until(lambda: "hangs-" in str(server.received), seconds=GIVE_UP_SECONDS, what="the mail that hangs")

    sign_in = DeliveryFactory(due_at=timezone.now(), date=timezone.now(), address="locked-out@responder.example")

    took = wait_until(
        lambda: sign_in.message_id_header in harness.arrived(), seconds=GIVE_UP_SECONDS, what="the sign-in mail"
    )
    assert took < 10
    harness.wait_for(READERS + 2)
    assert_sound(harness, world, repeats=0)
    assert harness.states() == {"sent": READERS + 1, "uncertain": 1}


def test_a_slow_server_is_used_by_both_senders_at_a_time(
    harness: Harness, world: World, server: ScriptedServer
) -> None:
    server.delay = 2
    world.subscribe(8)
    browser = harness.sign_in(person(Role.CONTRIBUTOR))
    harness.start()
    harness.start_web()
    look(harness, browser, 5)  # processes and caches are cold
    quiet = look(harness, browser, 10)
    world.publish()
    harness.wait_for(1)

    meanwhile = look(harness, browser, 10)
    took = harness.wait_for(8)

    assert_sound(harness, world, repeats=0)
    assert {status for status, _ in quiet + meanwhile} == {200}
    assert median(seconds for _, seconds in meanwhile) < 10 * median(seconds for _, seconds in quiet)  # promised: 1.5
    assert took < 3 * 7  # one sender alone takes 14 s, two 8 s
    arrived = sorted(one.at for one in server.received)
    assert min(later - one for one, later in pairwise(arrived)) < 0.9 * server.delay, "no two at a time"
