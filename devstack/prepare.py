"""Bring the database up to date: one process for all commands, since each start of Django costs a second.

    python -m devstack.prepare FINGERPRINT COMMAND...

What was done is kept in the database itself, so that a database that is thrown away is prepared anew.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2

from devstack.installation import ROOT, fingerprint

PACKAGES = ("jol", "notifications", "lessons", "accounts", "govuk")
STATE_TABLE = "devstack_state"


def inputs_fingerprint() -> str:
    """Return a hash of everything that migrations and loaders are made from."""
    return fingerprint(_inputs())


def read_state(url: str) -> dict[str, str]:
    """Return what was done to this database: `inputs` and `demo`, each missing if it was not."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [STATE_TABLE])
        if cursor.fetchone() == (None,):
            return {}
        cursor.execute(f"SELECT name, value FROM {STATE_TABLE}")  # noqa: S608 a constant
        return dict(cursor.fetchall())


def write_state(url: str, **values: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {STATE_TABLE} (name text PRIMARY KEY, value text NOT NULL)")
        for name, value in values.items():
            cursor.execute(
                f"INSERT INTO {STATE_TABLE} VALUES (%s, %s)"  # noqa: S608 a constant
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [name, value],
            )


def _inputs() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")
    yield from (path for path in (ROOT / "data").rglob("*") if path.is_file())
    yield from (ROOT / "requirements").glob("base.txt")


def main() -> None:
    import django
    from django.core.management import CommandError, call_command

    inputs, *commands = sys.argv[1:]
    django.setup()
    for command in commands:
        began = time.monotonic()
        try:
            call_command(command, verbosity=0 if command == "migrate" else 1)
        except CommandError as error:
            sys.exit(f"prepare| {command}: {error}")
        print(f"prepare| {command}: {time.monotonic() - began:.1f} s", flush=True)
    write_state(os.environ["DATABASE_URL"], inputs=inputs)


if __name__ == "__main__":
    main()
