"""What readers and writers meet while the database, the clock or a web process fails, and after.

Redis: `test_wire_faults`.  The virus scanner, which no page asks: `tests/test_attachments.py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import requests
from django.db import connection

from accounts.models import AuditEvent, User
from accounts.roles import Role
from devstack.postgres import Cluster
from devstack.privileges import RunAs
from lessons.models import Lesson, LessonMove, Status
from tests.factories import LessonFactory, person
from tests.faults.harness import GIVE_UP_SECONDS, Harness
from tests.portal import wait_until

pytestmark = pytest.mark.fault

#: An answer is promised within five seconds, whatever is wrong.  Machines are noisy: a test fails at twice that, which
#: is still long before the fault is over.
ANSWER_SECONDS = 10
#: What is written there is refused by the system with "no space left on device".
FULL = Path("/dev/full")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Site:
    """Somebody who reads lessons and withdraws drafts of their own, over HTTP."""

    def __init__(self, harness: Harness, *, drafts: int, processes: int = 2) -> None:
        self.harness = harness
        self.author: User = person(Role.CONTRIBUTOR)
        self.drafts = [
            LessonFactory(status=Status.DRAFT, author=self.author, organisation=self.author.groups.get())
            for _ in range(drafts)
        ]
        harness.start_web(processes=processes)
        wait_until(lambda: len(harness.children("web")) == processes, seconds=GIVE_UP_SECONDS, what="web processes")
        self.sign_in()

    def sign_in(self) -> None:
        self.browser = self.harness.sign_in(self.author)
        token = TOKEN.search(self.get(self.withdrawal(self.drafts[-1])).text)
        assert token
        self.token = token[1]

    def get(self, path: str = "/lessons/") -> requests.Response:
        return self.browser.get(self.harness.url(path), timeout=60)

    def withdraw(self, lesson: Lesson) -> requests.Response:
        sent = {"csrfmiddlewaretoken": self.token, "note": "Written twice."}
        return self.browser.post(self.harness.url(self.withdrawal(lesson)), sent, timeout=60, allow_redirects=False)

    @staticmethod
    def withdrawal(lesson: Lesson) -> str:
        return f"/records/{lesson.pk}/withdraw/"

    def assert_nothing_is_half_stored(self) -> int:
        """Each draft is withdrawn with its move and its audit row, or has neither; return how many are."""
        connection.close()
        ids = [lesson.pk for lesson in self.drafts]
        withdrawn = set(Lesson.objects.filter(pk__in=ids, status=Status.WITHDRAWN).values_list("pk", flat=True))
        moves = LessonMove.objects.filter(lesson_id__in=ids, move="withdraw").values_list("lesson_id", flat=True)
        events = AuditEvent.objects.filter(action="lesson.withdraw", object_id__in=map(str, ids))
        assert sorted(moves) == sorted(withdrawn)
        assert sorted(int(one) for one in events.values_list("object_id", flat=True)) == sorted(withdrawn)
        return len(withdrawn)


def assert_sorry(answer: requests.Response) -> None:
    """It is the plain page, soon, and shows nothing of the inside."""
    assert answer.status_code == 503, answer.text[:300]
    assert answer.elapsed.total_seconds() < ANSWER_SECONDS
    assert "Sorry, the site is" in answer.text  # not available, or very busy
    assert answer.headers["Retry-After"]
    assert not re.search("Traceback|psycopg|OperationalError|SELECT", answer.text)


def health(harness: Harness) -> dict[str, int]:
    """Ask as an orchestrator does, without a session."""
    return {name: requests.get(harness.url(f"/health/{name}/"), timeout=60).status_code for name in ("live", "ready")}


def recovers(site: Site) -> None:
    wait_until(lambda: site.get().status_code == 200, seconds=100, what="pages after the fault")  # expected in ten


def test_postgresql_is_restarted_and_then_away_for_30_seconds(harness: Harness) -> None:
    site = Site(harness, drafts=3)
    assert site.withdraw(site.drafts[0]).status_code == 302
    connection.close()

    harness.cluster.restart()
    recovers(site)

    connection.close()
    harness.cluster.stop(immediate=True)
    back = time.monotonic() + 30
    assert_sorry(site.withdraw(site.drafts[1]))
    assert health(harness) == {"live": 200, "ready": 503}
    api = site.get("/api/v1/lessons/")
    assert (api.status_code, api.headers["Content-Type"]) == (503, "application/problem+json")
    while time.monotonic() < back:
        assert_sorry(site.get())
        time.sleep(1)
    harness.cluster.start()

    recovers(site)
    assert health(harness) == {"live": 200, "ready": 200}
    assert site.withdraw(site.drafts[2]).status_code == 302
    assert site.assert_nothing_is_half_stored() == 2


def test_postgresql_has_no_connection_left(harness: Harness) -> None:
    site = Site(harness, drafts=2)
    connection.close()
    taken: list[psycopg2.extensions.connection] = []
    with contextlib.suppress(psycopg2.OperationalError):
        while len(taken) < 200:
            taken.append(psycopg2.connect(harness.cluster.url))
    with taken[0].cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> ALL(%s)",
            [[one.info.backend_pid for one in taken]],
        )
    with contextlib.suppress(psycopg2.OperationalError):
        while len(taken) < 200:
            taken.append(psycopg2.connect(harness.cluster.url))

    for _ in range(6):
        assert_sorry(site.get())
    assert_sorry(site.withdraw(site.drafts[0]))
    for one in taken:
        one.close()

    recovers(site)
    assert site.withdraw(site.drafts[1]).status_code == 302
    assert site.assert_nothing_is_half_stored() == 1


def test_the_disk_of_postgresql_is_full(harness: Harness, tmp_path: Path) -> None:
    site = Site(harness, drafts=30)
    with full_disk(harness.cluster, tmp_path, "lessons_lessonmove") as make_room:
        answers = []
        for lesson in site.drafts[:29]:
            answers.append(site.withdraw(lesson))
            if answers[-1].status_code != 302:
                break
        assert_sorry(answers[-1])
        assert_sorry(site.withdraw(site.drafts[29]))
        assert site.get().status_code == 200, "reading needs no room"
        assert site.assert_nothing_is_half_stored() == len(answers) - 1
        make_room()

        assert site.withdraw(site.drafts[29]).status_code == 302
        assert site.assert_nothing_is_half_stored() == len(answers)


@contextlib.contextmanager
def full_disk(cluster: Cluster, folder: Path, table: str) -> Iterator[Callable[[], None]]:
    """Let a table, which is empty, have no room to grow, until what is yielded is called."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode == 0:
        small = small_disk(cluster, disk, table)
    elif FULL.is_char_device():
        small = full_device(cluster, table)
    else:
        pytest.skip(f"a full disk needs the right to mount, or {FULL}: {mounted.stderr.strip()}")
    with small as make_room:
        yield make_room


