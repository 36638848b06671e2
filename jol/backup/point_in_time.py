"""The way back to a second: the files of the database as they were, then its log up to that second."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyrage
from django.db import OperationalError, connection

from jol.backup import BackupError
from jol.backup.making import BASE, LOG
from jol.backup.manifest import read_manifest, sha256_of
from jol.backup.programs import program, unseal_into
from jol.backup.restoring import GROWING, Say, count_rows_of, finish
from jol.backup.sealing import unseal

#: How long the log may take to be played; the whole way back is promised within an hour.
LONGEST_SECONDS = 50 * 60
STOP_SECONDS = 120


def restore_second(
    backup: Path, *, into: Path, to: datetime | None, key: pyrage.x25519.Identity, say: Say
) -> list[str]:
    """Bring the database of a second back into a folder; return what is not as it should be.

    It is checked on a server that nobody else reaches, which is stopped again: start the real one on the folder then.
    :param into: becomes the data folder of PostgreSQL; there may be nothing in it
    :param to: an aware datetime; None: as far as the log goes
    :raises BackupError: nothing can be brought back
    """
    manifest = read_manifest(backup)
    if os.geteuid() == 0:
        raise BackupError("PostgreSQL does not run as root: run this as the user that owns the database's files.")
    if into.exists() and any(into.iterdir()):
        raise BackupError(f"There is something in {into}: name a new folder, or move that away.")
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    unseal_into(backup / BASE, [_tar(), "--extract", f"--directory={into}"], key=key)
    into.chmod(0o700)
    _verify_files(into)
    say(f"The files are those of {manifest.made_at}.")
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        parts = _unseal_log(backup.parent / LOG, Path(folder), begin=_first_part(into), key=key)
        say(f"{parts} parts of the log follow.")
        with _recovered(into, Path(folder), to), _our_connection(Path(folder)):
            return [*_compared(manifest.rows, say), *finish(backup.parent, key=key, say=say)]


def _tar() -> str:
    return shutil.which("tar") or "tar"


def _verify_files(into: Path) -> None:
    """Compare each file with the list that PostgreSQL put beside it."""
    for file in json.loads((into / "backup_manifest").read_text())["Files"]:
        path = into / file["Path"]
        if not path.is_file() or sha256_of(path) != file["Checksum"]:
            raise BackupError(f"The files of the backup are not whole: {path}")


def _first_part(into: Path) -> str:
    """Return the name of the part of the log with which the backup begins."""
    first, *_ = (into / "backup_label").read_text().splitlines()
    return first.rpartition("file ")[2].rstrip(")")


def _unseal_log(log: Path, folder: Path, *, begin: str, key: pyrage.x25519.Identity) -> int:
    number = 0
    for sealed in sorted(log.glob("*.age")):
        name = sealed.stem
        # Of a part: time line, then place.  Histories of time lines are needed whatever their place.
        if name.endswith(".history") or name[8:24] >= begin[8:]:
            with (folder / name).open("wb") as file:
                unseal(sealed, file, key=key)
            number += 1
    return number


@contextmanager
def _recovered(into: Path, folder: Path, to: datetime | None) -> Iterator[None]:
    """Run PostgreSQL on the folder, and wait until it has played the log."""
    settings = into / "postgresql.auto.conf"
    before = settings.read_text()
    lines = [f'restore_command = \'cp "{folder}/%f" "%p"\'', "recovery_target_action = 'promote'"]
    if to:
        lines.append(f"recovery_target_time = '{to.isoformat()}'")
    settings.write_text("\n".join([before, *lines, ""]))
    (into / "recovery.signal").touch()
    log = folder / "postgres.log"
    # Its own settings may ask for certificates, ports or an archive that are not here.
    alone = {"listen_addresses": "", "unix_socket_directories": folder, "hot_standby": "off", "archive_mode": "off"}
    alone |= {"logging_collector": "off", "ssl": "off"}
    options = [word for name, value in alone.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        server = subprocess.Popen([program("postgres"), "-D", into, *options], stdout=output, stderr=output)
    try:
        _wait_for(server, folder, log)
        settings.write_text(before)
        yield
    finally:
        settings.write_text(before)
        server.terminate()  # waits for those who are connected: there is nobody but us
        connection.close()
        server.wait(STOP_SECONDS)


def _wait_for(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    """It takes no connection before it has come to the second."""
    end = time.monotonic() + LONGEST_SECONDS
    ask = [program("pg_isready"), "--quiet", f"--host={folder}"]
    while subprocess.run(ask).returncode:
        if server.poll() is not None or time.monotonic() > end:
            said = log.read_text(errors="replace")[-2000:]
            raise BackupError(f"The log could not be played to that second. PostgreSQL says:\n{said}")
        time.sleep(0.2)


@contextmanager
def _our_connection(folder: Path) -> Iterator[None]:
    """Let the settings' connection be one to the server of the folder."""
    before = dict(connection.settings_dict)
    connection.close()
    options = {name: value for name, value in before["OPTIONS"].items() if not name.startswith("ssl")}
    connection.settings_dict.update({"HOST": str(folder), "PORT": "", "OPTIONS": options})
    try:
        connection.ensure_connection()
        yield
    except OperationalError as error:
        raise BackupError(f"The restored database does not answer: {error}") from None
    finally:
        connection.close()
        connection.settings_dict.update(before)


def _compared(rows: dict[str, int], say: Say) -> Iterator[str]:
    names = [model._meta.db_table for model in GROWING]
    there = count_rows_of({name: rows[name] for name in names})
    for name in names:
        if there.get(name, 0) < rows[name]:
            yield f"{name}: {there.get(name)} rows, {rows[name]} when the backup was made"
    say(", ".join(f"{name}: {there.get(name)} rows" for name in names))
