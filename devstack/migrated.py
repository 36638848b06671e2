"""A database with every migration run, kept between test runs: to copy it takes a second, to make it half a minute.

It is kept as the data folder of a stopped server, under a name that says what it was made from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2

from devstack.installation import ROOT, fingerprint
from devstack.postgres import Cluster, PostgresError
from devstack.privileges import RunAs

KEPT = ROOT / "var" / "migrated"
TEMPLATE = "migrated"  # the name of the database
FORGET_AFTER_SECONDS = 24 * 3600


def copy_migrated(cluster: Cluster) -> bool:
    """Give a cluster that was never started a copy of the kept data; make that first if nothing fits.

    :return: False where PostgreSQL runs as `nobody`, who may not read what is kept: the tests migrate by themselves
    :raises PostgresError: the migrations do not run
    """
    if cluster.run_as is RunAs.NOBODY:
        return False
    kept = KEPT / f"{cluster.major}-{fingerprint(_inputs())[:16]}"
    if not kept.is_dir():
        _make(kept)
    os.utime(kept)
    cluster.folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(kept, cluster.data)
    return True


def _inputs() -> Iterator[Path]:
    yield from ROOT.glob("*/migrations/*.py")
    yield ROOT / "requirements" / "base.txt"  # migrations of libraries
    yield ROOT / "jol" / "settings.py"  # which libraries
    yield Path(__file__)


def _make(kept: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="jol-migrate-"))
    cluster = Cluster(folder, throwaway=True)
    try:
        cluster.start()
        _migrate(cluster)
        cluster.stop()
        _keep(cluster.data, kept)
    finally:
        cluster.delete()


def _migrate(cluster: Cluster) -> None:
    with closing(psycopg2.connect(cluster.url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {TEMPLATE}")
    servers = {"DATABASE_URL": cluster.url.replace("/postgres?", f"/{TEMPLATE}?"), "REDIS_URL": "redis://127.0.0.1:1"}
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | servers | settings, capture_output=True, text=True)
    if done.returncode:
        raise PostgresError(f"The migrations do not run:\n{done.stderr}")


def _keep(data: Path, kept: Path) -> None:
    """Put the folder in its place in one step; another run may have been quicker."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.iterdir():
        if time.time() - old.stat().st_mtime > FORGET_AFTER_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="new-", dir=KEPT))
    shutil.copytree(data, unfinished, dirs_exist_ok=True)
    try:
        unfinished.rename(kept)
    except OSError:
        shutil.rmtree(unfinished)
