"""How many lessons there are of each kind, rating, source, risk, theme, capability and sector."""

from django.utils.translation import gettext, gettext_noop

from lessons.models import Brag, EventKind, Kind, Theme
from lessons.statistics import drawing
from lessons.statistics.drawing import Row
from lessons.statistics.study import NOTHING, Figure, Study

MOST_BARS = 15
FIELD_NAMES = {
    "kind": gettext_noop("Kind"),
    "brag": gettext_noop("BRAG rating"),
    "source": gettext_noop("Source"),
    "risk": gettext_noop("National Risk"),
    "theme": gettext_noop("JESIP theme"),
    "capability": gettext_noop("Capability"),
    "sector": gettext_noop("Sector"),
}


def by_code(
    study: Study, code: str, field: str, names: dict[str, str], sentence: str, *, in_order: bool = False
) -> Figure:
    """:param sentence: with {name}, {count} and {total}, of the row with most"""
    counts = study.counts.under(field.replace("_", "-"))
    rows = [Row(name, counts.get(key, 0), study.list_url(**{field: key})) for key, name in names.items()]
    if not in_order:
        rows = sorted(rows, key=lambda row: (-row.count, row.name))
    most = max(rows, key=lambda row: row.count, default=None)
    total = study.counts.total
    title = sentence.format(name=most.name, count=most.count, total=total) if most and most.count else gettext(NOTHING)
    drawn = drawing.bars([row for row in rows if row.count or in_order][:MOST_BARS])
    return Figure(code, title, [gettext(FIELD_NAMES[field]), gettext("Lessons")], rows, drawn=drawn)


def kinds(study: Study) -> Figure:
    names = {kind.value: str(kind.label) for kind in Kind}
    return by_code(study, "kinds", "kind", names, gettext("{name}: {count} of {total}"), in_order=True)


def brag(study: Study) -> Figure:
    names = {brag.value: str(brag.label) for brag in Brag}
    return by_code(study, "brag", "brag", names, gettext("Most are rated {name}: {count} of {total}"), in_order=True)


def sources(study: Study) -> Figure:
    names = {kind.value: str(kind.label) for kind in EventKind}
    return by_code(study, "sources", "source", names, gettext("Most come from: {name}, {count} of {total}"))


def risks(study: Study) -> Figure:
    return by_code(
        study, "risks", "risk", study.filters.risk_names, gettext("{name} has most lessons: {count} of {total}")
    )


def principles(study: Study) -> Figure:
    names = dict(Theme.objects.filter(group=Theme.PRINCIPLE).order_by("pk").values_list("code", "name"))
    sentence = gettext("{name} is the JESIP principle in most lessons: {count} of {total}")
    return by_code(study, "principles", "theme", names, sentence, in_order=True)


def themes(study: Study) -> Figure:
    return by_code(study, "themes", "theme", study.filters.theme_names, gettext("{name} is in most lessons: {count}"))


def capabilities(study: Study) -> Figure:
    sentence = gettext("{name} is the capability in most lessons: {count}")
    return by_code(study, "capabilities", "capability", study.filters.capability_names, sentence)


def sectors(study: Study) -> Figure:
    sentence = gettext("Most lessons that name a sector are from {name}: {count}")
    return by_code(study, "sectors", "sector", study.filters.sector_names, sentence)
