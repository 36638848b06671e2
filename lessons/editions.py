"""A new edition of the risk register beside the last: what is new, gone and renamed, and which entries may be one.

The same code in two editions is the same risk, and lessons, filters and subscriptions hold codes.  So where somebody
confirms that an entry with a new code is a risk known under an old one, the new edition takes it in under the old
code: nothing that is published has to be tagged again.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import cached_property

from accounts.models import AuditEvent
from accounts.reference_files import ReferenceFile
from lessons.look_alikes import alike
from lessons.models import NationalRisk
from lessons.reference import read_risks, risk_of

FILE_NAME = "register.csv"  # as the messages call the file
LONGEST_FILE = 1_000_000  # bytes
#: Names at least this much alike are suggested as the same risk; the same theme adds a little.
SUGGESTED = 0.3
SAME_THEME = 0.1
MOST_SUGGESTIONS = 3
#: The audit trail's word for "this entry of the new edition is the risk of that code".
MAPPED = "register.map"


@dataclass(frozen=True)
class Edition:
    """A file that was read: one edition, or what is wrong with it."""

    entries: tuple[NationalRisk, ...]
    problems: tuple[str, ...]
    digest: str

    @property
    def name(self) -> str:
        return self.entries[0].edition

    @property
    def codes(self) -> set[str]:
        return {entry.code for entry in self.entries}


def read_edition(content: bytes) -> Edition:
    """Read the content of a CSV file with the columns of data/national_risks.csv."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE_NAME
        path.write_bytes(content)
        file = read_risks(path)
    _must_be_one_edition(file)
    sound = () if file.problems else tuple(risk_of(row) for row in file.rows)
    return Edition(sound, tuple(file.problems), hashlib.sha256(content).hexdigest())


def _must_be_one_edition(file: ReferenceFile) -> None:
    for row in file.rows[1:]:
        first, this = file.rows[0].cells.get("edition", ""), row.cells.get("edition", "")
        if this != first:
            file.wrong(row, f"edition is “{this}”, the first row has “{first}”. Load one edition at a time.")


@dataclass(frozen=True)
class Gone:
    """An entry of the edition before whose code is not in the new one.

    :param lessons: publications that carry its code
    :param suggestions: new entries that may be the same risk, most alike first
    """

    risk: NationalRisk
    lessons: int
    suggestions: tuple[NationalRisk, ...]


@dataclass(frozen=True)
class Renamed:
    code: str
    before: NationalRisk
    after: NationalRisk


class Comparison:
    """A new edition and the newest stored one that is older."""

    def __init__(self, edition: Edition, *, lessons: dict[str, int]) -> None:
        """:param lessons: number of publications by the code of a risk"""
        self.edition = edition
        self.lessons = lessons
        others = NationalRisk.objects.exclude(edition=edition.name).values_list("code", flat=True)
        self.known = set(others)
        stored = set(NationalRisk.objects.values_list("edition", flat=True))
        self.is_stored = edition.name in stored
        self.before_name = max((name for name in stored if name < edition.name), default="")
        self.before = {risk.code: risk for risk in NationalRisk.objects.filter(edition=self.before_name)}
        self.confirmed_before = confirmed_codes(edition.name)

    @cached_property
    def new(self) -> list[NationalRisk]:
        """Entries whose code the edition before does not have, and that were not confirmed to be one of it."""
        known = self.before.keys() | self.confirmed_before.keys()
        return sorted((entry for entry in self.edition.entries if entry.code not in known), key=lambda e: e.name)

    @property
    def unknown(self) -> list[NationalRisk]:
        """New entries with a code that no edition has had: each may be a risk that has lost its code."""
        return [entry for entry in self.new if entry.code not in self.known]

    @cached_property
    def gone(self) -> list[Gone]:
        kept = self.edition.codes | set(self.confirmed_before.values())
        rows = [risk for code, risk in self.before.items() if code not in kept]
        return [
            Gone(risk, self.lessons.get(risk.code, 0), self._suggestions(risk))
            for risk in sorted(rows, key=lambda risk: risk.name)
        ]

    @cached_property
    def renamed(self) -> list[Renamed]:
        """Entries that keep their code under another name or theme."""
        pairs = [(self.before[entry.code], entry) for entry in self.edition.entries if entry.code in self.before]
        changed = [(old, new) for old, new in pairs if (old.name, old.theme) != (new.name, new.theme)]
        return [Renamed(new.code, old, new) for old, new in sorted(changed, key=lambda pair: pair[1].name)]

    @property
    def same(self) -> int:
        """How many entries keep code, name and theme; they may have another number."""
        return len(self.edition.entries) - len(self.new) - len(self.renamed)

    def _suggestions(self, risk: NationalRisk) -> tuple[NationalRisk, ...]:
        scored = [(likeness(risk, entry), entry) for entry in self.unknown]
        best = sorted((pair for pair in scored if pair[0] >= SUGGESTED), key=lambda pair: (-pair[0], pair[1].name))
        return tuple(entry for _, entry in best[:MOST_SUGGESTIONS])


def likeness(one: NationalRisk, other: NationalRisk) -> float:
    """Return how alike two entries are, from their names and themes."""
    return alike(one.name, other.name) + (SAME_THEME if one.theme_code == other.theme_code else 0)


def confirmed_codes(edition: str) -> dict[str, str]:
    """Return what was confirmed for an edition before: code in the file -> code that the risk is stored under."""
    stored = {str(pk): code for pk, code in NationalRisk.objects.filter(edition=edition).values_list("pk", "code")}
    events = AuditEvent.objects.filter(
        action=MAPPED, object_type=NationalRisk._meta.label_lower, object_id__in=list(stored)
    )
    return {event.reason: stored[event.object_id] for event in events.order_by("pk")}
