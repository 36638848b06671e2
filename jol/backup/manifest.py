"""What a backup holds, written beside it, to be compared after the way back."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.db import connection

from jol.backup import BackupError

NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """`rows` by table, and the sealed `files` with the SHA-256 of each."""

    made_at: str
    rows: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write it last of all: a folder without one is no backup."""
        (folder / NAME).write_text(json.dumps(asdict(self), indent=1))


def read_manifest(folder: Path) -> Manifest:
    """Return it, once each file of the backup is as it was.

    :raises BackupError: there is none, or a file is another
    """
    try:
        manifest = Manifest(**json.loads((folder / NAME).read_text()))
    except FileNotFoundError:
        raise BackupError(f"{folder} is no whole backup: it has no {NAME}.") from None
    except (ValueError, TypeError, RecursionError):
        raise BackupError(f"{folder / NAME} cannot be read: take another backup.") from None
    for name, sha256 in manifest.files.items():
        if not (folder / name).is_file() or sha256_of(folder / name) != sha256:
            raise BackupError(f"{folder / name} is missing, or not as it was made: take another backup.")
    return manifest


def describe(at: datetime) -> Manifest:
    """Return what is there now, as the transaction sees it."""
    return Manifest(at.isoformat(), count_rows())


def count_rows() -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table of ours
            counts[table] = int(cursor.fetchone()[0])
    return counts


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
