"""How fast mails leave: our relay and sender with all guarantees on, beside other ways, to the same mail server.

    dev.py bench mail [--mails 20000] [--rounds 3] [--quick]

Ours: a lesson is published to so many subscribers; a real Celery worker with one process, then with two, finds out who
hears of it and sends, on a PostgreSQL that writes to disk what it says it has written.  Queued to sent is counted, as
for django-post-office; finding out who hears of it is printed as well.  The mail server is `smtp-sink` of Debian's
postfix where it is installed, else one of our own; it is a process of its own.  All take turns, round after round; the
median of the rounds counts.  What binds is told by how busy each process was, and by what a second worker gains where
the mail server, not the machine, takes the time.
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
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from benchmarks._database import portal_database
from benchmarks._sink import sink
from devstack.redis_server import RedisServer
from devstack.waiting import LOOPBACK

#: The slow ones send fewer: their rate does not depend on it.
SHARE = {"bare": 1.0, "post_office": 0.1, "one_connection": 0.1, "send_mail_loop": 0.02}
CELERY = [sys.executable, "-m", "celery", "-A", "jol"]
QUIET = ["-l", "error"]
LOG = "processes.log"
GIVE_UP_SECONDS = 600
#: What a mail server takes over a mail when it looks at it: little, for one that does.
THOUGHT_SECONDS = 0.002


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mails", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--quick", action="store_true", help="2,000 mails, once")
    chosen = options.parse_args()
    mails, rounds = (2_000, 1) if chosen.quick else (chosen.mails, chosen.rounds)
    with (
        tempfile.TemporaryDirectory(prefix="jol-mail-") as folder,
        sink() as (name, port),
        portal_database(durable=True),
    ):
        figures = measure(Path(folder), port, mails, rounds)
    print(json.dumps({"sink": name} | figures))


def measure(folder: Path, port: int, mails: int, rounds: int) -> dict[str, float]:
    from benchmarks._news import subscribe

    subscribe(mails)
    (folder / "mail").write_bytes(one_of_our_mails())
    redis = RedisServer(folder / "redis")
    redis.start()
    os.environ |= {"REDIS_URL": redis.url, "EMAIL_URL": f"smtp://{LOOPBACK}:{port}", "MAIL_PER_SECOND": "0"}
    rates: dict[str, list[float]] = {}
    try:
        for number in range(rounds):
            for way, share in SHARE.items():
                count = max(int(mails * share), 100)
                rates.setdefault(way, []).append(count / peer(way, port, count, folder / "mail"))
            for workers in (1, 2):
                for what, figure in ours(folder, workers, mails).items():
                    rates.setdefault(f"{what}{workers}", []).append(figure)
            print(f"round {number + 1}: { ({name: round(found[-1], 2) for name, found in rates.items()}) }", flush=True)
        with sink(seconds=THOUGHT_SECONDS) as (_, port):
            os.environ["EMAIL_URL"] = f"smtp://{LOOPBACK}:{port}"
            one, two = (ours(folder, workers, mails)["sent_"] for workers in (1, 2))
    finally:
        redis.stop()
    rate = {name: median(found) for name, found in rates.items()}
    figures = {
        "mails": mails,
        "mails_per_second": round(rate["sent_1"]),
        "two_workers_per_second": round(rate["sent_2"]),
        "fanned_out_per_second": round(rate["fanned_out_1"]),
        "bare_limit_per_second": round(rate["bare"]),
        "post_office_per_second": round(rate["post_office"]),
        "one_connection_per_second": round(rate["one_connection"]),
        "send_mail_per_second": round(rate["send_mail_loop"]),
        "limit_ratio": round(rate["sent_1"] / rate["bare"], 3),
        "post_office_ratio": round(rate["sent_1"] / rate["post_office"], 2),
        "send_mail_ratio": round(rate["sent_1"] / rate["send_mail_loop"], 2),
        "two_workers_ratio": round(rate["sent_2"] / rate["sent_1"], 2),
        "two_workers_ratio_where_the_server_takes_2_ms": round(two / one, 2),
        "sender_busy": round(rate["sender_busy_1"], 2),
        "database_busy": round(rate["database_busy_1"], 2),
        "cores_busy_with_one": round(rate["machine_busy_1"], 2),
        "cores_busy_with_two": round(rate["machine_busy_2"], 2),
        "two_workers_ratio_if_no_core_ever_waited": round((os.cpu_count() or 0) / rate["machine_busy_1"], 2),
        "cores": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
    }
    for key, figure in figures.items():
        print(f"{key:28} {figure}")
    return figures


def one_of_our_mails() -> bytes:
    """Publish to the subscribers, take the first mail as it would go out, and forget the rest."""
    from django.utils import timezone

    from benchmarks._news import lesson_in_review, publish
    from notifications import rendering
    from notifications.fan_out import fan_out_batch
    from notifications.models import Announcement, Delivery
    from notifications.sending import checks

    publish(lesson_in_review())
    fan_out_batch(announcement=Announcement.objects.latest("pk"), at=timezone.now(), size=10)
    first = Delivery.objects.filter(kind="new_lesson").order_by("pk")[:1]
    rendering.load(first)
    content = rendering.content_of(first[0], checks.look(first)[first[0].pk])
    Announcement.objects.update(ended_at=timezone.now())
    Delivery.objects.all().delete()
    return content


def peer(way: str, port: int, number: int, content: Path) -> float:
    command = [sys.executable, "-m", "benchmarks._mail_peers", way, str(port), str(number), str(content)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def ours(folder: Path, workers: int, mails: int) -> dict[str, float]:
    """Publish, wait until all is sent, and return mails a second and how busy the processes were."""
    from django.db import connection

    from benchmarks._news import lesson_in_review, publish
    from notifications.models import Announcement, Delivery, Lane

    lesson = lesson_in_review()
    with worker(folder, workers) as pid:
        publish(lesson)
        news = Announcement.objects.latest("pk")
        to_readers = Delivery.objects.filter(announcement=news)
        wait(lambda: Announcement.objects.get(pk=news.pk).fanned_out_at is not None)
        news.refresh_from_db()
        fanned_out_at = news.fanned_out_at
        assert fanned_out_at
        before = busy_seconds(pid), database_seconds(), machine_seconds()
        unsent = to_readers.filter(state__in=["pending", "deferred", "uncertain", "sending"])  # as an index has it
        # To find none takes some milliseconds, which the senders need: it is looked for when nobody sends.
        # Nor is that asked often; when the last went the rows tell.
        wait(lambda: not Lane.objects.exclude(holder=None).exists() and not unsent.exists(), every=1)
        assert to_readers.filter(state="sent").count() == mails
        after = busy_seconds(pid), database_seconds(), machine_seconds()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), extract(epoch FROM max(closed_at) - %s) FROM notifications_delivery"
            " WHERE announcement_id = %s AND closed_at > %s",  # a second process sends while the first finds readers
            [fanned_out_at, news.pk, fanned_out_at],
        )
        sent, took = map(float, cursor.fetchone())
    return {
        "sent_": sent / took,
        "fanned_out_": mails / (fanned_out_at - news.at).total_seconds(),
        "sender_busy_": (after[0] - before[0]) / took,
        "database_busy_": (after[1] - before[1]) / took,
        "machine_busy_": (after[2] - before[2]) / took,
    }


@contextmanager
def worker(folder: Path, processes: int) -> Iterator[int]:
    """Run worker and beat, warm; yield the worker's number."""
    os.environ["MAIL_SENDERS"] = str(processes)
    commands = [
        [*CELERY, "worker", "-c", str(processes), *QUIET, "--without-gossip", "--without-mingle"],
        [*CELERY, "beat", *QUIET, "--pidfile", "", "-s", str(folder / "beat")],
    ]
    log = (folder / LOG).open("ab")
    running = [
        subprocess.Popen(command, env=os.environ.copy(), stdout=log, stderr=log, start_new_session=True)
        for command in commands
    ]
    try:
        warm_up()
        yield running[0].pid
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(60)
        log.close()


