"""Whether mail for very many holds nobody up: publishing, finding out who hears of it, digests, and others meanwhile.

    dev.py bench fan_out [--readers 80000] [--most 800000] [--blast 20000] [--digests 60000] [--quick]

1. Publishing a lesson with 80 subscribers and with 80,000: the request writes the news, a worker does the rest.
2. Finding out who hears of it: 80,000 rows, then 800,000, and what memory that takes.
3. While a blast of 20,000 is sent, at the throttle that the portal comes with: how long a password-reset mail takes to
   arrive, and how long pages take, beside a quiet moment.
4. A run of 60,000 digests that is killed half-way and goes on; the same for the digest of a quarter.

PostgreSQL writes to disk what it says it has written; worker, beat and web server are the real ones.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from benchmarks._database import portal_database
from benchmarks._sink import sink
from devstack.redis_server import RedisServer
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

FEW = 80
PUBLICATIONS = 15
PAGES = 60
RESETS = 20
#: Between two requests for a password-reset mail: so that they meet the blast at different moments.
RESET_SECONDS = 1.3
CELERY = [sys.executable, "-m", "celery", "-A", "jol"]
GIVE_UP_SECONDS = 600


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--readers", type=int, default=80_000)
    options.add_argument("--most", type=int, default=800_000)
    options.add_argument("--blast", type=int, default=20_000)
    options.add_argument("--digests", type=int, default=60_000)
    options.add_argument("--quick", action="store_true", help="a tenth of each")
    options.add_argument("--part", choices=PARTS, help="this alone")
    chosen = options.parse_args()
    if chosen.part:
        with portal_database(durable=True):
            figures = PARTS[chosen.part](chosen, 10 if chosen.quick else 1)
        figures["load"] = round(os.getloadavg()[0], 1)
        for name, figure in figures.items():
            print(f"{name:28} {figure}", flush=True)
    else:
        figures = {name: figure for part in PARTS for name, figure in in_a_process_of_its_own(part).items()}
    print(json.dumps(figures))


def in_a_process_of_its_own(part: str) -> dict[str, float]:
    """Measure one part on a database of its own."""
    command = [sys.executable, "-m", "benchmarks.fan_out", *sys.argv[1:], "--part", part]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    print("\n".join(lines[:-1]), flush=True)
    found: dict[str, float] = json.loads(lines[-1])
    return found


# -- publishing and finding out who hears of it ------------------------------------------------------
def measure_news(chosen: argparse.Namespace, share: int) -> dict[str, float]:
    readers, most = chosen.readers // share, chosen.most // share
    return measure_publishing(readers) | measure_fan_out(readers, most)


def measure_publishing(readers: int) -> dict[str, float]:
    from benchmarks._news import subscribe

    subscribe(FEW, prefix="few")
    few = publishing_ms()
    subscribe(readers - FEW)
    many = publishing_ms()
    return {"publish_few_ms": few, "publish_many_ms": many, "publish_ratio": round(many / few, 2)}


def publishing_ms() -> float:
    from benchmarks._news import lesson_in_review, publish

    lessons = [lesson_in_review() for _ in range(PUBLICATIONS)]
    times = []
    for lesson in lessons:
        began = time.perf_counter()
        publish(lesson)
        times.append((time.perf_counter() - began) * 1000)
    return round(median(times), 1)


def measure_fan_out(readers: int, most: int) -> dict[str, float]:
    from benchmarks._news import subscribe

    fan_out_seconds()  # the plans are made, the files of the tables are there
    some = fan_out_seconds()
    before = resident_mb()
    subscribe(most - readers, prefix="more")
    many = fan_out_seconds()
    return {
        f"fan_out_{readers}_seconds": round(some, 1),
        f"fan_out_{most}_seconds": round(many, 1),
        "fan_out_linear_ratio": round(many / some / (most / readers), 2),
        "fan_out_memory_growth_mb": round(resident_mb() - before, 1),
    }


def fan_out_seconds() -> float:
    """Publish, and find out who hears of it as the relay does, without sending anything."""
    from benchmarks._news import lesson_in_review, publish
    from notifications.models import Announcement, Delivery
    from notifications.tasks import fan_out

    Announcement.objects.filter(fanned_out_at=None, ended_at=None).update(ended_at="2020-01-01T00:00Z")
    publish(lesson_in_review())
    news = Announcement.objects.filter(fanned_out_at=None, ended_at=None)
    began = time.perf_counter()
    while news.exists():
        fan_out()
    took = time.perf_counter() - began
    newest = Announcement.objects.latest("pk")
    told, asked = Delivery.objects.filter(announcement=newest).count(), subscribers()
    assert told == asked, f"{told} of {asked} are told"
    return took


def subscribers() -> int:
    from notifications.models import Subscription

    return Subscription.objects.count()


def resident_mb() -> float:
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


# -- while a blast is sent -----------------------------------------------------------------------------
def measure_blast(chosen: argparse.Namespace, share: int) -> dict[str, float]:
    from benchmarks._news import lesson_in_review, publish, subscribe
    from benchmarks._reader import a_reader
    from notifications.models import Delivery

    blast = chosen.blast // share
    subscribe(blast)
    lesson = lesson_in_review()
    with (
        tempfile.TemporaryDirectory(prefix="jol-blast-") as name,
        servers(folder := Path(name)),
        running(folder) as port,
    ):
        look = Reader(port, a_reader())
        look.times(PAGES)  # processes and caches are cold
        quiet = look.times(PAGES)
        publish(lesson)
        wait(lambda: Delivery.objects.filter(kind="new_lesson", state="sent").count() > 50)
        busy, resets = [], []
        for number in range(RESETS):
            resets.append(ask_for_reset(number))
            end = time.monotonic() + RESET_SECONDS
            while time.monotonic() < end:
                busy += look.times(1)
        left = Delivery.objects.filter(kind="new_lesson", state="pending").count()
        arrivals = arrived(resets)
    quiet_ms, busy_ms = p95(quiet) * 1000, p95(busy) * 1000
    return {
        "blast": blast,
        "blast_left_at_the_end": left,
        "reset_median_seconds": round(median(arrivals), 2),
        "reset_p95_seconds": round(p95(arrivals), 2),
        "pages_quiet_p95_ms": round(quiet_ms, 1),
        "pages_blast_p95_ms": round(busy_ms, 1),
        "pages_p95_ratio": round(busy_ms / quiet_ms, 2),
    }


@contextmanager
def servers(folder: Path) -> Iterator[None]:
    """Run Redis and a mail server that costs next to nothing, if there is one: what is measured is the portal."""
    redis = RedisServer(folder / "redis")
    with sink() as (_, port):
        redis.start()
        os.environ |= {"REDIS_URL": redis.url, "EMAIL_URL": f"smtp://{LOOPBACK}:{port}"}
        os.environ |= {"ALLOWED_HOSTS": LOOPBACK, "MFA_REQUIRED": "0"}
        try:
            yield
        finally:
            redis.stop()


class Reader:
    """Somebody who reads the list of lessons, one page after the other."""

    def __init__(self, port: int, user) -> None:
        import requests
        from django.conf import settings
        from django.test import Client

        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self.browser = requests.Session()
        self.browser.cookies.set(name, client.cookies[name].value)
        self.url = f"http://{LOOPBACK}:{port}/lessons/"

    def times(self, number: int) -> list[float]:
        answers = [self.browser.get(self.url, timeout=60, allow_redirects=False) for _ in range(number)]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.elapsed.total_seconds() for answer in answers]


def ask_for_reset(number: int) -> tuple[int, float]:
    """Ask as somebody does who forgot their password; return the mail's key and when it was asked for."""
    from django.test import Client

    from notifications.models import Delivery

    address = f"subscriber-{number}@responder.example"
    asked = time.time()
    Client(REMOTE_ADDR=f"10.0.0.{number}").post("/accounts/password/reset/", {"email": address}, HTTP_HOST=LOOPBACK)
    return Delivery.objects.get(address=address, kind="transactional").pk, asked


