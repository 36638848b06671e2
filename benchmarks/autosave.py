"""How quickly drafts save themselves while 300 people write at once: gunicorn and PostgreSQL on this machine.

    dev.py bench autosave [--people 300] [--every 5] [--seconds 30] [--quick]

Each person types without a pause, so the page saves every 5 seconds, as static/js/autosave.js does.  They begin at
random moments of the first 5 seconds.  Afterwards all 300 save in the same instant, once: that figure is reported too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection
from statistics import median, quantiles
from threading import Barrier
from urllib.parse import urlencode

from benchmarks._database import portal_database
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

WORDS = (
    "The three control rooms each sent their crews to a rendezvous point of their own, and nobody had a talk group. "
)


@dataclass
class Writer:
    """Somebody with a draft open."""

    lesson: int
    key: str
    title: str
    cookie: str
    row_version: int = 0
    text: str = ""

    def save(self, port: int) -> tuple[float, int]:
        """Add a sentence and save; return how long the answer took, in milliseconds, and its status."""
        self.text += WORDS
        sent = {"draft_key": self.key, "row_version": self.row_version, "title": self.title, "what_happened": self.text}
        connection = HTTPConnection(LOOPBACK, port, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
        start = time.perf_counter()
        connection.request("POST", f"/submit/{self.lesson}/what-happened/autosave/", urlencode(sent), headers)
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - start) * 1000
        connection.close()
        if answer.status == 200:
            self.row_version = json.loads(body)["row_version"]
        return took, answer.status


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=300)
    options.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
    options.add_argument("--seconds", type=float, default=30.0, help="how long they write")
    options.add_argument("--quick", action="store_true", help="fifteen seconds")
    chosen = options.parse_args()
    seconds = 15.0 if chosen.quick else chosen.seconds
    with portal_database():
        writers = write_drafts(chosen.people)
        port = find_free_port()
        server = serve(port)
        try:
            wait_for_port(port, give_up=lambda: server.poll() is not None)
            figures = measure(writers, port, every=chosen.every, seconds=seconds)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)
    print(json.dumps(figures))


def write_drafts(people: int) -> list[Writer]:
    """Give each person an account of an organisation, a session and a draft."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from accounts.models import Membership, Organisation, ResponderType, User
    from lessons.actions.drafts import begin_draft
    from lessons.draft_keys import key_for

    kind, _ = ResponderType.objects.get_or_create(
        code="fire-and-rescue-service",
        defaults={"name": "Fire", "category": "1", "audience_category": "1", "sector": "fire"},
    )
    organisation = Organisation.objects.create(code="writers-frs", name="Writers", type=kind, nation="England")
    writers = []
    for number in range(people):
        user = User.objects.create(email=f"writer-{number}@responder.example", name=f"Writer {number}")
        Membership.objects.create(user=user, organisation=organisation, role="contributor", starts_on=date(2020, 1, 1))
        title = f"Draft number {number} of the benchmark"
        draft = begin_draft(
            by=user, at=timezone.now(), organisation=organisation, kind="lesson_identified", title=title, event=None
        )
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "accounts.backends.SignInBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        writers.append(
            Writer(draft.pk, key_for(draft, user), title, f"session={session.session_key}", draft.row_version)
        )
    return writers


def serve(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "jol.wsgi", "-b", f"{LOOPBACK}:{port}", "-k", "gthread"]
    return subprocess.Popen([*command, "-w", "2", "--threads", "4", "--log-level", "warning"], env=os.environ.copy())


def measure(writers: list[Writer], port: int, *, every: float, seconds: float) -> dict[str, float]:
    with ThreadPoolExecutor(len(writers)) as pool:
        end = time.monotonic() + seconds

        def write(writer: Writer) -> list[tuple[float, int]]:
            time.sleep(random.uniform(0, every))
            writer.save(port)  # not counted: processes and caches are cold
            answers = []
            while time.monotonic() + every < end:
                time.sleep(every)  # the page begins to wait when the answer is there
                answers.append(writer.save(port))
            return answers

        steady = _all(pool, write, writers)
        together = Barrier(len(writers))

        def at_once(writer: Writer) -> list[tuple[float, int]]:
            together.wait()
            return [writer.save(port)]

        burst = _all(pool, at_once, writers)
    figures = {
        "people": len(writers),
        "saves": len(steady),
        "refused": sum(status != 200 for _, status in [*steady, *burst]),
        "lost": _lost(writers),
        **_times("", steady),
        **_times("same_instant_", burst),
    }
    for name, figure in figures.items():
        print(f"{name:24} {figure}")
    return figures


def _all(
    pool: ThreadPoolExecutor, one: Callable[[Writer], list[tuple[float, int]]], writers: list[Writer]
) -> list[tuple[float, int]]:
    return [answer for answers in pool.map(one, writers) for answer in answers]


def _times(prefix: str, answers: list[tuple[float, int]]) -> dict[str, float]:
    times = [took for took, _ in answers]
    return {f"{prefix}median_ms": round(median(times), 1), f"{prefix}p95_ms": round(quantiles(times, n=20)[-1], 1)}


def _lost(writers: list[Writer]) -> int:
    """Return how many drafts do not hold what their writer sent last."""
    from lessons.models import Lesson

    stored = dict(Lesson.objects.values_list("pk", "what_happened"))
    return sum(stored[writer.lesson] != writer.text.strip() for writer in writers)


if __name__ == "__main__":
    main()
