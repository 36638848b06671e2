"""How many lessons were submitted and published in each month or year."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from lessons.statistics import drawing
from lessons.statistics.counts import CountMonths, count_published, count_submitted
from lessons.statistics.drawing import Row
from lessons.statistics.study import NOTHING, Figure, Study

#: Months are shown one by one up to here, then years.
MOST_MONTHS = 36


PUBLISHED = gettext_noop("Most were published in %(when)s: %(count)s of %(total)s")
SUBMITTED = gettext_noop("Most were submitted in %(when)s: %(count)s of %(total)s")


def published(study: Study) -> Figure:
    return _over_time(study, "published", count_published, "since", "until", PUBLISHED)


def submitted(study: Study) -> Figure:
    figure = _over_time(study, "submitted", count_submitted, "submitted_since", "submitted_until", SUBMITTED)
    figure.note = gettext("Only lessons that are published and that you may read.")
    return figure


def _over_time(study: Study, code: str, count: CountMonths, since: str, until: str, sentence: str) -> Figure:
    months = study.months(count)
    if not months:
        return Figure(
            code,
            gettext(NOTHING),
            [gettext("Month"), gettext("Lessons")],
            [],
            shape="columns",
            drawn=drawing.columns([]),
        )
    first, last = min(months), max(months)
    by_year = _months_from(first, last) >= MOST_MONTHS
    rows = []
    for begin, end in _years(first, last) if by_year else _months(first, last):
        there = sum(number for month, number in months.items() if begin <= month <= end)
        name = str(begin.year) if by_year else date_format(begin, "M Y")
        rows.append(Row(name, there, study.list_url(**study.between(**{since: begin, until: end}))))
    most = max(rows, key=lambda row: row.count)
    title = gettext(sentence) % {"when": most.name, "count": most.count, "total": sum(row.count for row in rows)}
    head = [gettext("Year") if by_year else gettext("Month"), gettext("Lessons")]
    return Figure(code, title, head, rows, shape="columns", drawn=drawing.columns(rows))


def _months_from(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _months(first: date, last: date) -> Iterable[tuple[date, date]]:
    """Yield first and last day of each month."""
    begin = first
    while begin <= last:
        following = (begin + timedelta(days=31)).replace(day=1)
        yield begin, following - timedelta(days=1)
        begin = following


def _years(first: date, last: date) -> Iterable[tuple[date, date]]:
    return ((date(year, 1, 1), date(year, 12, 31)) for year in range(first.year, last.year + 1))
