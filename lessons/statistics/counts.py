"""What the database counts, always over publications that the reader may read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

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


PACE = """
SELECT l.tier, extract(year FROM f.published_at AT TIME ZONE 'Europe/London')::int AS year, count(*),
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP
           (ORDER BY extract(epoch FROM f.published_at - l.submitted_at)::float / 86400)
FROM lessons_lesson l JOIN lessons_publication f ON f.lesson_id = l.id AND f.version = 1
WHERE l.submitted_at <= f.published_at AND l.id IN ({lessons})
GROUP BY GROUPING SETS ((l.tier), (l.tier, year))
ORDER BY l.tier, year NULLS FIRST
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


def count_months(found: PublicationQuerySet, moment: str) -> dict[date, int]:
    """Return how many there are by the first day of the month of `moment`, in London."""
    rows = (
        found.filter(**{f"{moment}__isnull": False})
        .order_by()
        .annotate(month=TruncMonth(moment))
        .values("month")
        .annotate(count=Count("pk"))
        .values_list("month", "count")
    )
    return {month.date(): count for month, count in sorted(rows)}


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


def measure_pace(found: PublicationQuerySet) -> list[Pace]:
    """Return the pace of each tier, over all years and by year of publication."""
    sql, parameters = found.order_by().values("lesson_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(PACE.format(lessons=sql), parameters)
        return [Pace(tier, year, count, *map(round, days)) for tier, year, count, days in cursor.fetchall()]
