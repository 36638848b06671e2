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
#: The fields that are copied as they are.
PLAIN = (
    "title",
    "version",
    "attributed_to",
    "attribution",
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
    "not_a_national_risk",
)
_row = attrgetter(*(name.replace("__", ".") for name in COLUMNS))


def document_of(publication: Publication) -> dict[str, Any]:
    """Return the document of one publication, whose lesson is loaded."""
    return lesson_document(_row(publication))


def lesson_document(row: Sequence[Any]) -> dict[str, Any]:
    """Return the document of one row of `COLUMNS`."""
    values = dict(zip(COLUMNS, row, strict=True))
    reference = values["lesson__reference"]
    found: dict[str, Any] = {
        "reference": reference,
        "kind": values["lesson__kind"],
        "url": f"{settings.SITE_URL}{_pages()}{reference}/",
        "published_at": _moment(values["published_at"]),
        "archived_at": _moment(values["archived_at"]),
        "event": {
            "name": values["event_name"],
            "kind": values["event_kind"],
            "date": values["event_on"] and values["event_on"].isoformat(),
            "precision": values["event_precision"],
        },
    }
    for name in PLAIN:
        found[name] = values[name]
    lists: dict[str, list[str]] = {prefix: [] for prefix in CODE_LISTS.values()}
    for term in values["terms"]:
        prefix, _, code = term.partition(":")
        if prefix in lists:
            lists[prefix].append(code)
    for name, prefix in CODE_LISTS.items():
        found[name] = lists[prefix]
    # Whom an audience names would tell whose lesson it is, as the owner's own area does.
    attribution = values["attribution"]
    found["audience_sectors"] = values["audience_sectors"] if attribution != Attribution.NONE else []
    names_areas = attribution in {Attribution.ORGANISATION, Attribution.AREA}
    found["audience_areas"] = values["audience_areas"] if names_areas else []
    return found


@cache
def _pages() -> str:
    """Return the address below which every lesson has its page: `reverse` costs as much as all the rest of a row."""
    return reverse("lesson", args=["x"]).removesuffix("x/")


def _moment(at: datetime | None) -> str | None:
    """Return a time as the REST framework writes it."""
    return timezone.localtime(at).isoformat().replace("+00:00", "Z") if at else None
