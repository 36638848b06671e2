"""A published lesson as plain values: the one form that the API, files and the JSON Schema share.

What attribution hides is not in it (MODEL, section 2): codes of places and organisations come from `terms`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from lessons.models import Attribution, Publication

#: What is read of each publication, in the order of `lesson_document`'s row.
COLUMNS = (
    "lesson__reference",
    "lesson__kind",
    "title",
    "version",
    "published_at",
    "attributed_to",
    "attribution",
    "event_name",
    "event_kind",
    "event_on",
    "event_precision",
    "statement",
    "context",
    "what_happened",
    "impact",
    "why",
    "recommendations",
    "no_recommendation_because",
    "action_taken",
    "benefit",
    "evidence",
    "to_copy_it",
    "brag",
    "marking",
    "handling",
    "audience",
    "audience_sectors",
    "audience_areas",
    "not_a_national_risk",
    "terms",
    "archived_at",
)
#: Field of the document -> prefix of the terms it holds.
CODE_LISTS = {
    "national_risks": "risk",
    "risk_themes": "risk-theme",
    "themes": "theme",
    "capabilities": "capability",
    "areas": "area",
    "sectors": "sector",
    "organisations": "organisation",
}
TELLS_AREA = {Attribution.ORGANISATION.value, Attribution.AREA.value}
_row = attrgetter(*(name.replace("__", ".") for name in COLUMNS))


def document_of(publication: Publication) -> dict[str, Any]:
    """Return the document of one publication, whose lesson is loaded."""
    return lesson_document(_row(publication))


def lesson_document(row: Sequence[Any]) -> dict[str, Any]:
    """Return the document of one row of `COLUMNS`.

    Every row of a download passes here: it is written out, since loops over names cost more than all the rest.
    """
    (
        reference,
        kind,
        title,
        version,
        published_at,
        attributed_to,
        attribution,
        event_name,
        event_kind,
        event_on,
        event_precision,
        statement,
        context,
        what_happened,
        impact,
        why,
        recommendations,
        no_recommendation_because,
        action_taken,
        benefit,
        evidence,
        to_copy_it,
        brag,
        marking,
        handling,
        audience,
        audience_sectors,
        audience_areas,
        not_a_national_risk,
        terms,
        archived_at,
    ) = row
    codes: dict[str, list[str]] = {prefix: [] for prefix in CODE_LISTS.values()}
    for term in terms:
        prefix, _, code = term.partition(":")
        if prefix in codes:
            codes[prefix].append(code)
    return {
        "reference": reference,
        "kind": kind,
        "url": f"{settings.SITE_URL}{_pages()}{reference}/",
        "published_at": _moment(published_at),
        "archived_at": _moment(archived_at) if archived_at else None,
        "event": {
            "name": event_name,
            "kind": event_kind,
            "date": event_on.isoformat() if event_on else None,
            "precision": event_precision,
        },
        "title": title,
        "version": version,
        "attributed_to": attributed_to,
        "attribution": attribution,
        "statement": statement,
        "context": context,
        "what_happened": what_happened,
        "impact": impact,
        "why": why,
        "recommendations": recommendations,
        "no_recommendation_because": no_recommendation_because,
        "action_taken": action_taken,
        "benefit": benefit,
        "evidence": evidence,
        "to_copy_it": to_copy_it,
        "brag": brag,
        "marking": marking,
        "handling": handling,
        "audience": audience,
        "not_a_national_risk": not_a_national_risk,
        **{name: codes[prefix] for name, prefix in CODE_LISTS.items()},
        # Whom an audience names would tell whose lesson it is, as the owner's own area does.
        "audience_sectors": audience_sectors if attribution != Attribution.NONE else [],
        "audience_areas": audience_areas if attribution in TELLS_AREA else [],
    }


@cache
def _pages() -> str:
    """Return the address below which every lesson has its page: `reverse` costs as much as all the rest of a row."""
    return reverse("lesson", args=["x"]).removesuffix("x/")


def _moment(at: datetime) -> str:
    """Return a time as the REST framework writes it."""
    return at.astimezone(timezone.get_default_timezone()).isoformat().replace("+00:00", "Z")
