"""Downloads of all that a filter finds, for programs."""

import json

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, negotiation, renderers
from rest_framework.request import Request

from accounts.downloads import RETRY_SECONDS, TooManyAtOnce
from accounts.models import ApiToken, TokenScope
from accounts.rates import EXPORTS
from lessons.api.base import ApiView, caller
from lessons.api.parameters import FILTERS, filters_of
from lessons.api.shape import EXAMPLE
from lessons.exports.download import WRITERS, download
from lessons.models import ExportForm


class AnyType(negotiation.DefaultContentNegotiation):
    """The address says the type of the file; errors are JSON whatever the caller accepts."""

    def select_renderer(self, request, renderers, format_suffix=None):  # type: ignore[no-untyped-def]
        return renderers[0], renderers[0].media_type


def media_type(form: str) -> str:
    return WRITERS[form][0].partition(";")[0]


def _described(form: str) -> OpenApiResponse:
    lines = {"ndjson": json.dumps(EXAMPLE), "csv": "reference,kind,title\r\nLI-2026-00042,lesson_identified,…"}
    example = OpenApiExample("A line", lines[form], media_type=media_type(form)) if form in lines else None
    return OpenApiResponse(OpenApiTypes.BINARY, form, examples=[example] if example else [])


class ExportView(ApiView):
    """All lessons that the filters find, in one file that is written while it is read.

    Each download is recorded: who, which filters, how many lessons, the highest marking, which lessons.  It holds
    lessons marked OFFICIAL-SENSITIVE only for a token with `read:sensitive`, as far as its owner may read them.
    """

    required_scope = TokenScope.READ_PUBLISHED
    rate = EXPORTS
    renderer_classes = (renderers.JSONRenderer,)
    content_negotiation_class = AnyType

    @extend_schema(
        operation_id="lesson_export",
        summary="Download all lessons that the filters find",
        parameters=[
            OpenApiParameter("form", OpenApiTypes.STR, OpenApiParameter.PATH, enum=ExportForm.values),
            *FILTERS,
        ],
        responses={(200, media_type(form)): _described(form) for form in ExportForm.values},
    )
    def get(self, request: Request, form: str) -> HttpResponseBase:
        if not isinstance(request.auth, ApiToken):
            # A person is asked for the password first, on the page (`lessons/views/exports.py`).
            caller(request).without_sensitive = True
        try:
            return download(filters=filters_of(request), form=form, by=caller(request), at=timezone.now())
        except TooManyAtOnce:
            raise exceptions.Throttled(RETRY_SECONDS) from None
