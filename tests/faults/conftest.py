"""A database that may be stopped, and processes that may be killed, apart from those of the other tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from devstack.migrated import TEMPLATE, copy_migrated
from devstack.postgres import Cluster
from tests.emptying import empty_tables
from tests.faults.harness import Harness
from tests.faults.recovery import RECOVERED
from tests.faults.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the one that takes five minutes, in one of the processes; the others share the rest."""
    items.sort(key=lambda item: item.path.name != "test_random_faults.py")


@contextlib.contextmanager
def connected_to(cluster: Cluster) -> Iterator[None]:
    """Let the objects of a test go to the database of `cluster`."""
    before = dict(connection.settings_dict)
    own = {"NAME": "postgres", "HOST": str(cluster.socket_folder), "USER": "portal", "PORT": "", "PASSWORD": ""}
    connection.close()
    connection.settings_dict.update(own)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """A PostgreSQL that writes to disk what it says it has written."""
    own = Cluster(tmp_path_factory.mktemp("faults"))
    is_copy = copy_migrated(own)
    own.start()
    try:
        if is_copy:
            _rename_database(own, TEMPLATE)
        else:
            with django_db_blocker.unblock(), connected_to(own):
                call_command("migrate", verbosity=0)
        yield own
    finally:
        own.delete()


def _rename_database(cluster: Cluster, name: str) -> None:
    with contextlib.closing(psycopg2.connect(cluster.url.replace("/postgres?", "/template1?"))) as other:
        other.autocommit = True
        other.cursor().execute("DROP DATABASE postgres")
        other.cursor().execute(f"ALTER DATABASE {name} RENAME TO postgres")


@pytest.fixture
def harness(cluster: Cluster, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Harness]:
    """The processes, not started yet; the objects of the test go to their database."""
    running = Harness(tmp_path, cluster)
    with django_db_blocker.unblock(), connected_to(cluster):
        try:
            yield running
        finally:
            running.stop()
            if not cluster.is_running:
                cluster.start()
            connection.close()
            empty_tables()


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
