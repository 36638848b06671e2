"""From a row to a draft: every value checked, every fault said with line, field and what to do."""

import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_noop

from accounts.tables import Row
from lessons.importing.column_map import ColumnMap, Source
from lessons.importing.fields import CHOICES, FIELDS, NAMES, ONE_NAME, SEVERAL_CHOICES, Takes, longest
from lessons.importing.names import Names
from lessons.models import Attribution, Marking

#: What a spreadsheet would calculate: = at the start, or another sign followed by a call.
FORMULA = re.compile(r"\s*(?:[=＝]|[+\-@＋－＠]\S*[(|!])")
FORMULA_FOUND, WRITE_AS_TEXT = gettext_noop("The cell begins like a formula."), gettext_noop("Write it as plain text.")
YES, NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0", ""}


@dataclass(frozen=True)
class Problem:
    field: str
    what: str
    to_do: str
    value: str = ""  # what stood there, where it is a name that is not known


@dataclass
class Draft:
    """One lesson to be, in values that the actions take; reference data as codes."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)  # by field of the map
    problems: list[Problem] = field(default_factory=list)  # any: the row is refused
    notes: list[Problem] = field(default_factory=list)  # left out, the row passes

    @property
    def external_id(self) -> str:
        return str(self.values.get("external_id", ""))

    @property
    def event(self) -> dict[str, Any]:
        """Fields of the event, besides areas and organisations."""
        names = {name.removeprefix("event."): value for name, value in self.values.items() if name.startswith("event.")}
        return {name: value for name, value in names.items() if name not in {"areas", "organisations"}}

    @property
    def wording(self) -> dict[str, Any]:
        """Fields of the lesson that its owner writes."""
        apart = {*NAMES, *ONE_NAME, "external_id", "kind", "recommendation", "recommendation_by_whom"}
        words = {n: v for n, v in self.values.items() if n not in apart and not n.startswith("event.")}
        if text := self.values.get("recommendation"):
            by_whom = self.values.get("recommendation_by_whom", "")
            words["recommendations"] = [{"text": text, "by_whom": by_whom}]
        return words | {name: self.codes(name) for name in ("audience_sectors", "audience_areas")}

    def codes(self, name: str) -> list[str]:
        return list(self.values.get(name, []))


class DraftMaker:
    """Makes drafts of the rows of one file."""

    def __init__(self, column_map: ColumnMap, names: Names) -> None:
        self.map, self.names = column_map, names

    def make(self, row: Row) -> Draft:
        draft = Draft(row.line)
        if row.problem:
            draft.problems.append(Problem("", row.problem, "Mend the row and import it again."))
            return draft
        for column in self.map.columns:
            if FORMULA.match(row.cells[column]):
                self._refuse(draft, column, FORMULA_FOUND, WRITE_AS_TEXT)
        draft.values = {"attribution": Attribution.ORGANISATION, "event.marking": Marking.OFFICIAL}
        for name, given in self.map.read(row.cells).items():
            self._take(draft, name, given, self.map.sources[name])
        if not draft.external_id:
            self._refuse(draft, "external_id", "It is empty.", "Give each row an id of its own that stays the same.")
        return draft

    def _refuse(self, draft: Draft, name: str, what: str, to_do: str) -> None:
        draft.problems.append(Problem(name, what, to_do))

    def _take(self, draft: Draft, name: str, given: str | list[str], source: Source) -> None:
        takes = FIELDS[name]
        if isinstance(given, list):
            take = self._choices if takes == Takes.CHOICES else self._names
            take(draft, name, given, source)
        elif takes == Takes.NAME:
            self._one_name(draft, name, given, source)
        elif takes == Takes.TEXT:
            draft.values[name] = self._text(draft, name, given, source)
        elif takes == Takes.RECOMMENDATIONS:
            draft.values[name] = self._recommendations(draft, name, given)
        elif takes == Takes.DATE:
            draft.values[name] = self._date(draft, name, given)
        elif takes == Takes.FLAG:
            self._flag(draft, name, given)
        elif given:
            self._choices(draft, name, [given], source)
            draft.values[name] = next(iter(draft.values[name]), "")

    def _text(self, draft: Draft, name: str, given: str, source: Source) -> str:
        text, limit = given.replace("\r\n", "\n").replace("\r", "\n"), longest(name)
        if source.shorten:
            return shortened(text, min(limit, source.shorten))
        if len(text) > limit:
            what = f"It has {len(text):,} characters; {limit:,} is the most."
            self._refuse(draft, name, what, "Shorten it, or say “shorten” in the column map.")
        if name == "contact" and text:
            try:
                validate_email(text)
            except ValidationError:
                self._refuse(draft, name, f"“{text}” is no email address.", "Give a mailbox, such as jol@example.org.")
        return text

    def _recommendations(self, draft: Draft, name: str, given: str) -> list[dict[str, str]]:
        try:
            found = json.loads(given or "[]")
            return [{"text": str(one["text"]), "by_whom": str(one.get("by_whom", ""))} for one in found]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._refuse(draft, name, "It is no JSON list of recommendations.", "Write a list of objects with “text”.")
            return []

    def _date(self, draft: Draft, name: str, given: str) -> date | None:
        if not given:
            return None
        for form in self.map.date_formats:
            try:
                return datetime.strptime(given, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        what = f"“{given}” is no date of the form {' or '.join(self.map.date_formats)}."
        self._refuse(draft, name, what, "Write the date so, or add its form to “date_formats” in the column map.")
        return None

    def _flag(self, draft: Draft, name: str, given: str) -> None:
        if given.casefold() in YES | NO:
            unknown = given == "" and name == "event.major_incident"
            draft.values[name] = None if unknown else given.casefold() in YES
        else:
            self._refuse(draft, name, f"“{given}” is neither yes nor no.", "Write yes or no.")

    def _choices(self, draft: Draft, name: str, given: list[str], source: Source) -> None:
        allowed = (CHOICES | SEVERAL_CHOICES)[name].values
        for value in given:
            if value not in allowed:
                what = f"“{value}” is not allowed here."
                self._refuse(draft, name, what, f"Write one of: {', '.join(allowed)}.")
        draft.values[name] = [value for value in given if value in allowed]

    def _one_name(self, draft: Draft, name: str, given: str, source: Source) -> None:
        self._names(draft, name, [given] if given else [], source)
        draft.values[name] = next(iter(draft.values[name]), None)

    def _names(self, draft: Draft, name: str, given: list[str], source: Source) -> None:
        lists = (NAMES | ONE_NAME)[name]
        found: dict[str, list[str]] = {one: [] for one in lists}
        for value in given:
            codes = self.names.find(lists, value)
            for one in codes:
                found[one] += codes[one]
            if not codes:
                known = " or ".join(lists)
                what, to_do = f"“{value}” is no {known} we know.", "Use its code or name, or add an alias."
                problem = Problem(name, what, to_do, value)
                (draft.notes if source.leave_out_unknown else draft.problems).append(problem)
        if name == "topics":
            for one, target in (("theme", "themes"), ("capability", "capabilities")):
                draft.values[target] = list(dict.fromkeys(draft.codes(target) + found[one]))
        else:
            before = draft.codes(name) if name in {"themes", "capabilities"} else []
            draft.values[name] = list(dict.fromkeys(before + found[lists[0]]))


def shortened(text: str, limit: int) -> str:
    """Return `text` cut at a word, with an ellipsis, within `limit` characters."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(None, 1)[0].rstrip(" ,;:-–") + "…"
