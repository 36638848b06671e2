"""National Risks: their themes by year, and those without a lesson."""

from datetime import date

from django.utils.translation import gettext

from lessons.models import NationalRisk
from lessons.statistics import drawing
from lessons.statistics.drawing import Row
from lessons.statistics.study import NOTHING, Figure, Study

#: Columns that fit on a page beside the names of the themes; earlier years share one.  The table has them all.
YEARS_SHOWN = 10


def matrix(study: Study) -> Figure:
    """Theme of risk by year of the event."""
    by_theme = study.counts.by_year("risk-theme")
    years = sorted({year for counts in by_theme.values() for year in counts if year is not None})
    if len(years) > 1:
        years = list(range(years[0], years[-1] + 1))
    table = {
        name: [(by_theme.get(code, {}).get(year, 0), _in_year(study, code, year)) for year in years]
        for code, name in sorted(study.filters.risk_theme_names.items(), key=lambda item: item[1])
    }
    rows = [
        Row(name, sum(count for count, _ in cells), more=tuple(count for count, _ in cells))
        for name, cells in table.items()
    ]
    most = max(
        ((count, name, year) for name, cells in table.items() for (count, _), year in zip(cells, years, strict=True)),
        default=None,
    )
    title = (
        gettext("%(name)s in %(year)s has most lessons: %(count)s")
        % {"name": most[1], "year": most[2], "count": most[0]}
        if most and most[0]
        else gettext(NOTHING)
    )
    earlier = len(years[:-YEARS_SHOWN])
    shown = {
        name: [*_before(study, code, years[earlier], table[name][:earlier]), *table[name][earlier:]]
        for code, name in study.filters.risk_theme_names.items()
        if years
    }
    return Figure(
        "matrix",
        title,
        [gettext("Theme of the risk"), gettext("All"), *map(str, years)],
        rows,
        shape="matrix",
        drawn=drawing.matrix({name: shown[name] for name in table if name in shown}, years_of_first=earlier),
        columns=[
            *([gettext("Before %(year)s") % {"year": years[earlier]}] if earlier else []),
            *map(str, years[earlier:]),
        ],
        note=gettext("By the year of the event. A lesson about risks of two themes counts in both."),
    )


def _in_year(study: Study, risk_theme: str, year: int) -> str:
    days = {"event_since": date(year, 1, 1), "event_until": date(year, 12, 31)}
    return study.list_url(risk_theme=risk_theme, **study.between(**days))


def _before(study: Study, risk_theme: str, year: int, cells: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if not cells:
        return []
    days = study.between(event_until=date(year - 1, 12, 31))
    return [(sum(count for count, _ in cells), study.list_url(risk_theme=risk_theme, **days))]


def gaps(study: Study) -> Figure:
    counts = study.counts.under("risk")
    current = sorted(NationalRisk.objects.current(), key=lambda risk: (risk.theme, risk.name))
    rows = [Row(risk.name, 0, risk.get_absolute_url(), (risk.theme,)) for risk in current if risk.code not in counts]
    title = gettext("%(number)s of %(total)s National Risks have no lesson that you may read") % {
        "number": len(rows),
        "total": len(current),
    }
    return Figure("gaps", title, [gettext("National Risk"), gettext("Lessons"), gettext("Theme")], rows, shape="table")
