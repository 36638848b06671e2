"""PostgreSQL's own programs, as this portal's settings connect to the database."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import connection

from jol.backup import BackupError
from jol.backup.sealing import seal, unseal

#: How libpq's variables are called in Django's settings.
VARIABLES = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}


def program(name: str) -> str:
    """Return the path of a program: of PG_BIN, or on PATH.

    :raises BackupError: there is none
    """
    folder = os.environ.get("PG_BIN", "")
    found = shutil.which(name, path=folder or None)
    if not found:
        raise BackupError(f"There is no {name} in {folder or 'PATH'}: set PG_BIN to a PostgreSQL bin folder.")
    return found


def environment() -> dict[str, str]:
    """Return what PostgreSQL's programs need to reach our database: no password is on a command line."""
    settings = connection.settings_dict
    given = {name: str(settings[key]) for name, key in VARIABLES.items() if settings[key]}
    tls = {f"PG{name.upper()}": str(value) for name, value in settings["OPTIONS"].items() if name.startswith("ssl")}
    return os.environ | given | tls


def seal_output(command: list[str], target: Path, *, to: str) -> None:
    """Run a command and seal what it writes.

    :raises BackupError: it failed; no file is left then
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as running:
        assert running.stdout  # noqa: S101 - it is a pipe
        assert running.stderr  # noqa: S101
        seal(running.stdout, target, to=to)
        errors = running.stderr.read().decode(errors="replace").strip()
    if running.returncode:
        target.unlink()
        raise BackupError(f"{Path(command[0]).name} failed: {errors}")


@contextmanager
def fed(command: list[str]) -> Iterator[IO[bytes]]:
    """Run a command for the length of a `with` block, which writes what it reads.

    :raises BackupError: it failed
    """
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as running:
        assert running.stdin  # noqa: S101 - it is a pipe
        assert running.stderr  # noqa: S101
        try:
            yield running.stdin
            running.stdin.close()
        except BrokenPipeError:
            pass  # it has ended: what it said comes next
        errors = running.stderr.read().decode(errors="replace").strip()
    if running.returncode:
        raise BackupError(f"{Path(command[0]).name} failed: {errors}")


def unseal_into(source: Path, command: list[str], *, key: object) -> None:
    """Give what is sealed in a file to a command."""
    with fed(command) as pipe:
        unseal(source, pipe, key=key)
