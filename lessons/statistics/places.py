"""Where lessons come from, and from where nothing comes."""

from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts.models import Organisation
from lessons.statistics import drawing
from lessons.statistics.drawing import Row
from lessons.statistics.study import NOTHING, Figure, Study

#: An area or organisation of which nothing was published for so long is silent.
SILENT_AFTER = timedelta(days=365)


def areas(study: Study) -> Figure:
    counts = study.counts.under("area")
    places = [
        (Row(area.name, counts.get(area.code, 0), study.list_url(area=area.code)), area.tile_row, area.tile_col)
        for area in study.areas
    ]
    rows = sorted((row for row, _, _ in places), key=lambda row: (-row.count, row.name))
    with_some = [row for row in rows if row.count]
    title = (
        gettext("%(name)s has most lessons: %(count)s") % {"name": rows[0].name, "count": rows[0].count}
        if with_some
        else gettext(NOTHING)
    )
    return Figure(
        "areas",
        title,
        [gettext("Resilience area"), gettext("Lessons")],
        rows,
        shape="tiles",
        drawn=drawing.tiles(places),
        note=gettext(
            "Each area has a tile of the same size, about where it lies. Lessons that name no area are not on it."
        ),
    )


def silent_areas(study: Study) -> Figure:
    last, counts = study.counts.last_under("area"), study.counts.under("area")
    rows = [
        Row(area.name, counts.get(area.code, 0), study.list_url(area=area.code), (_day(last.get(area.code)),))
        for area in study.areas
        if _is_silent(study, last.get(area.code))
    ]
    title = gettext("Nothing of %(number)s of %(total)s areas was published in the last 12 months") % {
        "number": len(rows),
        "total": len(study.areas),
    }
    return Figure(
        "silent_areas",
        title,
        [gettext("Resilience area"), gettext("Lessons"), gettext("Last published")],
        rows,
        shape="table",
    )


def silent_organisations(study: Study) -> Figure:
    """By sector; how many lessons another organisation has is not told."""
    last = study.counts.last_under("organisation")
    current = list(Organisation.objects.current().select_related("type").order_by("name"))
    sectors: dict[str, list[int]] = {}
    for organisation in current:
        here = sectors.setdefault(organisation.type.sector, [0, 0])
        here[0] += _is_silent(study, last.get(organisation.code))
        here[1] += 1
    names = study.filters.sector_names
    rows = [Row(names.get(code, code), silent, more=(total,)) for code, (silent, total) in sorted(sectors.items())]
    silent, total = sum(row.count for row in rows), len(current)
    title = gettext("%(number)s of %(total)s organisations are named in nothing published in the last 12 months") % {
        "number": silent,
        "total": total,
    }
    return Figure(
        "silent_organisations",
        title,
        [gettext("Sector"), gettext("Silent organisations"), gettext("All organisations")],
        rows,
        drawn=drawing.bars(rows),
        note=gettext("An organisation may have published without its name: only attribution tells."),
    )


def _is_silent(study: Study, last: datetime | None) -> bool:
    return last is None or last < study.at - SILENT_AFTER


def _day(at: datetime | None) -> str:
    return date_format(at, "F Y") if at else "never"
