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

from accounts.roles import Role
from devstack.postgres import find_binaries
from notifications.models import Delivery
from tests.factories import DeliveryFactory, person
from tests.faults.harness import GIVE_UP_SECONDS, PER_SECOND, AppendingRedis, Harness
from tests.faults.oracles import assert_sound
from tests.faults.test_wire_faults import look
from tests.faults.world import World
from tests.portal import ROOT, wait_until

pytestmark = pytest.mark.fault

READERS = 200
Recover = Callable[[int], None]


def half_way(harness: Harness, world: World) -> None:
    world.subscribe(READERS)
    harness.start()
    world.publish()
    harness.wait_for(60)


def assert_all_arrived(harness: Harness, world: World, *, repeats: int) -> None:
    assert_sound(harness, world, repeats=repeats)
    assert harness.states() == {"sent": READERS}
    assert max(harness.arrived().values()) <= 2


def test_without_a_fault_each_mail_arrives_once(harness: Harness, world: World) -> None:
    half_way(harness, world)

    harness.wait_for(READERS)

    assert_all_arrived(harness, world, repeats=0)


# -- the worker ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("gap_seconds", [0, 60])
def test_the_worker_is_killed_and_started_again(
    harness: Harness, world: World, recover: Recover, gap_seconds: float
) -> None:
    half_way(harness, world)

    harness.kill("worker")
    assert len(harness.arrived()) < READERS
    time.sleep(gap_seconds)
    harness.start_worker()

    recover(READERS)
    assert_all_arrived(harness, world, repeats=2)  # two senders died


def test_its_children_are_killed_again_and_again(harness: Harness, world: World, recover: Recover) -> None:
    half_way(harness, world)
    killed = 0
    for _ in range(8):
        killed += harness.kill_one_child()
        time.sleep(0.4)
    assert killed

    recover(READERS)

    assert_all_arrived(harness, world, repeats=killed)


@pytest.mark.parametrize(
    ("place", "repeats", "per_second"),
    [
        ("after_claim", 0, PER_SECOND),
        ("after_data", 1, PER_SECOND),
        ("after_data", 1, 0),  # no throttle: the sender has not heard that its note arrived
        ("in_settling", 1, PER_SECOND),
    ],
)
def test_a_child_dies_at_the_worst_moment(
    harness: Harness, world: World, recover: Recover, place: str, repeats: int, per_second: int
) -> None:
    struck = harness.fail_at(place)
    harness.environment["MAIL_PER_SECOND"] = str(per_second)
    world.subscribe(READERS)
    harness.start()
    world.publish()
    wait_until(struck.exists, seconds=GIVE_UP_SECONDS, what=f"the end at {place}")

    recover(READERS)

    assert_all_arrived(harness, world, repeats=repeats)
    if place == "after_data":  # it was taken, and nobody could know
        assert harness.arrived().total() == READERS + 1


def test_a_mail_that_kills_whoever_sends_it_is_given_up_and_the_others_go(harness: Harness, world: World) -> None:
    struck = harness.fail_at("poison")
    world.subscribe(60)
    world.subscribe(1, addresses="poison-")
    harness.start()
    world.publish()

    wait_until(lambda: harness.states()["failed"] == 1, seconds=GIVE_UP_SECONDS, what="the end of the poisonous mail")

    harness.wait_for(60)
    assert_sound(harness, world, repeats=0)
    assert len(struck.read_bytes()) == 5
    assert harness.states() == {"sent": 60, "failed": 1}


@pytest.mark.parametrize("place", ["hang", "hang_for_good"])
def test_a_task_that_hangs_is_ended_and_its_mail_goes_later(harness: Harness, world: World, place: str) -> None:
    struck = harness.fail_at(place)
    harness.environment["TASK_SECONDS"] = "6 8"
    world.subscribe(1, addresses="hangs-")
    world.subscribe(60)
    harness.start()
    world.publish()
    wait_until(struck.exists, seconds=GIVE_UP_SECONDS, what="the task that hangs")

    sign_in = DeliveryFactory(due_at=timezone.now(), date=timezone.now(), address="locked-out@responder.example")
    took = wait_until(
        lambda: sign_in.message_id_header in harness.arrived(), seconds=GIVE_UP_SECONDS, what="the sign-in mail"
    )
    assert took < 10
    if place == "hang":  # the task was told, and noted what became of the mail
        put_off = Delivery.objects.filter(address__startswith="hangs-", state="deferred")
        wait_until(put_off.exists, seconds=GIVE_UP_SECONDS, what="the mail put off")
        harness.let_time_pass()

    harness.wait_for(62)
    assert_sound(harness, world, repeats=0)
    assert harness.states() == {"sent": 62}
    assert ("Hard time limit" in harness.logs()) == (place == "hang_for_good")


