"""What a rule found."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lessons.models.warnings import WarningKind


@dataclass(frozen=True)
class Found:
    """Some words of a text that a person has to judge; `end` is the place after the last character."""

    kind: WarningKind
    start: int
    end: int
    words: str

    @property
    def digest(self) -> str:
        """Tells these words from others, so that an answer holds for as long as they stand there."""
        return hashlib.sha256(" ".join(self.words.split()).encode()).hexdigest()


#: A rule looks through one field.
Check = Callable[[str], Iterator[Found]]