def arrived(resets: list[tuple[int, float]]) -> list[float]:
    """Return how long each took until it was noted as sent, which is a little after it has arrived."""
    from notifications.models import Delivery

    mails = Delivery.objects.filter(pk__in=[key for key, _ in resets])
    wait(lambda: mails.filter(state="sent").count() == len(resets))
    at = {key: closed_at.timestamp() for key, closed_at in mails.values_list("pk", "closed_at") if closed_at}
    return [at[key] - asked for key, asked in resets]


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """Run worker, beat and web server; yield the port of the last."""
    port = find_free_port()
    commands = [
        [*CELERY, "worker", "-c", "2", "-l", "error", "--without-gossip", "--without-mingle"],
        [*CELERY, "beat", "-l", "error", "--pidfile", "", "-s", str(folder / "beat")],
        [sys.executable, "-m", "gunicorn", "jol.wsgi", "-b", f"{LOOPBACK}:{port}", "-k", "gthread", "--threads", "4"],
    ]
    log = (folder / "processes.log").open("ab")
    processes = [subprocess.Popen(one, env=os.environ.copy(), stdout=log, stderr=log) for one in commands]
    try:
        wait_for_port(port, give_up=lambda: processes[-1].poll() is not None)
        yield port
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(60)
        log.close()


