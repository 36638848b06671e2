"""Sending again what did not go: once, whoever presses how often, and only what can still be sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.roles import Role
from notifications.actions.replaying import RepeatPossible, newest_replay, replay
from notifications.models import Delivery, Priority, Replay, Suppression
from notifications.sending import lanes
from tests.factories import NOON, DeliveryFactory, person
from tests.scripted_smtp import ScriptedServer
from tests.test_sending import send

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


@pytest.fixture
def secretariat() -> User:
    return person(Role.SECRETARIAT)


def given_up(number: int = 1, **values: object) -> list[Delivery]:
    error = {"state": "failed", "due_at": None, "closed_at": NOON, "error": "550 5.1.1 <one@x.example> no such user"}
    return DeliveryFactory.create_batch(number, **{"priority": Priority.ALERT, **error, **values})


def press(by: User, chosen: object = None, *, after: int = 0, accepts_repeats: bool = False) -> int:
    mails = Delivery.objects.all() if chosen is None else chosen
    return replay(chosen=mails, after=after, accepts_repeats=accepts_repeats, by=by, at=NOON + timedelta(hours=1))


def test_pressed_twice_it_sends_once_and_a_new_failure_can_be_sent_again(
    server: ScriptedServer, secretariat: User
) -> None:
    given_up(3)

    assert [press(secretariat), press(secretariat)] == [3, 0]
    send(server, NOON + timedelta(hours=2))
    assert len(server.received) == 3
    assert press(secretariat) == 0  # they have gone

    # The form that was shown before the first press does not take what failed since.
    Delivery.objects.update(state="failed", due_at=None)
    assert press(secretariat) == 0
    assert press(secretariat, after=newest_replay()) == 3
    assert [event.reason for event in AuditEvent.objects.filter(action="mail.replay")] == ["3 mails", "3 mails"]


@pytest.mark.django_db(transaction=True)
def test_two_people_press_at_once_and_each_mail_is_queued_once(secretariat: User) -> None:
    given_up(50)
    barrier, numbers = threading.Barrier(2), []

    def run() -> None:
        barrier.wait()
        numbers.append(press(secretariat))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(numbers) == 50
    assert sum(Replay.objects.values_list("mails", flat=True)) == 50


def test_uncertain_mails_need_a_word_and_keep_their_message_id(server: ScriptedServer, secretariat: User) -> None:
    (mail,) = given_up(state="uncertain", uncertain_tries=3, error="TimeoutError: timed out", closed_at=None)
    given_up()

    with pytest.raises(RepeatPossible):
        press(secretariat)
    assert press(secretariat, accepts_repeats=True) == 2
    send(server, NOON + timedelta(hours=2))

    assert mail.message_id_header in {one.message["Message-ID"] for one in server.received}


def test_what_is_suppressed_stays_so_until_the_address_is_right_and_cancelled_mails_stay_cancelled(
    server: ScriptedServer, secretariat: User
) -> None:
    given_up(state="cancelled", error="No longer published.")
    (mail,) = given_up(state="suppressed", error="The address bounces.")
    Suppression.objects.create(address=mail.address, reason="hard", since=NOON)

    assert press(secretariat) == 1
    send(server, NOON + timedelta(hours=2))
    mail.refresh_from_db()
    assert (mail.state, server.received) == ("suppressed", [])

    Suppression.objects.update(until=NOON)
    press(secretariat, after=newest_replay())
    send(server, NOON + timedelta(hours=2))
    assert len(server.received) == 1


def test_nobody_else_may() -> None:
    given_up()

    for role in (Role.ORGANISATION_ADMIN, Role.AUDITOR, Role.SYSTEM_ADMIN):
        with pytest.raises(PermissionDenied):
            press(person(role))


def test_the_page_sends_again_those_of_a_reason_after_asking(client: Client, secretariat: User) -> None:
    client.force_login(secretariat, backend="accounts.backends.SignInBackend")
    given_up(2)
    (uncertain,) = given_up(state="uncertain", error="TimeoutError: timed out", closed_at=None)
    (other,) = given_up(error="554 5.7.1 relay access denied")
    overview = client.get(reverse("mail")).content.decode()
    assert "550 5.1.1" in overview
    assert "one@x.example" not in overview

    asked = client.get(reverse("mail_replay"), {"state": "failed", "reason": "550 5.1.1"})
    assert "Send 2 emails again?" in asked.content.decode()
    form = {"state": "failed", "reason": "550 5.1.1", "after": asked.context["after"]}
    for _ in range(2):
        client.post(reverse("mail_replay"), form)
    assert set(Delivery.objects.filter(state="pending").values_list("error", flat=True)) == {""}
    assert Delivery.objects.filter(state="pending").count() == 2

    ticked = {"mail": [uncertain.pk, other.pk], "after": newest_replay()}
    refused = client.post(reverse("mail_replay"), ticked)
    assert refused.status_code == 422
    assert "may have arrived" in refused.content.decode()
    client.post(reverse("mail_replay"), ticked | {"accepts_repeats": "on"})
    assert Delivery.objects.filter(state="pending").count() == 4
