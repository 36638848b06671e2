"""Wires that are cut, go silent or crawl: between us and Redis, PostgreSQL and the mail server."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest
import requests

from accounts.roles import Role
from notifications.models import Delivery
from tests.factories import person
from tests.faults.harness import Harness
from tests.faults.oracles import assert_sound
from tests.faults.world import World

pytestmark = pytest.mark.fault

READERS = 120
Recover = Callable[[int], None]


@pytest.mark.parametrize("mode", ["reset", "cut", "slice", "latency", "blackhole"])
def test_the_wire_to_the_mail_server(harness: Harness, world: World, recover: Recover, mode: str) -> None:
    wire = harness.wire("mail")
    world.subscribe(READERS)
    harness.start()
    world.publish()
    harness.wait_for(30)

    wire.mode = mode
    time.sleep(4)
    wire.mode = "ok"

    harness.settle()  # the mails in hand when it was cut wait: a minute, or ten if they may have arrived
    late = harness.let_time_pass()
    recover(READERS)
    assert_sound(harness, world, repeats=late)
    assert harness.states() == {"sent": READERS}
    if mode in {"slice", "latency"}:
        assert late == 0


@pytest.mark.parametrize("mode", ["reset", "cut", "latency", "blackhole"])
def test_the_wire_to_postgresql(harness: Harness, world: World, recover: Recover, mode: str) -> None:
    wire = harness.wire("postgres")
    world.subscribe(READERS)
    harness.start()
    world.publish()
    harness.wait_for(30)

    wire.mode = mode
    time.sleep(4)
    wire.mode = "ok"

    recover(READERS)
    assert_sound(harness, world, repeats=2)
    assert harness.states() == {"sent": READERS}


def test_without_redis_pages_are_as_quick_and_mails_go_on_when_it_is_back(
    harness: Harness, world: World, recover: Recover
) -> None:
    wire = harness.wire("redis")
    world.subscribe(READERS)
    browser = harness.sign_in(person(Role.CONTRIBUTOR))
    harness.start()
    harness.start_web()
    look(harness, browser, 5)  # processes and caches are cold
    quiet = look(harness, browser, 10)
    world.publish()
    harness.wait_for(30)

    wire.mode = "blackhole"
    silent = look(harness, browser, 10)
    published = time.monotonic()
    world.publish()
    published = time.monotonic() - published
    time.sleep(5)
    wire.mode = "ok"

    recover(2 * READERS)
    assert_sound(harness, world, repeats=0)
    assert {status for status, _ in quiet + silent} == {200}
    assert median(took for _, took in silent) < 10 * median(took for _, took in quiet)  # promised: 1.5; noisy machines
    assert published < 15, "it waited for what does not answer"


def test_without_the_database_pages_say_so_and_all_goes_on_when_it_is_back(
    harness: Harness, world: World, recover: Recover
) -> None:
    world.subscribe(READERS)
    browser = harness.sign_in(person(Role.CONTRIBUTOR))
    harness.start()
    harness.start_web()
    look(harness, browser, 3)
    world.publish()
    harness.wait_for(30)

    harness.kill_database()
    away = look(harness, browser, 5)
    harness.cluster.start()

    recover(READERS)
    assert_sound(harness, world, repeats=2)
    assert {status for status, _ in away} == {503}
    assert max(took for _, took in away) < 5
    assert {status for status, _ in look(harness, browser, 3)} == {200}
    assert not Delivery.objects.filter(attempts__gt=2).exists()


def look(harness: Harness, browser: requests.Session, times: int) -> list[tuple[int, float]]:
    """Read the list of lessons; return status and seconds of each answer."""
    answers = [browser.get(harness.url("/lessons/"), timeout=30) for _ in range(times)]
    assert not any("Traceback" in answer.text for answer in answers)
    return [(answer.status_code, answer.elapsed.total_seconds()) for answer in answers]
