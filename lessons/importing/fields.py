"""The fields that a column map can fill, and what each takes."""

from enum import Enum

from django.db.models import Model, TextChoices

from lessons.models import (
    Attribution,
    Audience,
    Brag,
    Event,
    EventKind,
    Kind,
    LegalContext,
    Lesson,
    Marking,
    Precision,
    Scale,
)

#: Longest running text, in characters.
TEXT_LIMIT = 20_000


class Takes(Enum):
    TEXT = "text"
    CHOICE = "one code of a short list"
    CHOICES = "several codes of a short list"
    FLAG = "yes or no"
    DATE = "a date"
    NAME = "a code or name of the reference data"
    NAMES = "several codes or names of the reference data"
    RECOMMENDATIONS = "a JSON list of objects with text and by_whom"


#: Choices of the fields that have them.
CHOICES: dict[str, type[TextChoices]] = {
    "kind": Kind,
    "brag": Brag,
    "marking": Marking,
    "audience": Audience,
    "attribution": Attribution,
    "event.kind": EventKind,
    "event.precision": Precision,
    "event.scale": Scale,
    "event.marking": Marking,
}
SEVERAL_CHOICES: dict[str, type[TextChoices]] = {"event.legal_contexts": LegalContext}
FLAGS = ("not_a_national_risk", "event.major_incident")
DATES = ("event.started_on", "event.ended_on")
#: Fields that hold names, and the lists in which they are looked up.  A topic may be a theme, a capability or both.
NAMES: dict[str, tuple[str, ...]] = {
    "risks": ("risk",),
    "themes": ("theme",),
    "capabilities": ("capability",),
    "topics": ("theme", "capability"),
    "audience_sectors": ("sector",),
    "audience_areas": ("area",),
    "event.areas": ("area",),
    "event.organisations": ("organisation",),
}
ONE_NAME: dict[str, tuple[str, ...]] = {"area": ("area",), "organisation": ("organisation",)}
#: Texts of a lesson that a map can fill.  The two of a recommendation become one entry of `recommendations`.
TEXTS = (
    "external_id",
    "title",
    "context",
    "what_happened",
    "impact",
    "why",
    "statement",
    "recommendation",
    "recommendation_by_whom",
    "no_recommendation_because",
    "action_taken",
    "benefit",
    "evidence",
    "to_copy_it",
    "handling",
    "contact",
    "event.name",
    "event.place",
)

FIELDS: dict[str, Takes] = (
    dict.fromkeys(TEXTS, Takes.TEXT)
    | dict.fromkeys(CHOICES, Takes.CHOICE)
    | dict.fromkeys(SEVERAL_CHOICES, Takes.CHOICES)
    | dict.fromkeys(FLAGS, Takes.FLAG)
    | dict.fromkeys(DATES, Takes.DATE)
    | dict.fromkeys(NAMES, Takes.NAMES)
    | dict.fromkeys(ONE_NAME, Takes.NAME)
    | {"recommendations": Takes.RECOMMENDATIONS}
)
#: Without these a row cannot become a lesson, and a second import could not know it again.
NEEDED = ("external_id", "kind", "title", "event.name")


def longest(field: str) -> int:
    """Return how many characters a text may have."""
    model: type[Model] = Event if field.startswith("event.") else Lesson
    name = field.removeprefix("event.")
    if name.startswith("recommendation"):
        return TEXT_LIMIT
    limit: int | None = getattr(model._meta.get_field(name), "max_length", None)
    return limit or TEXT_LIMIT
