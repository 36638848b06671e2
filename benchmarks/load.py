"""How the portal stands load, overload and a long time.

    dev.py bench load [--size 100000] [--accounts 20000] [--keep FOLDER] [--quick] [--soak MINUTES | --costs VIEWS]

Two web processes as in production answer a mix of pages and API to people with sessions of their own: 20 views a
second for two minutes; then as much as can be answered, five times that, and how soon it is well again.  --soak: a
gentle rate for so long instead, with worker and beat, to see what the memory of each process does.  --costs: so many
views of each sort instead, without a server, and how long Python and the database compute for one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from benchmarks._costs import costs
from benchmarks._database import portal_database
from benchmarks._visitors import Answers, View, at_a_rate, one_after_the_other, until_well, views
from devstack.redis_server import RedisServer
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

VIEWS_PER_SECOND = 20
OVERLOAD = 5
WARM_SECONDS = 20
SOAK_PER_SECOND = 2
#: Before that every process still loads what it needs for the first time.
SOAK_SETTLES = 0.2
SIGNED_IN = 300


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=100_000, help="publications")
    options.add_argument("--accounts", type=int, default=20_000)
    options.add_argument("--seconds", type=int, default=120)
    options.add_argument("--keep", type=Path, help="keep the database in this folder")
    options.add_argument("--quick", action="store_true", help="1,000 publications, 200 accounts, 15 seconds")
    options.add_argument("--soak", type=float, metavar="MINUTES")
    options.add_argument("--costs", type=int, metavar="VIEWS")
    chosen = options.parse_args()
    size, accounts, seconds = (1_000, 200, 15) if chosen.quick else (chosen.size, chosen.accounts, chosen.seconds)
    with portal_database(chosen.keep):
        from benchmarks.search import load

        load(size)
        make_accounts(accounts)
        each = visitors(size)
        figures: dict[str, float] = {"publications": size, "accounts": accounts}
        if chosen.soak:
            figures |= soak(each, minutes=chosen.soak)
        elif chosen.costs:
            figures |= costs(each, chosen.costs)
        else:
            with web_server() as (port, _):
                figures |= asyncio.run(under_load(port, each, seconds))
    print(json.dumps(figures))


async def under_load(port: int, each: Iterator[View], seconds: int) -> dict[str, float]:
    await one_after_the_other(port, each, at_once=4, seconds=WARM_SECONDS)
    steady = await at_a_rate(port, each, per_second=VIEWS_PER_SECOND, seconds=seconds)
    say(f"{VIEWS_PER_SECOND} views a second", steady)
    most = await one_after_the_other(port, each, at_once=16, seconds=15)
    capacity = sum(status < 500 for status in most.statuses().elements()) / 15
    say(f"as many as can be: {capacity:.1f} a second", most)
    much = await at_a_rate(port, each, per_second=OVERLOAD * capacity, seconds=20)
    well_after = await until_well(port, each)
    say(f"{OVERLOAD * capacity:.0f} views a second", much)
    print(f"well again after {well_after} s")
    refused = much.statuses()[503] + much.statuses()[429]
    return {
        "views_per_second": VIEWS_PER_SECOND,
        "p50_ms": steady.p(0.5),
        "p95_ms": steady.p(0.95),
        "p99_ms": steady.p(0.99),
        "errors": wrong(steady),
        "capacity_per_second": round(capacity, 1),
        "overload_p95_ms": much.p(0.95),
        "overload_errors": wrong(much) - refused,
        "overload_refused_share": round(refused / len(much.seconds), 2),
        "well_again_seconds": well_after,
    }


def wrong(answers: Answers) -> int:
    """Count answers that should not be: 404 is the answer to lessons that somebody may not read."""
    return sum(status not in (200, 404) for status in answers.statuses().elements())


def say(what: str, answers: Answers) -> None:
    p50, p95, p99 = (answers.p(share) for share in (0.5, 0.95, 0.99))
    print(f"{what}: p50 {p50} ms, p95 {p95} ms, p99 {p99} ms, {dict(answers.statuses())}")
    for sort in sorted({sort for sort, _, _ in answers.seconds}):
        print(f"    {sort:14} p50 {answers.p(0.5, sort):7} ms   p95 {answers.p(0.95, sort):7} ms")


def soak(each: Iterator[View], *, minutes: float) -> dict[str, float]:
    """Return how much the memory of each process grew, once it had settled."""
    with tempfile.TemporaryDirectory(prefix="jol-soak-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        os.environ["REDIS_URL"] = redis.url
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "jol"]
        worker = subprocess.Popen([*celery, "worker", "-c", "2", "-l", "ERROR", "--without-gossip", "--without-mingle"])
        beat = subprocess.Popen([*celery, "beat", "-l", "ERROR", "--pidfile", "", "-s", f"{folder}/beat"])
        try:
            with web_server() as (port, web):
                asyncio.run(at_a_rate(port, each, per_second=SOAK_PER_SECOND, seconds=minutes * 60 * SOAK_SETTLES))
                processes = {"web": web, "worker": worker.pid, "beat": beat.pid}
                pids = {
                    f"{name}_{n}": pid for name, of in processes.items() for n, pid in enumerate([of, *children(of)])
                }
                before = {name: resident_mb(pid) for name, pid in pids.items()}
                rest = minutes * 60 * (1 - SOAK_SETTLES)
                answers = asyncio.run(at_a_rate(port, each, per_second=SOAK_PER_SECOND, seconds=rest))
                after = {name: resident_mb(pid) for name, pid in pids.items()}
        finally:
            for process in (beat, worker):
                process.terminate()
                process.wait(60)
            redis.stop()
    say(f"{minutes} minutes", answers)
    grown = {name: round((after[name] / before[name] - 1) * 100, 1) for name in pids}
    for name in pids:
        print(f"    {name:10} {before[name]:7.1f} MB, then {after[name]:7.1f} MB: {grown[name]:+.1f} %")
    return {f"{name}_grew_percent": percent for name, percent in grown.items()} | {
        "p95_ms": answers.p(0.95),
        "errors": wrong(answers),
        "grew_most_percent": max(grown.values()),
    }


@contextmanager
def web_server() -> Iterator[tuple[int, int]]:
    """Start gunicorn as in production; yield its port and its process."""
    port = find_free_port()
    command = [sys.executable, "-m", "gunicorn", "jol.wsgi", "-c", "python:jol.serving", "-b", f"{LOOPBACK}:{port}"]
    environment = os.environ | {
        "API_REQUESTS_PER_MINUTE": "1000000",
        "ALLOWED_HOSTS": LOOPBACK,
        "MFA_REQUIRED": "0",  # who looks at the queue has signed in with a session alone
        "LOG_LEVEL": "ERROR",
    }
    server = subprocess.Popen([*command, "--log-level", "error"], env=environment)
    try:
        wait_for_port(port, give_up=lambda: server.poll() is not None)
        while len(children(server.pid)) < 2:
            assert server.poll() is None, "the web server ended"
            time.sleep(0.1)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(60)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def make_accounts(number: int) -> None:
    from django.db import connection

    from accounts.models import Membership, Organisation, User

    if User.objects.count() >= number:
        return
    made = User.objects.bulk_create(
        (User(email=f"reader{n}@responder.example", name=f"Reader {n}") for n in range(number)),
        batch_size=2000,
    )
    organisation = Organisation.objects.get(code="benchmark-frs")
    rows = (
        Membership(user=user, organisation=organisation, role="reader", starts_on=date(2020, 1, 1)) for user in made
    )
    Membership.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # PostgreSQL would do so by itself a minute later


def visitors(size: int) -> Iterator[View]:
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from accounts.models import ApiToken, Membership, Organisation, TokenScope, User
    from accounts.tokens import create_token
    from benchmarks._questions import draw_words

    def cookie(user: User) -> str:
        browser = Client(REMOTE_ADDR=LOOPBACK)
        browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"

    people = User.objects.filter(email__startswith="reader").order_by("pk")
    staff, made = User.objects.get_or_create(email="secretariat@responder.example", defaults={"name": "Secretariat"})
    if made:
        organisation = Organisation.objects.get(code="benchmark-frs")
        Membership.objects.create(user=staff, organisation=organisation, role="secretariat", starts_on=date(2020, 1, 1))
    ApiToken.objects.filter(user=staff).delete()  # a kept database has those of earlier runs
    token = create_token(user=staff, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())[1]
    words = [word for some in draw_words(60).values() for word in some]
    return views([cookie(user) for user in people[:SIGNED_IN]], [cookie(staff)], token, words, size)


if __name__ == "__main__":
    main()
