"""How long it takes to bring a large portal back: from a dump, and from a base backup with its log.

    dev.py bench restore [--size 100000] [--keep FOLDER] [--quick]

Each backup is sealed and each way back is the command of docs/runbook.md, with all it checks.  After the backups were
made lessons are suspended, files hidden and roles taken: that they are so again is part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from benchmarks._database import portal_database
from devstack.installation import ROOT
from devstack.postgres import Cluster, find_binaries
from devstack.privileges import choose_run_as, popen_options


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=100_000, help="publications")
    options.add_argument("--keep", type=Path, help="keep the database in this folder")
    options.add_argument("--quick", action="store_true", help="1,000 publications")
    chosen = options.parse_args()
    size = 1_000 if chosen.quick else chosen.size
    with tempfile.TemporaryDirectory(prefix="jol-restore-") as name:
        os.environ |= {"ATTACHMENTS_ROOT": f"{name}/files", "AUDIT_ANCHOR_DIR": f"{name}/anchors"}
        with portal_database(chosen.keep) as url:
            from benchmarks._in_use import fill
            from benchmarks.search import load

            Path(name).chmod(0o711)
            load(size)
            fill()
            figures = drill(Path(name), url) | {"publications": size}
    print(json.dumps(figures))


def drill(folder: Path, url: str) -> dict[str, float]:
    from benchmarks._in_use import FILES, withhold

    key, backups, waiting = folder / "key", folder / "backups", folder / "waiting"
    waiting.mkdir()
    os.environ["PG_BIN"] = str(find_binaries())
    os.environ["BACKUP_KEY"], _ = manage("make_backup_key", str(key))
    figures: dict[str, float] = {}
    dump, figures["dump_seconds"] = manage("backup", str(backups))
    base, figures["base_seconds"] = manage("backup", str(backups), "--base")
    figures["dump_mb"], figures["base_mb"] = megabytes(dump), megabytes(base)
    second, withheld = disaster(url, waiting, withhold)
    _, figures["log_seconds"] = manage("backup", str(backups), "--log", str(waiting))
    figures["log_mb"] = megabytes(f"{backups}/log")

    into = ["--into", str(folder / "again" / "data"), "--to", second.isoformat()]
    (folder / "again").mkdir()
    os.environ["ATTACHMENTS_ROOT"] = str(folder / "again" / "files")
    said, figures["restore_second_seconds"] = manage("restore", base, "--key", str(key), *into, as_postgres=True)
    check(said, withheld, f"{FILES} attachments are as their rows say, 0 are not.")
    other = Cluster(folder / "other", throwaway=True)
    other.start()
    try:
        os.environ |= {"DATABASE_URL": other.url, "ATTACHMENTS_ROOT": str(folder / "other" / "files")}
        said, figures["restore_dump_seconds"] = manage("restore", dump, "--key", str(key))
        check(said, withheld, f"{FILES} attachments are as their rows say, 0 are not.", "0 tables differ")
    finally:
        other.stop()
    return figures


def check(said: str, *expected: str) -> None:
    print(said)
    for words in expected:
        assert words in said, f"not said: {words}"


def disaster(url: str, waiting: Path, withhold: Callable[[], str]) -> tuple[datetime, str]:
    """Change every lesson, and then one that shall not be; hand out the log, and return the second between.

    :param withhold: what is done after that second; what it says of it is returned
    """
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("ALTER SYSTEM SET wal_keep_size = '16GB'")  # until it is copied below
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
        first = cursor.fetchone()[0]
        cursor.execute("UPDATE lessons_lesson SET title = title")
        cursor.execute("SELECT clock_timestamp()")
        second: datetime = cursor.fetchone()[0]
        time.sleep(0.1)
        cursor.execute("UPDATE lessons_lesson SET title = 'Lost' WHERE id = 1")
        withheld = withhold()
        cursor.execute("SELECT pg_walfile_name(pg_switch_wal()), current_setting('data_directory')")
        last, data = cursor.fetchone()
    for part in sorted(Path(data, "pg_wal").glob("0000*")):
        if part.is_file() and first <= part.name <= last:
            (waiting / part.name).write_bytes(part.read_bytes())
    return second.astimezone(UTC), withheld


def manage(*arguments: str, as_postgres: bool = False) -> tuple[str, float]:
    """Run a command of the portal; return what it said and how many seconds it took."""
    began = time.perf_counter()
    rights = popen_options(choose_run_as()) if as_postgres else {}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, **rights)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip(), round(time.perf_counter() - began, 1)


def megabytes(folder: str) -> float:
    return round(sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6, 1)


if __name__ == "__main__":
    main()
