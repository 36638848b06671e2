"""What became of each row: a report of all rows, and a file of those that were refused, ready to be mended."""

import csv
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

from accounts.tables import Row
from lessons.importing.drafts import Problem

REASON = "reason"


class Outcome(Enum):
    ADDED = "added"
    WOULD_BE_ADDED = "would be added"
    ALREADY_THERE = "already there"
    REFUSED = "refused"


class Report:
    """Writes `<name>.report.csv` and, if a row is refused, `<name>.rejected.csv` into a folder.

    Files of an earlier import of the same name are replaced.
    """

    def __init__(self, folder: Path, name: str, columns: tuple[str, ...]) -> None:
        """:raises OSError: the folder cannot be written"""
        self.path, self.rejects_path = folder / f"{name}.report.csv", folder / f"{name}.rejected.csv"
        self.counts: Counter[Outcome] = Counter()
        self.notes: Counter[str] = Counter()
        self._columns = [column for column in columns if column != REASON]
        self._files = ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        self.rejects_path.unlink(missing_ok=True)
        self._report = self._open(self.path)
        self._report.writerow(["line", "outcome", "reference", "field", "what is wrong", "what to do"])
        self._rejects: Any = None

    def __enter__(self) -> "Report":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    def passed(self, row: Row, outcome: Outcome, reference: str = "", notes: Iterable[Problem] = ()) -> None:
        self.counts[outcome] += 1
        self._report.writerow([row.line, outcome.value, reference, "", "", ""])
        for note in notes:
            self.notes[note.what] += 1
            self._report.writerow([row.line, "left out", reference, note.field, note.what, note.to_do])

    def refused(self, row: Row, problems: Iterable[Problem]) -> None:
        self.counts[Outcome.REFUSED] += 1
        problems = list(problems)
        for problem in problems:
            self._report.writerow([row.line, Outcome.REFUSED.value, "", problem.field, problem.what, problem.to_do])
        if self._rejects is None:
            self._rejects = self._open(self.rejects_path)
            self._rejects.writerow([*self._columns, REASON])
        reason = " ".join(f"{problem.field}: {problem.what}".removeprefix(": ") for problem in problems)
        self._rejects.writerow([*(row.cells.get(column, "") for column in self._columns), reason])

    def _open(self, path: Path) -> Any:
        # With a mark at the start, so that spreadsheets read it as UTF-8.
        return csv.writer(self._files.enter_context(path.open("w", encoding="utf-8-sig", newline="")))
