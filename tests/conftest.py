"""Fixtures for all tests.  The servers are started by the plugin `devstack.pytest_servers`."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from xdist.remote import Producer
from xdist.scheduler import WorkStealingScheduling

from tests.emptying import empty_tables
from tests.faults.recovery import pytest_terminal_summary  # noqa: F401  here, so that it speaks of all processes
from tests.log_lines import read_lines
from tests.portal import Portal

# A change is refused for what it changes, not for how busy the machine is: each run draws the same examples, however
# long each takes.  To look for new ones: dev.py test --hypothesis-profile=default tests/test_x.py
settings.register_profile("alike", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("alike")

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the thread of the test


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WorkStealingScheduling:
    """Tests of a module stay in one process, which makes once what they share; who is done takes from another."""
    return WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: nobody looks through it for garbage again, as in a web process (`jol.serving`)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, *gc.get_threshold()[1:])


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_between_tests() -> Iterator[None]:
    """Let the end of a transactional test empty all tables, the append-only ones too, which nobody else may."""

    def empty(case: TransactionTestCase) -> None:
        empty_tables()
        cache.clear()  # no model's table: sign-ins of one test would count against the next

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once() -> Iterator[None]:
    """Each client has middleware of its own, which would look at each static file again."""
    known: dict[str, StaticFile] = {}
    list_files = WhiteNoiseMiddleware.add_files_from_finders

    def add(middleware: WhiteNoiseMiddleware) -> None:
        if not known:
            list_files(middleware)
            known.update(middleware.files)
        middleware.files.update(known)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add)
        yield


@pytest.fixture
def still_clock() -> Iterator[None]:
    """Time does not pass: no minute or day of which something is counted ends in the middle of the test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def portal(transactional_db: None, tmp_path: Path) -> Iterator[Portal]:
    """The portal as real processes on this test's database."""
    running = Portal(tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()
        print(running.logs())  # shown if the test fails
    for log in tmp_path.glob("*.log"):
        # Each line of web, worker and beat is one of ours, but for Celery's two words while it stops.
        lines = [line for line in log.read_text().splitlines() if line and not line.startswith("worker: ")]
        read_lines("\n".join(lines))


@pytest.fixture
def browser(browser: Browser) -> Iterator[Browser]:
    """The browser of the whole run; what a test opened in it ends with that test.

    A window left open keeps a thread of the live server, and so a connection to the database that all tests share.
    """
    yield browser
    for window in browser.contexts:
        window.close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's Chromium, kept off every network but loopback."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed: the browser tests did NOT run")
    switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    switches += ["--disable-background-networking", "--disable-component-update"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": switches}
