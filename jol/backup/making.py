"""Making a backup: a dump of the database, or its files and then its log for a way back to any second."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from jol.backup import BackupError
from jol.backup.attachments import seal_new
from jol.backup.erased import note_erased
from jol.backup.manifest import Manifest, describe, sha256_of
from jol.backup.programs import program, seal_output
from jol.backup.sealing import seal
from jol.backup.withheld import note_withheld

DUMP, BASE, LOG = "database.dump.age", "base.tar.age", "log"


def make_dump(folder: Path, *, to: str, at: datetime) -> Path:
    """Make a backup that a PostgreSQL of this version or a later one takes; return its folder.

    :param to: the public key it is sealed with
    """
    made = _new_folder(folder, "dump", at)
    # One snapshot for what is counted and what is dumped.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        dump = [program("pg_dump"), "--format=custom", f"--snapshot={cursor.fetchone()[0]}"]
        manifest = describe(at)
        seal_output(dump, made / DUMP, to=to)
    seal_new(folder, to=to)
    return _finish(made, manifest)


def make_base(folder: Path, *, to: str, at: datetime) -> Path:
    """Make a backup of the database's files, from which its log leads to any later second; return its folder.

    The role needs REPLICATION.
    """
    made = _new_folder(folder, "base", at)
    manifest = describe(at)
    options = ["--format=tar", "--pgdata=-", "--wal-method=fetch", "--manifest-checksums=SHA256"]
    options += ["--checkpoint=fast", "--no-password"]
    seal_output([program("pg_basebackup"), *options], made / BASE, to=to)
    seal_new(folder, to=to)
    return _finish(made, manifest)


def seal_log(waiting: Path, folder: Path, *, to: str) -> int:
    """Seal the parts of the log that PostgreSQL has put into `waiting`; return how many.

    Each goes once it is sealed, so a run that was cut off is made up for by the next one.
    """
    (folder / LOG).mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = sorted(path for path in waiting.iterdir() if path.suffix != ".tmp")
    for part in parts:
        with part.open("rb") as file:
            seal(file, folder / LOG / f"{part.name}.age", to=to)
        part.unlink()
    return len(parts)


def _new_folder(folder: Path, kind: str, at: datetime) -> Path:
    made = folder / f"{at:%Y-%m-%dT%H%M%SZ}-{kind}"
    try:
        made.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise BackupError(f"{made} is there already.") from None
    return made


def _finish(made: Path, manifest: Manifest) -> Path:
    note_erased(made.parent)
    note_withheld(made.parent)
    replace(manifest, files={path.name: sha256_of(path) for path in made.iterdir()}).write(made)
    return made
