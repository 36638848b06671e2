"""Where lessons come from, and from where nothing comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts.models import Organisation
from lessons.statistics import drawing
from lessons.statistics.counts import SMALLEST_TOLD, too_few
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
    """By sector; how many lessons another organisation has is not told, nor which few of a sector are silent."""
    last = study.last_of_organisations
    current = Organisation.objects.current().values_list("code", "type__sector")
    sectors: dict[str, Silence] = {}
    for code, sector in current:
        before = sectors.get(sector, Silence(0, 0))
        sectors[sector] = Silence(before.silent + _is_silent(study, last.get(code)), before.total + 1)
    names = study.filters.sector_names
    rows = [
        Row(
            names.get(sector, sector) if sector else gettext("Sectors of few organisations"),
            here.silent if here.is_told else 0,
            more=(here.total,),
            instead="" if here.is_told else too_few(),
        )
        for sector, here in in_groups(sectors).items()
    ]
    # Of what the rows tell: the sum of all would tell the rows that do not.
    numbers = {"number": sum(row.count for row in rows), "total": sum(here.total for here in sectors.values())}
    told, at_least = (
        gettext("%(number)s of %(total)s organisations are named in nothing published in the last 12 months"),
        gettext("At least %(number)s of %(total)s organisations are named in nothing published in the last 12 months"),
    )
    title = (at_least if any(row.instead for row in rows) else told) % numbers
    return Figure(
        "silent_organisations",
        title,
        [gettext("Sector"), gettext("Silent organisations"), gettext("All organisations")],
        rows,
        drawn=drawing.bars(rows),
        note=gettext(
            "An organisation may have published without its name: only attribution tells. "
            "This is of all that you may read, whatever is chosen above."
        ),
    )


@dataclass(frozen=True)
class Silence:
    """How many of some organisations are silent."""

    silent: int
    total: int

    @property
    def is_told(self) -> bool:
        return not 0 < self.silent < SMALLEST_TOLD


def in_groups(sectors: dict[str, Silence]) -> dict[str, Silence]:
    """Return the sectors by code, and under "" those together that are too small to be told alone.

    If these are too few together, the next smallest sector goes with them.
    """
    by_size = sorted(sectors, key=lambda code: (sectors[code].total, code))
    together: list[str] = []
    for code in by_size:
        gathered = sum(sectors[one].total for one in together)
        if sectors[code].total >= SMALLEST_TOLD and (not together or gathered >= SMALLEST_TOLD):
            break
        together.append(code)
    alone = {code: sectors[code] for code in sorted(sectors) if code not in together}
    if not together:
        return alone
    rest = [sectors[code] for code in together]
    return alone | {"": Silence(sum(one.silent for one in rest), sum(one.total for one in rest))}


def _is_silent(study: Study, last: datetime | None) -> bool:
    return last is None or last < study.at - SILENT_AFTER


def _day(at: datetime | None) -> str:
    return date_format(at, "F Y") if at else gettext("never")
