"""The rows that the template tags draw: views make them, templates pass them on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SummaryRow:
    """A fact of a summary list; `change_url` adds a Change link."""

    key: str
    value: str
    change_url: str = ""

    @property
    def key_within_a_sentence(self) -> str:
        """The key with a small letter, unless it has others that stay: "JESIP principles", "National Risks"."""
        rest = self.key[1:]
        return self.key if rest != rest.lower() else self.key.lower()


@dataclass(frozen=True)
class Task:
    """A line of a task list; a status with a colour is drawn as a tag."""

    title: str
    url: str = ""
    status: str = ""
    colour: str = ""
    hint: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """Something that happened; `text` is what was said about it."""

    title: str
    at: datetime
    by: str = ""
    text: str = ""
