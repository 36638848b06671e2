"""Limits per recipient domain: one domain does not hold up the others, and nothing is lost by waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection

from notifications.models import Delivery, Domain, Lane, Priority
from notifications.sending import lanes
from notifications.sending.sender import send_due
from notifications.sending.smtp import MailConnection, Server
from tests.factories import NOON, DeliveryFactory
from tests.scripted_smtp import ScriptedServer
from tests.test_sending import connect, send

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


def alerts(domain: str, number: int, **values: object) -> None:
    for n in range(number):
        DeliveryFactory(**{"address": f"reader-{n}@{domain}", "priority": Priority.ALERT, **values})


def arrived(server: ScriptedServer) -> Counter[str]:
    return Counter(mail.recipients[0].partition("@")[2] for mail in server.received)


@pytest.mark.slow
def test_a_slow_domain_waits_while_there_are_mails_for_others(server: ScriptedServer) -> None:
    alerts("slow.example", 30, due_at=NOON - timedelta(seconds=1))  # due first
    alerts("quick.example", 30)
    server.delay_for = {"slow.example": 1.1}
    DeliveryFactory(address="locked-out@slow.example", priority=Priority.TRANSACTIONAL, due_at=NOON)

    over = MailConnection(Server("127.0.0.1", server.port), timeout_seconds=5)
    send_due(over=over, per_second=0, clock=lambda: NOON)

    # The sign-in mail went, and showed how slow its domain is.
    assert arrived(server) == {"slow.example": 1, "quick.example": 30}
    waiting = list(Delivery.objects.filter(state="pending"))
    assert len(waiting) == 30
    assert {(one.due_at, one.attempts, one.lane) for one in waiting} == {(waiting[0].due_at, 0, None)}
    until = waiting[0].due_at
    assert until
    assert timedelta(seconds=20) < until - NOON < timedelta(minutes=1)

    server.delay_for = {}
    send_due(over=over, per_second=0, clock=lambda: until)
    assert arrived(server)["slow.example"] == 31


@pytest.mark.slow
def test_where_all_are_slow_nobody_waits_for_nobody(server: ScriptedServer) -> None:
    alerts("slow.example", 3)
    server.delay_for = {"slow.example": 1.1}

    over = MailConnection(Server("127.0.0.1", server.port), timeout_seconds=5)
    assert send_due(over=over, per_second=0, clock=lambda: NOON) == 3


def test_a_domain_that_refuses_everything_does_not_open_the_breaker(server: ScriptedServer) -> None:
    alerts("full.example", 40, due_at=NOON - timedelta(seconds=1))
    alerts("quick.example", 5)
    server.answer("rcpt", "452 too much for me", only="reader-", domain="full.example")

    send(server)

    assert arrived(server) == {"quick.example": 5}
    assert Delivery.objects.filter(state="deferred").count() == 10
    assert Lane.objects.filter(rest_until=None).count() == 2


@pytest.mark.slow
def test_the_limit_of_a_minute_holds_for_all_senders_together(server: ScriptedServer) -> None:
    alerts("busy.example", 50)
    alerts("quick.example", 7)

    for _ in range(3):
        send_due(over=connect(server), per_second=0, per_domain_minute=20, clock=lambda: NOON)
    assert arrived(server) == {"busy.example": 20, "quick.example": 7}
    assert Domain.objects.get(name="busy.example").sent == 20

    for minute in (1, 2):
        at = NOON + timedelta(minutes=minute)
        send_due(over=connect(server), per_second=0, per_domain_minute=20, clock=lambda at=at: at)
    assert arrived(server) == {"busy.example": 50, "quick.example": 7}
    assert not Delivery.objects.exclude(state="sent").exists()