@contextlib.contextmanager
def small_disk(cluster: Cluster, disk: Path, table: str) -> Iterator[Callable[[], None]]:
    """Put a table on a disk of its own that holds next to nothing; it moves back at the end."""
    try:
        if cluster.run_as is RunAs.NOBODY:
            shutil.chown(disk, "nobody")
        run_sql(
            f"CREATE TABLESPACE small LOCATION '{disk}'",
            f"ALTER TABLE {table} SET (fillfactor = 10)",  # a page holds few rows, so that it is full soon
            f"ALTER TABLE {table} SET TABLESPACE small",
        )
        filler = disk / "filler"
        filler.write_bytes(b"x" * shutil.disk_usage(disk).free)
        yield filler.unlink
    finally:
        run_sql(
            f"ALTER TABLE {table} SET TABLESPACE pg_default",
            f"ALTER TABLE {table} RESET (fillfactor)",
            "DROP TABLESPACE small",
        )
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextlib.contextmanager
def full_device(cluster: Cluster, table: str) -> Iterator[Callable[[], None]]:
    """Put a table on the device that has no space left for anybody; it gets a file again at the end."""

    def make_file() -> Path:
        run_sql(f"VACUUM FULL {table}")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_relation_filepath(%s)", [table])
            return cluster.data / cursor.fetchone()[0]

    file = make_file()  # nobody else has opened it
    connection.close()
    assert file.stat().st_size == 0
    file.unlink()
    file.symlink_to(FULL)
    try:
        yield make_file
    finally:
        make_file()


