"""One attempt to make a move: what it was given, and what it found on the way."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from lessons.models import Lesson, Move, Publication


@dataclass
class Attempt:
    lesson: Lesson  # locked by the caller's transaction
    move: Move
    by: User
    at: datetime
    note: str = ""
    reason: str = ""
    fields: tuple[str, ...] = ()
    to: User | None = None  # reassign: who gets it
    target: Lesson | None = None  # merge: into what
    change: str = ""  # publish again: minor or substantive
    # -- found on the way, recorded with the move --
    publication: Publication | None = None
    text_digest: str = ""
    snapshot: dict[str, Any] | None = None
    changed: set[str] = field(default_factory=set)  # columns of the lesson to save

    def set(self, **columns: Any) -> None:
        """Change columns of the lesson; they are saved with its status."""
        for name, value in columns.items():
            setattr(self.lesson, name, value)
        self.changed |= set(columns)
