"""What a publication is about (`terms`), who may read it (`readers`), and the sealing of a version."""

from datetime import date, datetime

from django.db.models import Max

from accounts.models import ResilienceArea, User
from lessons.models import (
    Attribution,
    Audience,
    Event,
    Lesson,
    Marking,
    NationalRisk,
    Precision,
    Publication,
)
from lessons.models.wording import WORDING_FIELDS
from lessons.readiness import Tags, areas_of
from lessons.search import index

#: Terms that the moderator chooses; all others are derived from the lesson when it is published.
CHOSEN = ("risk:", "theme:", "capability:")


def readers_of(text: Publication) -> list[str]:
    """Return the keys that open `text` (MODEL, section 4)."""
    lesson = text.lesson
    marking = "sensitive" if text.marking == Marking.SENSITIVE else "official"
    audience = {
        Audience.ALL_RESPONDERS: ["all"],
        Audience.CATEGORY_1: ["category:1"],
        Audience.SECTORS: [f"sector:{code}" for code in text.audience_sectors],
        Audience.AREAS: [f"area:{code}" for code in text.audience_areas],
        Audience.OWN_AREA: [f"area:{code}" for code in areas_of(text, lesson)],
        Audience.NATIONAL_TEAM: [],
    }[Audience(text.audience)]
    owner = lesson.organisation.code
    keys = [f"author:{lesson.author_id}@{owner}", f"owner:{owner}", "national"]
    if lesson.area:
        keys.append(f"moderates:{lesson.area.code}")
    return sorted({f"{marking}/{name}" for name in audience} | set(keys))


def terms_of(text: Publication) -> list[str]:
    """Return what `text` is about; what attribution hides is not among it (MODEL, section 2)."""
    lesson = text.lesson
    tags = Tags.of(text)
    themes = NationalRisk.objects.filter(code__in=tags.risks).values_list("theme_code", flat=True)
    terms = {
        f"kind:{lesson.kind}",
        f"source:{text.event_kind}",
        f"brag:{text.brag}",
        *tags.as_terms(),
        *(f"risk-theme:{code}" for code in themes),
    }
    if text.attribution == Attribution.ORGANISATION:
        terms.add(f"organisation:{lesson.organisation.code}")
    if text.attribution in {Attribution.ORGANISATION, Attribution.AREA}:
        terms |= {f"area:{area.code}" for area in _areas(lesson)}
    if text.attribution != Attribution.NONE:
        terms.add(f"sector:{lesson.organisation.type.sector}")
    return sorted(terms)


def _areas(lesson: Lesson) -> set[ResilienceArea]:
    return set(lesson.event.areas.all()) | ({lesson.area} if lesson.area else set())


def attribution_of(text: Publication) -> str:
    """Return in words whom the lesson is from, as far as its owner allows."""
    organisation = text.lesson.organisation
    sector = organisation.type.sector.replace("-", " ").capitalize()
    return {
        Attribution.ORGANISATION: organisation.name,
        Attribution.AREA: ", ".join(sorted(area.name for area in _areas(text.lesson))) or "A responder",
        Attribution.SECTOR: f"{sector} sector",
        Attribution.NONE: "A responder",
    }[Attribution(text.attribution)]


def working_text_of(lesson: Lesson) -> Publication:
    """Return the text being prepared for publication; begin it from what there is, if there is none."""
    text = text_in_hand(lesson)
    if text.pk is None:
        text.save()  # type: ignore[unreachable]  # a text begun here has no key yet
    return text


def text_in_hand(lesson: Lesson) -> Publication:
    """Return the text being prepared for publication, or else what it would begin with, not stored.

    The first is a copy of the owner's text, later ones of the version in force.
    """
    working = lesson.publications.working().first()
    if working:
        return working
    current = lesson.publications.current().first()
    if current:
        values = current.wording() | {"event_name": current.event_name}
        terms = [term for term in current.terms if term.startswith(CHOSEN)]
    else:
        values = lesson.wording() | {"event_name": lesson.event.name}
        terms = Tags.of(lesson).as_terms()
    return Publication(lesson=lesson, terms=terms, **values, **_event_as_published(lesson.event))


def _event_as_published(event: Event) -> dict[str, object]:
    """Return kind and month of the event: readers see no day of it."""
    day: date | None = event.started_on
    precision = Precision.YEAR if event.precision == Precision.YEAR else Precision.MONTH
    if day:
        day = day.replace(day=1, month=1 if precision == Precision.YEAR else day.month)
    return {"event_kind": event.kind, "event_on": day, "event_precision": precision}


def follow_owner(lesson: Lesson, before: dict[str, object]) -> Publication | None:
    """Carry what the owner changed since `before` into the working text, but where a moderator wrote too.

    Return the working text, if there is one.
    :param before: wording and tags of the last submission (a move's snapshot)
    """
    working = lesson.publications.working().first()
    if working is None:
        return None
    for name in WORDING_FIELDS:
        if getattr(working, name) == before.get(name, getattr(working, name)):
            setattr(working, name, getattr(lesson, name))
    if working.event_name == before.get("event_name", working.event_name):
        working.event_name = lesson.event.name
    for name, value in _event_as_published(lesson.event).items():
        setattr(working, name, value)
    if sorted(working.terms) == sorted(before.get("tags", [])):  # type: ignore[call-overload]
        working.terms = Tags.of(lesson).as_terms()
    working.checklist = {}
    working.save()
    return working


def seal(text: Publication, *, by: User, at: datetime, change: str, note: str = "") -> Publication:
    """Publish the working text as the next version; the version before it is superseded.

    The caller's transaction holds the lesson.
    """
    lesson = text.lesson
    lesson.publications.current().update(superseded_at=at)
    text.version = (lesson.publications.aggregate(last=Max("version"))["last"] or 0) + 1
    text.published_at, text.published_by, text.change, text.note = at, by, change, note
    complete(text)
    text.save()
    index(text)
    return text


def complete(text: Publication) -> None:
    """Fill in what follows from text and lesson: readers, terms, attribution.  Nothing is stored."""
    if text.audience == Audience.OWN_AREA:
        text.audience_areas, text.audience = sorted(areas_of(text, text.lesson)), Audience.AREAS
    text.attributed_to = attribution_of(text)
    text.terms, text.readers = terms_of(text), readers_of(text)


def rewrite_keys(lesson: Lesson) -> None:
    """Bring terms and readers of the published versions in line, after area or owner of `lesson` changed."""
    for text in lesson.publications.filter(published_at__isnull=False).select_related("lesson"):
        text.terms, text.readers = terms_of(text), readers_of(text)
        text.save(update_fields=["terms", "readers"])