def run_sql(*statements: str) -> None:
    connection.close()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_lock_is_held_for_20_seconds(harness: Harness) -> None:
    site = Site(harness, drafts=2)
    connection.close()
    with psycopg2.connect(harness.cluster.url) as other, other.cursor() as cursor:
        cursor.execute("SELECT FROM lessons_lesson WHERE id = %s FOR UPDATE", [site.drafts[0].pk])
        assert_sorry(site.withdraw(site.drafts[0]))
        assert site.get().status_code == 200, "a lesson that is held keeps nobody from reading"
        cursor.execute("LOCK TABLE lessons_publication IN ACCESS EXCLUSIVE MODE")
        released = time.monotonic() + 20
        with ten_readers(harness, site) as others:
            while time.monotonic() < released:
                assert_sorry(site.get())
        assert health(harness) == {"live": 200, "ready": 200}
        assert {status for status, _ in others} == {503}
        other.rollback()

    recovers(site)
    assert site.withdraw(site.drafts[1]).status_code == 302
    assert site.assert_nothing_is_half_stored() == 1


@contextlib.contextmanager
def ten_readers(harness: Harness, site: Site) -> Iterator[list[tuple[int, float]]]:
    """Let as many as there are threads, and some more, read at the same time, once."""
    answers: list[tuple[int, float]] = []

    def read() -> None:
        answer = requests.get(harness.url("/lessons/"), cookies=site.browser.cookies.get_dict(), timeout=60)
        answers.append((answer.status_code, answer.elapsed.total_seconds()))

    threads = [threading.Thread(target=read) for _ in range(10)]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join()


def test_the_clock_of_the_web_server_goes_wrong(harness: Harness, tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    harness.fail_at("clock")
    harness.environment["CLOCK_OFFSET"] = str(offset)
    site = Site(harness, drafts=3, processes=1)

    def clock_is_wrong_by(hours: int) -> None:
        offset.write_text(str(hours * 3600))
        time.sleep(0.3)
        for path in ("/", "/accounts/login/", "/lessons/", "/statistics/"):
            assert site.get(path).status_code == 200, (hours, path)
        assert health(harness) == {"live": 200, "ready": 200}

    clock_is_wrong_by(-2)
    assert site.withdraw(site.drafts[0]).status_code == 302
    clock_is_wrong_by(9)  # longer than any session lasts
    assert "/accounts/login/" in site.withdraw(site.drafts[1]).headers["Location"]
    clock_is_wrong_by(0)
    site.sign_in()
    assert site.withdraw(site.drafts[2]).status_code == 302
    assert site.assert_nothing_is_half_stored() == 2


def test_web_processes_are_killed_while_people_write(harness: Harness) -> None:
    site = Site(harness, drafts=45)
    others = iter(site.drafts)
    answers: list[int | str] = []

    def write() -> None:
        for lesson in others:
            try:
                answers.append(site.withdraw(lesson).status_code)
            except requests.ConnectionError:
                answers.append("cut")

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        wait_until(lambda: len(harness.children("web")) == 2, seconds=GIVE_UP_SECONDS, what="two web processes")
        time.sleep(0.3)
        os.kill(harness.children("web")[0], signal.SIGKILL)
    for thread in threads:
        thread.join()

    recovers(site)
    assert set(answers) <= {302, "cut"}
    assert answers.count("cut") <= 2 * 4, "no more than a process has threads"
    withdrawn = site.assert_nothing_is_half_stored()
    assert answers.count(302) <= withdrawn <= len(answers)


def test_a_new_release_of_the_web_server_loses_no_request(harness: Harness) -> None:
    site = Site(harness, drafts=50)
    before = set(harness.children("web"))
    others = iter(site.drafts)
    done = threading.Event()
    statuses: list[int] = []

    def write() -> None:
        for lesson in others:
            statuses.append(site.withdraw(lesson).status_code)
            time.sleep(0.1)

    def read() -> None:
        browser = requests.Session()
        browser.cookies = site.browser.cookies
        while not done.is_set():
            statuses.append(browser.get(harness.url("/lessons/"), timeout=60).status_code - 200)
            time.sleep(0.05)

    threads = [threading.Thread(target=write), threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    harness.processes["web"].send_signal(signal.SIGHUP)
    wait_until(
        lambda: len(now := set(harness.children("web"))) == 2 and not now & before,
        seconds=GIVE_UP_SECONDS,
        what="new processes",
    )
    for thread in threads[:2]:
        thread.join()
    done.set()
    threads[2].join()

    assert set(statuses) == {302, 0}
    assert site.assert_nothing_is_half_stored() == 50
