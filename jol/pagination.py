"""How the lists of the API are cut into pages."""

import base64
import binascii
import json
from typing import Any

from django.core.exceptions import ValidationError as BadValue
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

PAGE_SIZE = 25
MOST_ON_A_PAGE = 100
LONGEST_CURSOR = 500  # characters


class CursorPages(BasePagination):
    """Pages that stay right while lessons are published: `{"next", "previous", "results"}`.

    The view names in `page_by` the fields to sort by, the last of them unique; all rise or all fall ("-").  A cursor
    holds the values of the row where the page ends, so rows of the same moment are neither lost nor repeated.
    """

    page_by: tuple[str, ...]
    first: Any
    last: Any

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the page that the request asks for.

        :raises ValidationError: the cursor or the size is none of ours
        """
        self.page_by = view.page_by
        self.address = request.build_absolute_uri()
        size = _size(request.query_params.get("page_size"))
        backwards, edge = self._read(request.query_params.get("cursor"), queryset)
        falls = self.page_by[0].startswith("-")
        names = [name.removeprefix("-") for name in self.page_by]
        if edge:
            queryset = queryset.filter(_beyond(names, edge, "lt" if falls != backwards else "gt"))
        queryset = queryset.order_by(*(f"-{name}" if falls != backwards else name for name in names))
        found = list(queryset[: size + 1])
        rows, more = found[:size], len(found) > size
        if backwards:
            rows.reverse()
        self.has_next, self.has_previous = (True, more) if backwards else (more, edge is not None)
        self.first, self.last = (rows[0], rows[-1]) if rows else (None, None)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self._link(self.last, "next"), "previous": self._link(self.first, "previous")}
        return Response({**links, "results": data})

    def _link(self, row: Any, way: str) -> str | None:
        if row is None or not getattr(self, f"has_{way}"):
            return None
        values = [_value(row, name.removeprefix("-")) for name in self.page_by]
        text = json.dumps([way, *values], default=lambda value: value.isoformat())
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return str(replace_query_param(remove_query_param(self.address, "cursor"), "cursor", cursor))

    def _read(self, cursor: str | None, queryset: QuerySet[Any]) -> tuple[bool, list[Any] | None]:
        """Return whether the cursor goes back, and the values where its page begins."""
        if not cursor:
            return False, None
        try:
            way, *values = json.loads(base64.urlsafe_b64decode(cursor[:LONGEST_CURSOR] + "=" * (-len(cursor) % 4)))
            values = [_field(queryset, name).to_python(_known(v)) for name, v in zip(self.page_by, values, strict=True)]
            return {"next": False, "previous": True}[way], values
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error, BadValue):
            raise ValidationError({"cursor": ["This cursor is none of ours. Begin without one."]}) from None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True, "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link | {"description": "The page after this one; null on the last."},
                "previous": link | {"description": "The page before this one; null on the first."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "required": False,
                "in": "query",
                "description": "Taken from `next` or `previous` of another page; its content is of no interest.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]*$", "maxLength": LONGEST_CURSOR},
            },
            {
                "name": "page_size",
                "required": False,
                "in": "query",
                "description": f"Items on a page: {PAGE_SIZE} unless told, {MOST_ON_A_PAGE} at most.",
                "schema": {"type": "integer", "minimum": 1, "default": PAGE_SIZE},
            },
        ]


def _size(given: str | None) -> int:
    if given is None:
        return PAGE_SIZE
    if not (given.isascii() and given.isdigit()) or not given.strip("0"):
        raise ValidationError({"page_size": [f"Enter a number from 1 to {MOST_ON_A_PAGE}."]})
    return min(int(given[:9]), MOST_ON_A_PAGE)


def _field(queryset: QuerySet[Any], name: str) -> Any:
    """Return the field that a name of `page_by` stands for: of the model, or computed."""
    name = name.removeprefix("-")
    if computed := queryset.query.annotations.get(name):
        return computed.output_field
    meta = queryset.model._meta
    return meta.pk if name == "pk" else meta.get_field(name)


def _known(value: Any) -> Any:
    """Return `value` if it is of a kind that we write into cursors.

    :raises ValueError: it is not, or the database could not store it
    """
    if not isinstance(value, str | int) or "\0" in str(value):
        raise ValueError
    str(value).encode()  # refuses lone surrogates
    return value


def _value(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def _beyond(names: list[str], edge: list[Any], way: str) -> Q:
    """Return the rows beyond `edge`: (a, b) < (x, y), written so that an index on the first field helps."""
    beyond, same = Q(), Q()
    for name, value in zip(names, edge, strict=True):
        beyond |= same & Q(**{f"{name}__{way}": value})
        same &= Q(**{name: value})
    return Q(**{f"{names[0]}__{way}e": edge[0]}) & beyond
