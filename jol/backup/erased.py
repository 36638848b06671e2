"""Who was erased, beside the backups: an older backup would bring their names back, and they are erased again.

A line for each holds the number of the account and when it was made, which tells it from another with that number.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from accounts.models import User
from accounts.records.erasure import ERASED, ErasureError, erase

NAME = "erased.ndjson"


def note_erased(folder: Path) -> int:
    """Add who was erased since to the list in the folder of the backups; return how many."""
    known = set(_listed(folder))
    erased = User.objects.filter(email__endswith=ERASED).order_by("pk").values_list("pk", "joined_at")
    new = [(pk, joined_at) for pk, joined_at in erased if (pk, joined_at) not in known]
    if new:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / NAME).open("a", encoding="ascii") as file:
            for pk, joined_at in new:
                file.write(f"{json.dumps({'person': pk, 'joined_at': joined_at.isoformat()})}\n")
    return len(new)


def erase_again(folder: Path, *, at: datetime) -> Iterator[str]:
    """Erase everybody of the list who is in the database with a name; yield whom that could not be done for."""
    for pk, joined_at in _listed(folder):
        person = User.objects.filter(pk=pk, joined_at=joined_at).exclude(email__endswith=ERASED).first()
        if person:
            try:
                erase(user=person, by=None, at=at)
            except ErasureError as error:
                yield f"person {pk} was erased after this backup: {error}"


def _listed(folder: Path) -> Iterator[tuple[int, datetime]]:
    path = folder / NAME
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else []:
        said = json.loads(line)
        yield said["person"], datetime.fromisoformat(said["joined_at"])
