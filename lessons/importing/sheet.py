"""The debrief sheet: a table of lessons in plain words, which becomes drafts.

Its columns, the template to download and the map from columns to fields are made of one list, `COLUMNS`.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from accounts.models import Organisation, ResilienceArea, User
from accounts.tables import Row
from lessons.importing.column_map import ColumnMap, column_map
from lessons.importing.drafts import Draft, DraftMaker, Problem
from lessons.importing.intake import Intake
from lessons.importing.names import Names
from lessons.importing.sheet_words import plain_words
from lessons.models import Brag, Capability, EventKind, Kind, Lesson, Marking, NationalRisk, Theme

ROWS_LIMIT = 200
#: What the page can send back and forth; a longer sheet is for `import_lessons`.
TEXT_LIMIT = 500_000  # characters
#: column of the sheet -> field of a lesson
COLUMNS = {
    "Title": "title",
    "Kind": "kind",
    "Event": "event.name",
    "Kind of event": "event.kind",
    "Date of the event": "event.started_on",
    "Resilience area": "area",
    "What happened": "what_happened",
    "Situation": "context",
    "Impact": "impact",
    "Why it happened": "why",
    "The lesson": "statement",
    "Recommendation": "recommendation",
    "Who should do it": "recommendation_by_whom",
    "Why no recommendation": "no_recommendation_because",
    "Action already taken": "action_taken",
    "Benefit": "benefit",
    "Evidence of the benefit": "evidence",
    "What it takes to copy it": "to_copy_it",
    "National Risks": "risks",
    "Principles and topics": "topics",
    "Capabilities": "capabilities",
    "BRAG rating": "brag",
    "Marking": "marking",
    "Handling instruction": "handling",
}
NEEDED = ("Title", "Event")
#: Columns that hold one name or answer of a list.
ONE_OF = ("Kind", "Kind of event", "Resilience area", "BRAG rating", "Marking")
LISTS = {"National Risks", "Principles and topics", "Capabilities"}


def _in_english(choices: type[Kind] | type[EventKind] | type[Brag] | type[Marking]) -> list[tuple[str, str]]:
    """Return codes and labels as they stand in every sheet, whatever the language of who fills it in or sends it."""
    with translation.override(settings.LANGUAGE_CODE):
        return [(code, str(label)) for code, label in choices.choices]


def _codes(choices: type[Kind] | type[EventKind] | type[Brag] | type[Marking]) -> dict[str, str]:
    """Return what people write for each code: its label, the label up to a colon, in capitals or not."""
    written: dict[str, str] = {}
    for code, label in _in_english(choices):
        short = str(label).split(":")[0]
        written |= dict.fromkeys([str(label), short, short.lower(), short.upper(), short.capitalize()], code)
    return written


def sheet_map() -> ColumnMap:
    """Return the map of the debrief sheet.  A row is known again by its event's date and its title."""
    fields: dict[str, object] = {name: f"{{{column}}}" for column, name in COLUMNS.items()}
    fields["external_id"] = {"from": ["{Date of the event} {Title}", "{Title}"], "shorten": 100}
    fields["kind"] = {"from": "{Kind}", "values": _codes(Kind) | {"": Kind.LESSON_IDENTIFIED}}
    fields["event.kind"] = {"from": "{Kind of event}", "values": _codes(EventKind)}
    fields["event.precision"] = "day"
    fields["brag"] = {"from": "{BRAG rating}", "values": _codes(Brag)}
    fields["marking"] = {"from": "{Marking}", "values": _codes(Marking)}
    formats = ["%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y", "%d.%m.%Y", "%d/%m/%y"]
    return column_map({"fields": fields, "list_separator": ";", "date_formats": formats}, "sheet")


@dataclass(frozen=True)
class CellProblem:
    column: str
    what: str
    to_do: str


@dataclass
class SheetRow:
    """A row of a sheet, looked through."""

    row: Row
    draft: Draft
    is_known: bool = False  # the organisation has it already
    problems: list[CellProblem] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.problems or self.is_known)


