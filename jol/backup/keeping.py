"""What runs all the time beside the portal, so that no more than a few minutes can be lost."""

import logging
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, connection
from django.utils import timezone

from jol.backup import BackupError
from jol.backup.attachments import forget_files, seal_new
from jol.backup.erased import note_erased
from jol.backup.making import make_base, make_dump, seal_log
from jol.backup.withheld import note_withheld

logger = logging.getLogger(__name__)

#: With PostgreSQL's `archive_timeout` of a minute, three minutes are lost at most: five are promised.
LOG_EVERY_SECONDS = 60
WHOLE_EVERY = timedelta(days=1)
KINDS = {"base": make_base, "dump": make_dump}


def keep_backups(folder: Path, waiting: Path, *, to: str, for_days: int) -> None:
    """Seal the log and new attachments each minute, and make a base and a dump each day; never ends.

    What fails is tried again a minute later, and said in the log of the portal.
    """
    while True:
        began = time.monotonic()
        try:
            keep_once(folder, waiting, to=to, for_days=for_days, at=timezone.now())
        except (BackupError, DatabaseError, OSError):
            logger.exception("The backup failed")
        connection.close()
        time.sleep(max(1.0, LOG_EVERY_SECONDS - (time.monotonic() - began)))


def keep_once(folder: Path, waiting: Path, *, to: str, for_days: int, at: datetime) -> None:
    parts, files = seal_log(waiting, folder, to=to), seal_new(folder, to=to)
    note_erased(folder)
    note_withheld(folder)
    if parts or files:
        logger.info("Sealed %d parts of the log and %d attachments", parts, files)
    for kind, make in KINDS.items():
        last = max(_made(folder, kind), default=None)
        if last is None or at - last >= WHOLE_EVERY:
            logger.info("Made %s", make(folder, to=to, at=at).name)
            forget_files(folder, before=at - timedelta(days=for_days), at=at)
    forget(folder, before=at - timedelta(days=for_days))


def forget(folder: Path, *, before: datetime) -> None:
    """Delete the backups of before, and the log that only they needed; the newest of each kind stays."""
    for kind in KINDS:
        for old in sorted(made for made in _made(folder, kind) if made < before)[: len(_made(folder, kind)) - 1]:
            shutil.rmtree(folder / _name(kind, old))
    oldest = min(_made(folder, "base"), default=None)
    for part in (folder / "log").glob("*.age"):
        if oldest and part.suffixes[:1] != [".history"] and part.stat().st_mtime < oldest.timestamp():
            part.unlink()


def _name(kind: str, made: datetime) -> str:
    return f"{made:%Y-%m-%dT%H%M%SZ}-{kind}"


def _made(folder: Path, kind: str) -> list[datetime]:
    """Return when each whole backup of a kind was made."""
    return [
        datetime.strptime(manifest.parent.name, f"%Y-%m-%dT%H%M%SZ-{kind}").replace(tzinfo=UTC)
        for manifest in folder.glob(f"*-{kind}/manifest.json")
    ]
