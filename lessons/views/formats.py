"""The JSON Schema of a lesson and the vocabulary of its codes, at addresses that stay."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from lessons.exports import json_schema

SCHEMA_JSON = "application/schema+json"


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def lesson_schema(request: HttpRequest) -> JsonResponse:
    """Public: it describes a format and holds nothing of the content."""
    return _json(json_schema.lesson_schema(), SCHEMA_JSON)


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def lesson_vocabulary(request: HttpRequest) -> JsonResponse:
    """Public: codes and names of published registers and doctrine; organisations are not among them."""
    return _json(json_schema.vocabulary(), "application/json")


def _json(body: dict[str, Any], content_type: str) -> JsonResponse:
    return JsonResponse(body, content_type=content_type, json_dumps_params={"indent": 1, "ensure_ascii": False})
