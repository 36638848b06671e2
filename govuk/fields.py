"""Form fields for dates: day, month and year, or only as much of it as is known."""

import datetime
import re
from dataclasses import dataclass
from typing import Any, Literal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from govuk.widgets import PARTS, DateInput

Precision = Literal["day", "month", "year"]
Parts = dict[str, str]

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]


@dataclass(frozen=True)
class PartialDate:
    """A date known to the day, the month or the year; `date` is the first day it can be."""

    date: datetime.date
    precision: Precision = "day"

    def __str__(self) -> str:
        month = date_format(self.date, "F Y")
        words = {"day": f"{self.date.day} {month}", "month": month, "year": str(self.date.year)}
        return words[self.precision]


A_PART = {"day": gettext_noop("a day"), "month": gettext_noop("a month"), "year": gettext_noop("a year")}


class DateField(forms.Field):
    """A date in three inputs; months may be written as words.  Cleans to a `datetime.date`.

    A query string or an API may also give it as one value: `?since=2024-03-31`.
    """

    widget = DateInput
    default_error_messages = {
        "incomplete": _("The date must include %(missing)s"),
        "not_real": _("The date must be a real date"),
        "year_digits": _("Year must include 4 numbers"),
        "year_range": _("Year must be between %(earliest)s and %(latest)s"),
    }

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        if isinstance(value, datetime.date | PartialDate):
            return value
        parts = {part: value.get(part, "").strip() for part in PARTS}
        if missing := self._missing(parts):
            self._refuse(
                "incomplete", *missing, missing=gettext(" and ").join(gettext(A_PART[part]) for part in missing)
            )
        return self._read(parts)

    def prepare_value(self, value: Any) -> Parts:
        """Return what the three inputs show."""
        if isinstance(value, dict):
            return value
        if isinstance(value, PartialDate):
            known = PARTS[PARTS.index(value.precision) :]
            return {part: str(getattr(value.date, part)) for part in known}
        if isinstance(value, datetime.date):
            return {part: str(getattr(value, part)) for part in PARTS}
        return {}

    def _missing(self, parts: Parts) -> list[str]:
        return [part for part in PARTS if not parts[part]]

    def _read(self, parts: Parts) -> Any:
        numbers = self._numbers(parts)
        try:
            return datetime.date(numbers["year"], numbers.get("month", 1), numbers.get("day", 1))
        except ValueError:  # 31 June
            self._refuse("not_real", "day")

    def _numbers(self, parts: Parts) -> dict[str, int]:
        read = {
            "day": _number(parts["day"], digits="1,2", last=31),
            "month": _month(parts["month"]) or _number(parts["month"], digits="1,2", last=12),
            "year": _number(parts["year"], digits="4", last=9999),
        }
        if wrong := [part for part in PARTS if parts[part] and not read[part]]:
            self._refuse("year_digits" if wrong == ["year"] else "not_real", *wrong)
        numbers = {part: number for part, number in read.items() if number}
        if not EARLIEST_YEAR <= numbers["year"] <= LATEST_YEAR:
            self._refuse("year_range", "year", earliest=str(EARLIEST_YEAR), latest=str(LATEST_YEAR))
        return numbers

    def _refuse(self, code: str, *wrong: str, **params: str) -> None:
        """Raise the message; `wrong` are the inputs to highlight."""
        raise ValidationError(self.error_messages[code], code=code, params={**params, "wrong": wrong})


class PartialDateField(DateField):
    """A date of which the day, or day and month, may be left empty.  Cleans to a `PartialDate`."""

    def _missing(self, parts: Parts) -> list[str]:
        needed = ["month", "year"] if parts["day"] else ["year"]
        return [part for part in needed if not parts[part]]

    def _read(self, parts: Parts) -> PartialDate:
        precision: Precision = "day" if parts["day"] else "month" if parts["month"] else "year"
        return PartialDate(super()._read(parts), precision)


def _number(text: str, *, digits: str, last: int) -> int | None:
    """Read a number from 1 to `last` with so many digits, else None."""
    if not re.fullmatch(rf"[0-9]{{{digits}}}", text):
        return None
    return int(text) if 1 <= int(text) <= last else None


def _month(text: str) -> int | None:
    """Read a month given in words, at least three letters of it."""
    if len(text) < 3:
        return None
    here = [date_format(datetime.date(2000, n, 1), "F").lower() for n in range(1, 13)]
    named = [*enumerate(MONTHS, 1), *enumerate(here, 1)]
    return next((n for n, name in named if name.startswith(text.lower())), None)
