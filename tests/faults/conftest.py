"""A database that may be stopped, and processes that may be killed, apart from those of the other tests."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from _pytest.terminal import TerminalReporter
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from devstack.postgres import Cluster
from tests.faults.harness import RECOVERY_SECONDS, Harness
from tests.faults.world import World
from tests.portal import ROOT

RECOVERED = "recovered after (seconds)"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL that writes to disk what it says it has written."""
    own = Cluster(tmp_path_factory.mktemp("faults"))
    own.start()
    try:
        environment = os.environ | {"DATABASE_URL": own.url, "SECRET_KEY": secrets.token_hex(32)}
        for command in (["migrate", "-v", "0"], ["createcachetable"]):
            subprocess.run(
                [sys.executable, "-m", "django", *command],
                cwd=ROOT,
                env=environment | {"DJANGO_SETTINGS_MODULE": "jol.settings"},
                check=True,
            )
        yield own
    finally:
        own.delete()


@pytest.fixture
def harness(cluster: Cluster, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Harness]:
    """The processes, not started yet; the objects of the test go to their database."""
    before = dict(connection.settings_dict)
    connection.close()
    own = {"NAME": "postgres", "HOST": str(cluster.socket_folder), "USER": "portal", "PORT": "", "PASSWORD": ""}
    running = Harness(tmp_path, cluster)
    with django_db_blocker.unblock():
        connection.settings_dict.update(own)
        try:
            yield running
        finally:
            running.stop()
            if not cluster.is_running:
                cluster.start()
            connection.close()
            with pgtrigger.ignore():
                call_command("flush", verbosity=0, interactive=False, reset_sequences=False, allow_cascade=True)
            connection.close()
            connection.settings_dict.update(before)


@pytest.fixture
def world(harness: Harness) -> World:
    """Nobody yet, in the database of `harness`."""
    return World()


@pytest.fixture
def recover(harness: Harness, record_property: Callable[[str, Any], None]) -> Callable[[int], None]:
    """Called at the return: waits until so many mails have arrived, and notes how long it took."""

    def wait(mails: int) -> None:
        record_property(RECOVERED, harness.wait_for(mails))

    return wait


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print how long each recovery took, for docs/benchmarks.md."""
    measured = {
        report.nodeid.partition("::")[2]: seconds
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, seconds in report.user_properties
        if name == RECOVERED
    }
    if measured:
        load = os.getloadavg()[0]
        terminalreporter.section(f"recovery, promised within {RECOVERY_SECONDS} s (load {load:.1f})")
    for test, seconds in measured.items():
        late = "" if seconds <= RECOVERY_SECONDS else "  TOO LATE"
        terminalreporter.line(f"{seconds:6.1f} s  {test}{late}")
