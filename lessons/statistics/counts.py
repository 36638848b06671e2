"""What the database counts, always over publications that the reader may read."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from math import ceil

from django.db import connection
from django.db.models import CharField, Count, F, Func, Max
from django.db.models.functions import ExtractYear, TruncMonth
from django.utils.translation import gettext

from lessons.models import PublicationQuerySet, Tier

#: Fewer than these are not told where they could point at somebody.
SMALLEST_TOLD = 5


def too_few() -> str:
    """Return what stands for a number that is not told."""
    return gettext("fewer than %(number)s") % {"number": SMALLEST_TOLD}


#: Of each tier and year of publication: how many took so many days.
DAYS_TAKEN = """
SELECT l.tier, extract(year FROM f.published_at AT TIME ZONE 'Europe/London')::int,
       round(extract(epoch FROM f.published_at - l.submitted_at) / 86400)::int, count(*)
FROM lessons_lesson l JOIN lessons_publication f ON f.lesson_id = l.id AND f.version = 1
WHERE l.submitted_at <= f.published_at AND l.id IN ({lessons})
GROUP BY 1, 2, 3
"""


@dataclass
class TermCounts:
    """How many publications have each term, by the year of the event; and when the last of them was published."""

    years: dict[str, dict[int | None, int]] = field(default_factory=dict)  # term -> year -> count
    last: dict[str, datetime] = field(default_factory=dict)

    def under(self, prefix: str) -> dict[str, int]:
        """Return code -> count of the terms under `prefix`."""
        start = f"{prefix}:"
        return {t.removeprefix(start): sum(years.values()) for t, years in self.years.items() if t.startswith(start)}

    def by_year(self, prefix: str) -> dict[str, dict[int | None, int]]:
        start = f"{prefix}:"
        return {t.removeprefix(start): years for t, years in self.years.items() if t.startswith(start)}

    def last_under(self, prefix: str) -> dict[str, datetime]:
        start = f"{prefix}:"
        return {t.removeprefix(start): at for t, at in self.last.items() if t.startswith(start)}

    @property
    def total(self) -> int:
        """Each publication has one kind."""
        return sum(self.under("kind").values())


def count_terms(found: PublicationQuerySet) -> TermCounts:
    """Count every term in one query."""
    rows = (
        found.order_by()
        .annotate(
            term=Func(F("terms"), function="unnest", output_field=CharField()),
            year=ExtractYear("event_on"),
        )
        .values("term", "year")
        .annotate(count=Count("pk"), last=Max("published_at"))
        .values_list("term", "year", "count", "last")
    )
    counts = TermCounts()
    for term, year, count, last in rows:
        counts.years.setdefault(term, {})[year] = count
        counts.last[term] = max(last, counts.last.get(term, last))
    return counts


def together(parts: Sequence[TermCounts]) -> TermCounts:
    """Return the counts of publications that were counted in parts."""
    with_some = [part for part in parts if part.years]
    if len(with_some) == 1:
        return with_some[0]
    counts = TermCounts()
    for part in with_some:
        for term, years in part.years.items():
            known = counts.years.setdefault(term, {})
            for year, count in years.items():
                known[year] = known.get(year, 0) + count
            counts.last[term] = max(part.last[term], counts.last.get(term, part.last[term]))
    return counts


def count_months(found: PublicationQuerySet, *, moment: str) -> Counter[date]:
    """Return how many there are by the first day of the month of `moment`, in London."""
    rows = (
        found.filter(**{f"{moment}__isnull": False})
        .order_by()
        .annotate(month=TruncMonth(moment))
        .values("month")
        .annotate(count=Count("pk"))
        .values_list("month", "count")
    )
    return Counter({month.date(): count for month, count in rows})


CountMonths = Callable[[PublicationQuerySet], Counter[date]]
count_published: CountMonths = partial(count_months, moment="published_at")
count_submitted: CountMonths = partial(count_months, moment="lesson__submitted_at")


@dataclass(frozen=True)
class Pace:
    """Whole days from submission to the first publication.

    :ivar year: of publication; None: all years
    """

    tier: str
    year: int | None
    lessons: int
    median_days: int
    ninetieth_days: int

    @property
    def is_told(self) -> bool:
        return self.lessons >= SMALLEST_TOLD

    @property
    def tier_name(self) -> str:
        return str(Tier(self.tier).label)


DaysTaken = Counter[tuple[str, int, int]]


def count_days_taken(found: PublicationQuerySet) -> DaysTaken:
    """Return how many lessons there are by tier, year of the first publication and whole days from submission to it."""
    sql, parameters = found.order_by().values("lesson_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(DAYS_TAKEN.format(lessons=sql), parameters)
        return Counter({(tier, year, days): count for tier, year, days, count in cursor.fetchall()})


def pace_of(taken: DaysTaken) -> list[Pace]:
    """Return the pace of each tier, over all years and by year of publication."""
    groups: dict[tuple[str, int | None], list[int]] = {}
    for (tier, year, days), count in sorted(taken.items()):
        groups.setdefault((tier, None), []).extend([days] * count)
        groups.setdefault((tier, year), []).extend([days] * count)
    for ranked in groups.values():
        ranked.sort()
    in_order = sorted(groups, key=lambda group: (group[0], group[1] or 0))
    return [
        Pace(*group, len(groups[group]), _days_of(groups[group], 0.5), _days_of(groups[group], 0.9))
        for group in in_order
    ]


def _days_of(ranked: Sequence[int], share: float) -> int:
    """Return the days within which so many were published, between two lessons where it falls between them."""
    at = share * (len(ranked) - 1)
    below, above = ranked[int(at)], ranked[ceil(at)]
    return round(below + (above - below) * (at % 1))
