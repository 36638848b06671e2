"""What a reader studies: the publications, their counts, and the addresses of the lists that are counted."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_noop

from accounts.models import ResilienceArea, User
from lessons.filters import CODES, LessonFilters
from lessons.kept import EVERYTHING, Counted, count_as_one, count_in_parts
from lessons.models import Publication, PublicationQuerySet
from lessons.statistics.counts import (
    CountMonths,
    DaysTaken,
    Pace,
    TermCounts,
    count_days_taken,
    count_terms,
    pace_of,
    together,
)
from lessons.statistics.drawing import Row

NOTHING = gettext_noop("Nothing is published yet that you may read")


@dataclass
class Figure:
    """One chart.

    :ivar title: a sentence that says what it shows
    :ivar head: of the table; the first column names the row
    :ivar shape: the template that draws it: bars, columns, tiles, matrix or table
    :ivar drawn: what that template is given
    """

    code: str
    title: str
    head: list[str]
    rows: list[Row]
    shape: str = "bars"
    drawn: Any = None
    note: str = ""
    columns: list[str] = field(default_factory=list)

    def cells(self) -> Iterable[list[Any]]:
        """Return the rows of the CSV file."""
        return ([row.name, row.shown, *row.more] for row in self.rows)


class Study:
    """All that `user` may read and the filters find; it is counted when that is first asked for."""

    def __init__(self, user: User, filters: LessonFilters, at: datetime) -> None:
        self.user, self.filters, self.at = user, filters, at
        self.chosen = {name: str(value) for name, value in filters.cleaned.items()}

    @cached_property
    def whole(self) -> PublicationQuerySet:
        """Everything, whatever is filtered.

        For what no lesson says by itself: from two filters that differ in one lesson its own value could be reckoned.
        """
        return Publication.objects.readable_by(self.user)

    @cached_property
    def found(self) -> PublicationQuerySet:
        return self.filters.apply(self.whole)

    @cached_property
    def counts(self) -> TermCounts:
        return together(self.in_parts(count_terms))

    def in_parts(self, count: Callable[[PublicationQuerySet], Counted]) -> list[Counted]:
        """Count what is found; see `lessons.kept`."""
        return count_in_parts(self.found, self.user, count, by=self._by)

    def as_one(self, count: Callable[[PublicationQuerySet], Counted]) -> Counted:
        return count_as_one(self.found, self.user, count, by=self._by)

    @property
    def _by(self) -> Hashable:
        """By what is narrowed; None for words: what they find depends on all that one may read."""
        return None if "q" in self.chosen else tuple(sorted(self.chosen.items()))

    def whole_in_parts(self, count: Callable[[PublicationQuerySet], Counted]) -> list[Counted]:
        return count_in_parts(self.whole, self.user, count, by=EVERYTHING)

    def months(self, count: CountMonths) -> dict[date, int]:
        """Return how many are found by the first day of a month, in order."""
        return dict(sorted(sum(self.in_parts(count), Counter[date]()).items()))

    @cached_property
    def pace(self) -> list[Pace]:
        """How long it took until each was published, whatever is filtered."""
        return pace_of(sum(self.whole_in_parts(count_days_taken), DaysTaken()))

    @cached_property
    def last_of_organisations(self) -> dict[str, datetime]:
        """When something that names it was last published, by the organisation's code; whatever is filtered."""
        return together(self.whole_in_parts(count_terms)).last_under("organisation")

    @cached_property
    def areas(self) -> list[ResilienceArea]:
        return list(ResilienceArea.objects.current().order_by("name"))

    def list_url(self, **more: Any) -> str:
        """Return the list of what is counted: these filters and more; "" if the list cannot ask for both at once."""
        if any(self.chosen.get(name, value) != value for name, value in more.items() if name in CODES):
            return ""
        return f"{reverse('lesson_list')}?{urlencode(self.chosen | more)}"

    def between(self, **days: date) -> dict[str, str]:
        """Return `days` as filters, but no wider than what is chosen already."""
        narrowed = {}
        for name, day in days.items():
            limits = [day.isoformat(), *([self.chosen[name]] if name in self.chosen else [])]
            narrowed[name] = max(limits) if name.endswith("since") else min(limits)
        return narrowed
