"""The JSON Schema of a lesson as it leaves the portal, and the vocabulary of its codes.

Version 1 only grows: fields may be added, and codes; nothing is taken away or changes its meaning
(docs/api/deprecation.md).
"""

from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.urls import reverse

from accounts.models import ResilienceArea, ResponderType
from lessons.models import (
    Attribution,
    Audience,
    Brag,
    Capability,
    EventKind,
    Kind,
    Marking,
    NationalRisk,
    Precision,
    Theme,
)

VERSION = 1
#: Running text of a lesson, and what each part says.
TEXTS = {
    "title": "In a few words, what the lesson is.",
    "statement": "The lesson in a sentence or two.",
    "context": "What one must know to understand it.",
    "what_happened": "What happened, or what was done.",
    "impact": "What came of it.",
    "why": "Why it happened.",
    "no_recommendation_because": "Why nothing is recommended.",
    "action_taken": "What was done about it already.",
    "benefit": "What a notable practice is good for.",
    "evidence": "How one knows.",
    "to_copy_it": "What others need to do the same.",
    "attributed_to": "Whom it is from, in words, as far as its owner allows.",
    "handling": "The handling instruction of an OFFICIAL-SENSITIVE lesson, else empty.",
}
CHOICES: dict[str, tuple[type[TextChoices], str]] = {
    "kind": (Kind, "Something to learn from, or something to copy."),
    "brag": (Brag, "How far it matters: blue, red, amber, green."),
    "marking": (Marking, "Security classification."),
    "audience": (Audience, "Who may read it."),
    "attribution": (Attribution, "How far it is said whose it is; codes hold no more than that."),
}
EVENT_CHOICES: dict[str, tuple[type[TextChoices], str]] = {
    "kind": (EventKind, "What the learning comes from."),
    "precision": (Precision, "How exactly the date is known."),
}
LISTS = {
    "national_risks": "National Risks.",
    "risk_themes": "Themes of these risks.",
    "themes": "JESIP principles and topics of the doctrine.",
    "capabilities": "What responders must be able to do.",
    "areas": "Resilience areas.",
    "sectors": "Sectors of the organisations.",
    "organisations": "Organisations.",
    "audience_sectors": "Sectors that the audience names.",
    "audience_areas": "Resilience areas that the audience names.",
}


def lesson_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `lesson_document` makes."""
    moment = {"type": "string", "format": "date-time"}
    properties: dict[str, Any] = {
        "reference": {
            "type": "string",
            "pattern": "^[A-Z]{2}-[0-9]{4}-[0-9]+$",
            "description": "Of the lesson in its portal; it never changes.",
        },
        "url": {"type": "string", "format": "uri", "description": "The page of the lesson."},
        "version": {"type": "integer", "minimum": 1, "description": "Of the text; a later one replaces it."},
        "published_at": moment | {"description": "When this version was published."},
        "archived_at": moment | {"type": ["string", "null"], "description": "Since when it is out of date; else null."},
        "event": _event(),
        "recommendations": _recommendations(),
        "not_a_national_risk": {"type": "boolean", "description": "It belongs to no National Risk."},
        **{name: {"type": "string", "description": words} for name, words in TEXTS.items()},
        **{name: _choice(*one) for name, one in CHOICES.items()},
        **{name: _codes(words) for name, words in LISTS.items()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _address("lesson_schema"),
        "title": "Lesson",
        "description": f"One published lesson or notable practice. Its codes: {_address('lesson_vocabulary')}",
        "type": "object",
        "required": sorted(properties),
        "properties": properties,
    }


def _event() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "The event as its publication tells it.",
        "required": ["name", "kind", "date", "precision"],
        "properties": {
            "name": {"type": "string"},
            "date": {
                "type": ["string", "null"],
                "format": "date",
                "description": "First day of the month or year: never finer.",
            },
            **{name: _choice(*one) for name, one in EVENT_CHOICES.items()},
        },
    }


def _recommendations() -> dict[str, Any]:
    one = {
        "type": "object",
        "required": ["text", "by_whom"],
        "properties": {"text": {"type": "string"}, "by_whom": {"type": "string", "description": "Who should do it."}},
    }
    return {"type": "array", "items": one, "description": "What should be done, and by whom."}


def _choice(choices: type[TextChoices], words: str) -> dict[str, Any]:
    return {
        "type": "string",
        "description": words,
        "oneOf": [{"const": value, "title": str(label)} for value, label in choices.choices],
    }


def _codes(words: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
        "uniqueItems": True,
        "description": f"{words} Codes of the vocabulary.",
    }


def vocabulary() -> dict[str, Any]:
    """Return every code with its name, by field of the document; organisations are not among them."""
    risks = NationalRisk.objects.current()
    rows = {
        "national_risks": [(risk.code, risk.name) for risk in risks],
        "risk_themes": sorted({(risk.theme_code, risk.theme) for risk in risks}),
        **{
            name: list(model.objects.order_by("code").values_list("code", "name"))
            for name, model in (("themes", Theme), ("capabilities", Capability), ("areas", ResilienceArea))
        },
        "sectors": [(code, code.replace("-", " ").capitalize()) for code in _sectors()],
        **{name: choices.choices for name, (choices, _) in CHOICES.items()},
        **{f"event.{name}": choices.choices for name, (choices, _) in EVENT_CHOICES.items()},
    }
    return {
        "$id": _address("lesson_vocabulary"),
        "schema": _address("lesson_schema"),
        "codes": {
            name: [{"code": code, "name": str(label)} for code, label in found] for name, found in sorted(rows.items())
        },
    }


def _sectors() -> list[str]:
    return sorted(set(ResponderType.objects.values_list("sector", flat=True)))


def _address(route: str) -> str:
    return f"{settings.SITE_URL}{reverse(route)}"