def test_a_new_release_loses_and_repeats_nothing(harness: Harness, world: World, recover: Recover) -> None:
    half_way(harness, world)

    assert harness.stop_worker_politely() <= 35
    harness.start_worker()

    recover(READERS)
    assert_all_arrived(harness, world, repeats=0)


# -- its servers --------------------------------------------------------------------------------------
def test_redis_is_wiped(harness: Harness, world: World, recover: Recover) -> None:
    half_way(harness, world)

    Redis(unix_socket_path=str(harness.redis.socket)).flushall()

    recover(READERS)
    assert_all_arrived(harness, world, repeats=0)


@pytest.mark.parametrize("keeps", [False, True], ids=["forgetful", "with its append-only file"])
def test_redis_is_killed_and_started_again(harness: Harness, world: World, recover: Recover, keeps: bool) -> None:
    if keeps:
        harness.redis = AppendingRedis(harness.redis.folder)
    half_way(harness, world)

    harness.redis.kill()
    time.sleep(1)
    harness.redis.start()

    recover(READERS)
    assert_all_arrived(harness, world, repeats=0)


@pytest.mark.parametrize("how", ["stopped", "paused"])
def test_redis_stalls(harness: Harness, world: World, recover: Recover, how: str) -> None:
    browser = harness.sign_in(person(Role.CONTRIBUTOR))
    harness.start_web()
    half_way(harness, world)

    if how == "stopped":
        harness.redis.server.send_signal(signal.SIGSTOP)
        time.sleep(4)
        pages = look(harness, browser, 3)
        time.sleep(4)
        harness.redis.server.send_signal(signal.SIGCONT)
    else:
        Redis(unix_socket_path=str(harness.redis.socket)).client_pause(5000)
        pages = look(harness, browser, 3)
    world.publish()

    recover(2 * READERS)
    assert_sound(harness, world, repeats=0)
    assert {status for status, _ in pages} == {200}


@pytest.mark.parametrize("away_seconds", [2, 30])
def test_postgresql_is_stopped_at_once_and_started_again(
    harness: Harness, world: World, recover: Recover, away_seconds: float
) -> None:
    half_way(harness, world)

    connection.close()
    harness.cluster.stop(immediate=True)
    assert len(harness.arrived()) < READERS
    time.sleep(away_seconds)
    harness.cluster.start()

    recover(READERS)
    assert_all_arrived(harness, world, repeats=2)
    assert not Delivery.objects.filter(attempts__gt=2).exists()


def test_the_mail_server_is_killed_and_started_again(harness: Harness, world: World) -> None:
    half_way(harness, world)

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
    assert_sound(harness, world, repeats=0)
    harness.let_time_pass()
    harness.wait_for(READERS)
    assert_all_arrived(harness, world, repeats=2)


def test_the_power_fails(harness: Harness, world: World, recover: Recover) -> None:
    half_way(harness, world)

    harness.kill("worker", "beat")
    harness.redis.kill()
    harness.kill_database()
    harness.sink.kill()
    assert len(harness.arrived()) < READERS
    harness.cluster.start()
    harness.start()

    recover(READERS)
    assert_all_arrived(harness, world, repeats=2)
    check = [str(find_binaries() / "pg_amcheck"), "-h", str(harness.cluster.socket_folder), "-U", "portal"]
    if (find_binaries() / "pg_amcheck").exists():  # Debian's package of the server holds it; it needs an extension
        found = subprocess.run([*check, "--install-missing", "postgres"], capture_output=True, text=True)
        assert "not available" in found.stderr or found.returncode == 0, found.stdout


# -- what people do meanwhile -------------------------------------------------------------------------
def test_a_suspension_half_way_stops_the_rest_and_tells_those_who_got_it(harness: Harness, world: World) -> None:
    world.subscribe(READERS)
    harness.start()
    lesson = world.publish()
    harness.wait_for(80)

    world.suspend(lesson)
    got_it = len(harness.arrived())

    assert got_it < READERS
    harness.wait_for(2 * got_it, what="as many retractions")
    assert_sound(harness, world, repeats=0)
    assert Delivery.objects.filter(kind="new_lesson", state="sent").count() == got_it
    assert Delivery.objects.filter(kind="stop_using", state="sent").count() == got_it


def test_a_sign_in_mail_does_not_wait_for_a_blast(harness: Harness, world: World) -> None:
    world.subscribe(600)
    harness.start()
    world.publish()
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


def test_the_fan_out_is_killed_in_its_third_batch_and_goes_on(harness: Harness, world: World) -> None:
    world.subscribe(READERS)
    world.publish()

    died = subprocess.run([sys.executable, "-c", DIES_IN_THE_THIRD_BATCH], cwd=ROOT, env=harness.environment)

    assert died.returncode == -signal.SIGKILL
    assert Delivery.objects.count() == 40
    harness.start()
    harness.wait_for(READERS)
    assert_all_arrived(harness, world, repeats=0)