def wait(condition) -> None:
    end = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < end, "it does not get on"
        time.sleep(0.1)


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


# -- digests ---------------------------------------------------------------------------------------------
RUN = """
import django
django.setup()
from django.utils import timezone
from notifications.digests import begin_due_runs, run_batch
for run in begin_due_runs(at=timezone.now()):
    while run_batch(run=run, at=timezone.now()):
        pass
"""


def measure_digests(chosen: argparse.Namespace, share: int) -> dict[str, float]:
    return measure_run(chosen.digests // share, "daily", "digests")


def measure_quarterly(chosen: argparse.Namespace, share: int) -> dict[str, float]:
    """With something that the Secretariat chose for everybody, beside what each of them waits for."""
    return measure_run(chosen.digests // share, "quarterly", "quarterly")


def measure_run(number: int, frequency: str, name: str) -> dict[str, float]:
    from datetime import timedelta

    from django.db.models import Count
    from django.utils import timezone

    from benchmarks._news import lesson_in_review, publish, subscribe
    from notifications.models import Announcement, Delivery, Frequency, Notice, QuarterDigest
    from notifications.periods import last_period
    from notifications.tasks import fan_out

    period = last_period(Frequency(frequency), timezone.now())
    subscribe(number, frequency=frequency)
    lessons = [lesson_in_review() for _ in range(2)]
    for lesson in lessons:
        publish(lesson)
    Announcement.objects.update(at=period.end - timedelta(hours=1))
    if frequency == "quarterly":
        QuarterDigest.objects.create(
            period_start=period.start, period_end=period.end, made_at=period.end, made=[one.pk for one in lessons]
        )
    while Announcement.objects.filter(fanned_out_at=None).exists():
        fan_out()
    digests = Delivery.objects.filter(kind="digest")

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", RUN], env=os.environ.copy())

    first = begin()
    wait(lambda: digests.count() >= number / 2 or first.poll() is not None)
    first.kill()
    first.wait()
    half = digests.count()
    began = time.perf_counter()
    assert begin().wait() == 0
    took = time.perf_counter() - began
    twice = digests.values("address").annotate(times=Count("pk")).filter(times__gt=1).count()
    waiting = Notice.objects.filter(frequency=frequency, delivery=None).count()
    assert digests.values("address").distinct().count() == number
    return {
        name: number,
        f"{name}_when_killed": half,
        f"{name}_repeated": twice,
        f"{name}_items_left": waiting,
        f"{name}_second_half_seconds": round(took, 1),
    }


PARTS = {"news": measure_news, "blast": measure_blast, "digests": measure_digests, "quarterly": measure_quarterly}

if __name__ == "__main__":
    main()
