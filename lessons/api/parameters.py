"""The filters of the lesson list as the OpenAPI description has them: made from the form, so that none is left out."""

from typing import Any

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from lessons.filters import LONGEST_QUERY, LessonFilters

#: What the label on the page does not say.
WORDS = {
    "q": f"Words, at most {LONGEST_QUERY} characters: quotes, minus and OR work.",
    "risk": "Code of a National Risk.",
    "risk_theme": "Code of a theme of the National Risk Register.",
    "theme": "Code of a JESIP theme.",
    "capability": "Code of a capability.",
    "area": "Code of a resilience area.",
    "sector": "Code of a sector, such as fire.",
    "source": "Kind of event that it comes from.",
    "since": "Published on this day or later.",
    "until": "Published on this day or earlier.",
    "submitted_since": "Submitted in the month of this day or later.",
    "submitted_until": "Submitted in the month of this day or earlier.",
    "event_since": "The event was in this month or later.",
    "event_until": "The event was in this month or earlier.",
    "archived": "Archived lessons are left out unless asked for.",
}


def _parameter(name: str, field: forms.Field) -> OpenApiParameter:
    more: dict[str, Any] = {}
    if isinstance(field, forms.ChoiceField) and (fixed := [code for code, _ in field.choices if code]):  # type: ignore[misc, union-attr]
        more["enum"] = fixed
    kind: Any = OpenApiTypes.DATE if isinstance(field, forms.DateField) else OpenApiTypes.STR
    if isinstance(field, forms.CharField):
        kind = {"type": "string", "maxLength": field.max_length}
    return OpenApiParameter(name, kind, description=WORDS.get(name, f"{field.label}."), **more)


#: Of the class, not of a form: the codes of reference data are in the database, and only fixed choices are listed.
FILTERS = [_parameter(name, field) for name, field in LessonFilters.base_fields.items()]


def filters_of(request: Request) -> LessonFilters:
    """Return the filters that a request names.

    :raises ValidationError: one has a wrong value
    """
    filters = LessonFilters(request.query_params)
    if not filters.is_valid():
        raise serializers.ValidationError(filters.errors)  # type: ignore[arg-type]  # a dict of lists
    return filters