class Sheet:
    """Rows to become drafts of one organisation."""

    def __init__(self, organisation: Organisation) -> None:
        """:raises UnreadableTable: the project's own file of aliases is broken"""
        self.organisation = organisation
        self.maker = DraftMaker(sheet_map(), Names())
        self.intake = Intake()
        self._offered: dict[str, list[str]] | None = None

    def look_through(self, rows: Iterable[Row]) -> list[SheetRow]:
        """Return the rows with what is wrong in them, cell by cell."""
        known = self.intake.known(self.organisation)
        seen: dict[str, int] = {}
        looked = []
        for row in rows:
            whole = Row(row.line, {column: row.cells.get(column, "") for column in COLUMNS}, [], row.problem)
            draft = self.maker.make(whole)
            one = SheetRow(whole, draft, draft.external_id in known)
            one.problems = list(self._problems(whole, draft, seen))
            looked.append(one)
        return looked

    def _problems(self, row: Row, draft: Draft, seen: dict[str, int]) -> Iterator[CellProblem]:
        for column in NEEDED:
            if not row.cells[column]:
                to_do = gettext("Enter the title.") if column == "Title" else gettext("Enter the event.")
                yield CellProblem(column, gettext("It is empty."), to_do)
        for problem in draft.problems:
            if problem.field != "external_id":
                column = self._column_of(problem)
                yield CellProblem(column, *plain_words(problem, column, row.cells.get(column, ""), self.choices))
        first = seen.setdefault(draft.external_id, row.line)
        if draft.external_id and first != row.line:
            what = gettext("Row %(row)s has the same title and date.") % {"row": first}
            yield CellProblem("Title", what, gettext("Change one, or leave one out."))

    def choices(self) -> dict[str, list[str]]:
        if self._offered is None:
            self._offered = choices_of()
        return self._offered

    def _column_of(self, problem: Problem) -> str:
        if problem.field in COLUMNS:
            return problem.field
        return next((column for column, name in COLUMNS.items() if name == problem.field), "")

    @transaction.atomic
    def make_drafts(self, rows: Iterable[SheetRow], *, by: User, at: datetime) -> list[Lesson]:
        """Write a draft of every good row: all, or none if one is refused.

        :raises PermissionDenied: `by` may not write for the organisation
        """
        good = [one for one in rows if one.is_good]
        return [self.intake.write_draft(one.draft, organisation=self.organisation, by=by, at=at) for one in good]


# -- the template ------------------------------------------------------------------------------------
def choices_of() -> dict[str, list[str]]:
    """Return what can be written in the columns that take names or short answers."""
    themes = Theme.objects.order_by("group", "name").values_list("name", flat=True)
    return {
        "Kind": [label for _, label in _in_english(Kind)],
        "Kind of event": [label for _, label in _in_english(EventKind)],
        "Resilience area": list(ResilienceArea.objects.current().order_by("name").values_list("name", flat=True)),
        "National Risks": sorted(NationalRisk.objects.current().values_list("name", flat=True)),
        "Principles and topics": list(themes),
        "Capabilities": list(Capability.objects.order_by("name").values_list("name", flat=True)),
        "BRAG rating": [label.split(":")[0] for _, label in _in_english(Brag)],
        "Marking": [label for _, label in _in_english(Marking)],
    }


def template() -> bytes:
    """Return an empty sheet as a workbook: the columns, and a second sheet with the lists to choose from."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = "Lessons"
    sheet.append(list(COLUMNS))
    sheet.freeze_panes = "B2"
    lists = book.create_sheet("Lists")
    choices = choices_of()
    lists.append([f"{column} (several: with ; between)" if column in LISTS else column for column in choices])
    for number, offered in enumerate(choices.values(), start=1):
        for place, words in enumerate(offered, start=2):
            lists.cell(row=place, column=number, value=words)
    for number, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 24
        sheet.cell(row=1, column=number).font = Font(bold=True)
        sheet.cell(row=1, column=number).alignment = Alignment(wrap_text=True, vertical="top")
        if column in choices and column not in LISTS:
            source = get_column_letter(list(choices).index(column) + 1)
            last = len(choices[column]) + 1
            rule = DataValidation("list", formula1=f"Lists!${source}$2:${source}${last}", allow_blank=True)
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{ROWS_LIMIT + 1}")
    for number in range(1, len(choices) + 1):
        lists.column_dimensions[get_column_letter(number)].width = 34
        lists.cell(row=1, column=number).font = Font(bold=True)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