def warm_up() -> None:
    """Have one mail sent: then everything is loaded."""
    from notifications.backend import content_from
    from notifications.models import Delivery

    mail = Delivery.objects.create(
        address="warm@responder.example", kind="transactional", priority=0, body=content_from("Warm", "Warm.")
    )
    wait(lambda: Delivery.objects.filter(pk=mail.pk, state="sent").exists())


def wait(condition, *, every: float = 0.2) -> None:
    end = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < end, "the worker does not get on"
        time.sleep(every)


def busy_seconds(pid: int) -> float:
    """Return how long a process and its children have computed."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return sum(_computed(one) for one in [pid, *children])


def database_seconds() -> float:
    """Return how long all processes of the database have computed, those that have ended included."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    server = int(_stat(mine)[1])  # its parent
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    running = 0.0
    for child in children:
        with suppress(ProcessLookupError, FileNotFoundError):  # it has just ended
            running += _computed(int(child))
    return _computed(server, ended=True) + running


def machine_seconds() -> float:
    """Return how long all cores have computed, for whatever: the mail server and the system itself included."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _computed(pid: int, *, ended: bool = False) -> float:
    fields = _stat(pid)[11 : 15 if ended else 13]  # of itself in user and system mode; of children that have ended
    return sum(map(int, fields)) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return the facts about a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


if __name__ == "__main__":
    main()
