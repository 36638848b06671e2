"""Attachments in backups: each sealed once, when it is new, and brought back by the rows of the database."""

import hashlib
import io
import os
from datetime import datetime
from pathlib import Path

import pyrage

from jol.backup import BackupError
from jol.backup.sealing import seal, unseal
from lessons.attachments.store import opened, save
from lessons.models import Attachment

FOLDER = "attachments"


def seal_new(folder: Path, *, to: str) -> int:
    """Seal each attachment that has no copy in the backups of `folder`; return how many."""
    number = 0
    for key, sha256 in Attachment.objects.kept().order_by("pk").values_list("key", "sha256"):
        target = _copy(folder, key, sha256)
        if target.exists():
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with opened(key) as file:
                seal(file, target, to=to)
        except FileNotFoundError:  # taken out since we asked; if it is wanted, the way back says so
            continue
        number += 1
    return number


def forget_files(folder: Path, *, before: datetime, at: datetime) -> None:
    """Delete the copies of files that were taken out before then: no backup that is kept has their rows.

    The time of a copy is the last at which a row wanted it.
    """
    wanted = {_copy(folder, key, sha256) for key, sha256 in Attachment.objects.kept().values_list("key", "sha256")}
    for copy in (folder / FOLDER).rglob("*.age"):
        if copy in wanted:
            os.utime(copy, (at.timestamp(), at.timestamp()))
        elif copy.stat().st_mtime < before.timestamp():
            copy.unlink()


def bring_back(folder: Path, *, key: pyrage.x25519.Identity) -> tuple[int, list[str]]:
    """Store each attachment of the database as its row says it was; return how many, and what is wrong with others."""
    number, faults = 0, []
    for attachment in Attachment.objects.kept().order_by("pk"):
        content = io.BytesIO()
        try:
            unseal(_copy(folder, attachment.key, attachment.sha256), content, key=key)
        except BackupError as error:
            faults.append(f"attachment {attachment.key}: {error}")
            continue
        if hashlib.sha256(content.getvalue()).hexdigest() != attachment.sha256:
            faults.append(f"attachment {attachment.key}: its content is not what its row says")
            continue
        save(attachment.key, content)
        number += 1
    return number, faults


def _copy(folder: Path, key: str, sha256: str) -> Path:
    """A photograph is drawn anew under the same key when it is checked, so the name says which it is."""
    return folder / FOLDER / key[:2] / f"{key}-{sha256[:12]}.age"
