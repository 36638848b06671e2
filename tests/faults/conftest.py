"""A database that may be stopped, and processes that may be killed, apart from those of the other tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from devstack.postgres import Cluster
from tests.faults.harness import Harness
from tests.portal import ROOT


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL that writes to disk what it says it has written."""
    own = Cluster(tmp_path_factory.mktemp("faults"))
    own.start()
    try:
        environment = os.environ | {"DATABASE_URL": own.url, "SECRET_KEY": "x" * 50}
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
