"""The API's documentation as a page: made from its OpenAPI description, in the site's own patterns."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One thing the API can be asked."""

    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    fields: list[str]


@cache
def operations() -> list[Operation]:
    """Return what the API can be asked, in the order of its addresses; the description of a release never changes."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return [
        Operation(
            method.upper(),
            path,
            asked.get("summary", ""),
            asked.get("description", ""),
            asked.get("parameters", []),
            _fields(asked, schema),
        )
        for path, methods in schema["paths"].items()
        for method, asked in methods.items()
        if method in METHODS
    ]


def _fields(asked: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Return the names of what one object of the answer holds."""
    answer = asked.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    while reference := answer.get("$ref"):
        answer = schema["components"]["schemas"][reference.rsplit("/", 1)[1]]
        answer = answer.get("properties", {}).get("results", {}).get("items", answer)
    return list(answer.get("properties", {}))


@login_not_required
@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """Public: it describes open-source software and holds nothing of the content."""
    return render(request, "pages/api_docs.html", {"operations": operations()})
