"""A pytest plugin, loaded with `-p`: each run gets a throw-away PostgreSQL and Redis of its own.

DATABASE_URL and REDIS_URL in the environment are used instead.  Workers of pytest-xdist inherit both.
A PostgreSQL of our own begins with the migrations run: see `devstack.migrated`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from devstack.migrated import TEMPLATE, copy_migrated
from devstack.postgres import Cluster, PostgresError
from devstack.redis_server import RedisError, RedisServer
from devstack.waiting import NotReadyError

_stops: list[Callable[[], None]] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Start the servers before pytest-django reads the settings."""
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        try:
            _start_servers()
        except (PostgresError, RedisError, NotReadyError) as error:
            pytest_unconfigure()
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    return (yield)


def pytest_unconfigure() -> None:
    while _stops:
        _stops.pop()()


def _start_servers() -> None:
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        return
    folder = Path(tempfile.mkdtemp(prefix="jol-test-"))
    folder.chmod(0o711)  # where PostgreSQL runs as `nobody`, it must be able to pass through
    _stops.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    if not os.environ.get("DATABASE_URL"):
        cluster = Cluster(folder / "postgres", throwaway=True)
        _stops.append(cluster.delete)
        if copy_migrated(cluster):
            os.environ["TEST_TEMPLATE"] = TEMPLATE
        cluster.start()
        os.environ["DATABASE_URL"] = cluster.url
    if not os.environ.get("REDIS_URL"):
        redis = RedisServer(folder / "redis")
        _stops.append(redis.stop)
        redis.start()
        os.environ["REDIS_URL"] = redis.url
