"""Faults one after the other, drawn at random, while lessons are published and suspended and people sign in.

It goes on for five minutes, or FAULT_SECONDS.  The seed is printed, and FAULT_SEED sets it: the same seed draws the
same faults in the same order, though the machine decides in the middle of what each of them strikes.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone
from redis import Redis

from lessons.models import Lesson, Marking
from notifications.models import Delivery
from tests.factories import DeliveryFactory
from tests.faults.harness import Harness
from tests.faults.oracles import assert_sound
from tests.faults.world import HARMLESS, World

pytestmark = pytest.mark.fault

SECONDS = float(os.environ.get("FAULT_SECONDS", "300"))
READERS = 60
SENDERS = 2


class Schedule:
    """Draws what happens next.  Each fault ends before the next begins; its traces do not."""

    def __init__(self, harness: Harness, world: World, chance: random.Random) -> None:
        self.harness, self.world, self.chance = harness, world, chance
        self.lessons: list[Lesson] = []
        self.in_the_window = 0  # faults that can strike between the final dot and the note of it
        self.struck: Counter[str] = Counter()
        self.deck: list[Callable[[], None]] = []

    def faults(self) -> list[Callable[[], None]]:
        return [
            self.kill_child,
            self.kill_worker,
            self.restart_worker,
            self.kill_beat,
            self.wipe_redis,
            self.kill_redis,
            self.stall_redis,
            self.crash_database,
            self.end_sessions,
            self.cut_mail,
            self.cut_database,
            self.cut_redis,
            self.fail_power,
        ]

    def strike(self) -> None:
        """Make something to send, and break something while it is sent."""
        if self.chance.random() < 0.7:
            marking = self.chance.choice([Marking.OFFICIAL, Marking.SENSITIVE])
            self.lessons.append(self.world.publish(marking=marking))
        DeliveryFactory(due_at=timezone.now(), date=timezone.now())
        time.sleep(self.chance.uniform(0, 2))
        if not self.deck:  # each of them once before any of them again
            self.deck = self.faults()
            self.chance.shuffle(self.deck)
        fault = self.deck.pop()
        self.struck[fault.__name__] += 1
        print(f"{time.strftime('%X')} {fault.__name__}", flush=True)
        fault()
        if self.lessons and self.chance.random() < 0.3:
            self.world.suspend(self.lessons.pop(self.chance.randrange(len(self.lessons))))

    def kill_child(self) -> None:
        self.in_the_window += self.harness.kill_one_child()

    def kill_worker(self) -> None:
        self.in_the_window += SENDERS
        self.harness.kill("worker")
        self.harness.start_worker()

    def restart_worker(self) -> None:
        self.harness.stop_worker_politely()
        self.harness.start_worker()

    def kill_beat(self) -> None:
        self.harness.kill("beat")
        self.harness.start_beat()

    def wipe_redis(self) -> None:
        Redis(unix_socket_path=str(self.harness.redis.socket)).flushall()

    def kill_redis(self) -> None:
        self.harness.redis.kill()
        time.sleep(self.chance.uniform(0, 2))
        self.harness.redis.start()

    def stall_redis(self) -> None:
        self.harness.redis.server.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0, 4))
        self.harness.redis.server.send_signal(signal.SIGCONT)

    def crash_database(self) -> None:
        self.in_the_window += SENDERS
        connection.close()
        self.harness.cluster.stop(immediate=True)
        time.sleep(self.chance.uniform(0, 3))
        self.harness.cluster.start()

    def end_sessions(self) -> None:
        self.in_the_window += SENDERS
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def cut_mail(self) -> None:
        self.in_the_window += SENDERS * self._disturb("mail")

    def cut_database(self) -> None:
        self.in_the_window += SENDERS * self._disturb("postgres")

    def cut_redis(self) -> None:
        self._disturb("redis")

    def _disturb(self, name: str) -> int:
        """Disturb a wire for a while; return how often a sender may have been cut off meanwhile."""
        wire = self.harness.proxies[name]
        wire.mode = self.chance.choice(["down", "reset", "blackhole", "latency", "slice", "cut"])
        print(f"         {name}: {wire.mode}", flush=True)
        seconds = self.chance.uniform(0.5, 4)
        time.sleep(seconds)
        wire.mode = "ok"
        return 1 + int(seconds)  # the lane of a sender that was cut off rests for a second

    def fail_power(self) -> None:
        self.in_the_window += SENDERS
        harness = self.harness
        harness.kill("worker", "beat")
        harness.redis.kill()
        harness.kill_database()
        harness.sink.kill()
        harness.cluster.start()
        harness.start()


def test_whatever_strikes_in_whatever_order_nothing_is_lost(harness: Harness, world: World) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.randrange(10**6)))
    print(f"FAULT_SEED={seed} FAULT_SECONDS={SECONDS:.0f}", flush=True)
    for name in ("redis", "postgres", "mail"):
        harness.wire(name)
    world.subscribe(READERS)
    harness.start()
    schedule = Schedule(harness, world, random.Random(seed))
    schedule.lessons.append(world.publish(marking=Marking.OFFICIAL))

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        schedule.strike()
    returned = time.monotonic()
    harness.settle()
    recovered = time.monotonic() - returned
    for _ in range(5):  # what was cut off waits for a minute or ten, and goes then
        if not harness.let_time_pass():
            break
        harness.settle()

    print(f"{dict(schedule.struck)}; nothing was due any more {recovered:.1f} s after the last; {harness.states()}")
    assert_sound(harness, world, repeats=schedule.in_the_window)
    assert not Delivery.objects.filter(state__in=["failed", "deferred", "pending"]).exists()
    harmless = [mail for mail in harness.taken() if HARMLESS.encode() in mail.content]
    assert harmless, "the canary of the other lessons is in no mail: that question would never fail"
