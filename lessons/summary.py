"""What was written, in words: for checking the answers, and for comparing two texts after a stale save."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext

from accounts.models import ResilienceArea
from lessons.errors import StaleText
from lessons.labels import label_of
from lessons.models import (
    Attribution,
    Audience,
    Brag,
    EventKind,
    LegalContext,
    Lesson,
    Marking,
    Scale,
    Theme,
)
from lessons.models.events import dated

Row = tuple[str, str, str]  # name of the field, what it is called, its value in words
NAMED = {
    "kind": EventKind,
    "event_kind": EventKind,
    "scale": Scale,
    "brag": Brag,
    "marking": Marking,
    "event_marking": Marking,
    "audience": Audience,
    "attribution": Attribution,
}
#: What a step holds, by its slug; the event is listed apart.
OF_STEP = {
    "what-happened": ("title", "what_happened", "context", "impact", "why"),
    "learning": (
        "statement",
        "benefit",
        "evidence",
        "to_copy_it",
        "recommendations",
        "no_recommendation_because",
        "action_taken",
    ),
    "about": ("risks", "themes", "capabilities", "brag"),
    "sharing": ("marking", "handling", "audience", "audience_sectors", "audience_areas", "attribution", "contact"),
}
#: Left out of the summary where they are empty: nobody has to fill them in.
MAY_BE_EMPTY = {
    *("context", "impact", "why", "evidence", "to_copy_it", "no_recommendation_because", "action_taken", "benefit"),
    *("handling", "audience_sectors", "audience_areas", "contact", "capabilities", "event_ended", "place", "scale"),
    *("event_areas", "event_organisations", "legal_contexts", "event_marking", "major_incident", "recommendations"),
}
#: fields of an event, as a step calls them
EVENT_NAMES = {
    "name": "event_name",
    "kind": "event_kind",
    "started_on": "event_date",
    "ended_on": "event_ended",
    "marking": "event_marking",
    "areas": "event_areas",
    "organisations": "event_organisations",
}


def in_words(name: str, value: Any) -> str:
    """Return a stored value as a person reads it."""
    if name in NAMED:
        return str(NAMED[name](value).label) if value else ""
    if name == "recommendations":
        return "\n".join(f"{one.get('text', '')} – {one.get('by_whom') or 'by nobody yet'}" for one in value)
    if name == "legal_contexts":
        return ", ".join(str(LegalContext(code).label) for code in value)
    if name == "audience_sectors":
        return ", ".join(code.replace("-", " ").capitalize() for code in value)
    if name == "audience_areas":
        return ", ".join(ResilienceArea.objects.filter(code__in=value).order_by("name").values_list("name", flat=True))
    return _plainly(value)


def _plainly(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, date):
        return dated(value, "day")
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


def rows_of(lesson: Lesson, step: str, *, required: Iterable[str] = ()) -> list[Row]:
    """Return what a step holds; what is empty and may be so is left out.

    :param required: names that are shown even if they are empty
    """
    rows = _event_rows(lesson) if step == "event" else [_row(lesson, name) for name in OF_STEP[step]]
    needed = set(required)
    return [row for row in rows if row[2] or row[0] in needed or row[0] not in MAY_BE_EMPTY]


def _row(lesson: Lesson, name: str) -> Row:
    if name in {"themes", "capabilities", "risks"}:
        value: Any = sorted(getattr(lesson, name).all(), key=_principles_first)
    else:
        value = getattr(lesson, name)
    words = in_words(name, value)
    if name == "risks" and not value and lesson.not_a_national_risk:
        words = gettext("Not a National Risk")
    return name, label_of(name, lesson.kind), words


def _principles_first(tag: Any) -> tuple[bool, str]:
    return getattr(tag, "group", "") != Theme.PRINCIPLE, tag.name


def _event_rows(lesson: Lesson) -> list[Row]:
    event = lesson.event
    values = {
        "event_name": event.name,
        "event_kind": in_words("kind", event.kind),
        "event_date": event.when,
        "event_ended": dated(event.ended_on, event.precision),
        "area": str(lesson.area) if lesson.area else gettext("None: the national team decides"),
        "legal_contexts": in_words("legal_contexts", event.legal_contexts),
        "place": event.place,
        "major_incident": _plainly(event.major_incident),
        "scale": in_words("scale", event.scale),
        "event_areas": _plainly(sorted(event.areas.all(), key=str)),
        "event_organisations": _plainly(sorted(event.organisations.all(), key=str)),
        "event_marking": in_words("marking", event.marking) if event.marking != Marking.OFFICIAL else "",
    }
    return [(name, label_of(name, lesson.kind), words) for name, words in values.items()]


def differences(error: StaleText, kind: str) -> list[tuple[str, str, str]]:
    """Return where two texts differ after a stale save: what it is called, the stored words, the words not saved."""
    is_event = "legal_contexts" in error.yours
    found = []
    for name, yours in error.yours.items():
        theirs = error.theirs.get(name)
        if _same(theirs, yours):
            continue
        called = label_of(EVENT_NAMES.get(name, name) if is_event else name, kind)
        found.append((called, in_words(name, theirs), in_words(name, yours)))
    return found


def _same(theirs: Any, yours: Any) -> bool:
    if isinstance(theirs, list) and isinstance(yours, list):
        return sorted(map(str, theirs)) == sorted(map(str, yours))
    return (theirs or "") == (yours or "")
