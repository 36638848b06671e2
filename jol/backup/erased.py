"""Who was erased, beside the backups: an older backup would bring their names back, and they are erased again.

A line for each holds the number of the account and when it was made, which tells it from another with that number.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from accounts.models import User
from accounts.records.erasure import ERASED, ErasureError, erase
from jol.backup import lists

NAME = "erased.ndjson"


def note_erased(folder: Path) -> int:
    """Add who was erased since to the list in the folder of the backups; return how many."""
    erased = User.objects.filter(email__endswith=ERASED).order_by("pk").values_list("pk", "joined_at")
    return lists.add(folder / NAME, ({"person": pk, "joined_at": at.isoformat()} for pk, at in erased))


def erase_again(folder: Path, *, at: datetime) -> Iterator[str]:
    """Erase everybody of the list who is in the database with a name; yield what could not be done or read."""
    listed, faults = lists.read(folder / NAME, _understood)
    for pk, joined_at in listed:
        person = User.objects.filter(pk=pk, joined_at=joined_at).exclude(email__endswith=ERASED).first()
        if person:
            try:
                erase(user=person, by=None, at=at)
            except ErasureError as error:
                yield f"person {pk} was erased after this backup: {error}"
    yield from faults


def _understood(line: Any) -> tuple[int, datetime]:
    return int(line["person"]), datetime.fromisoformat(line["joined_at"]).astimezone()
