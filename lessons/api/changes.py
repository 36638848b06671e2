"""The feed of changes: what a copy of the lessons must do to stay right."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.models import TokenScope
from lessons.api.base import ApiView, caller
from lessons.changes import changes_for
from lessons.models import Publication

STATES = ["published", "archived", "suspended", "merged", "withdrawn"]
#: What a copy may keep; of all else nothing but the reference is told.
KEPT = {"published", "archived"}
EXAMPLE = {
    "at": "2026-03-02T12:00:00Z",
    "reference": "LI-2026-00042",
    "state": "merged",
    "version": None,
    "lesson": None,
    "merged_into": "LI-2026-00007",
}


class SinceField(serializers.DateTimeField):
    """A moment or a day; without a zone it is UTC."""

    def to_internal_value(self, value: Any) -> datetime:
        text = str(value)
        return super().to_internal_value(f"{text}T00:00:00" if len(text) == len("2026-03-02") else text)


class SinceSerializer(serializers.Serializer):
    since = SinceField(required=False, default_timezone=UTC)


class ChangeSerializer(serializers.Serializer):
    at = serializers.DateTimeField(source="changed_at", help_text="Since when it is so.")
    reference = serializers.CharField(source="known_as")
    state = serializers.ChoiceField(choices=STATES, help_text="published and archived: keep it; all others: remove it.")
    version = serializers.SerializerMethodField(help_text="The version in force; null where there is none for you.")
    lesson = serializers.SerializerMethodField(help_text="Where to fetch it; null where there is nothing to fetch.")
    merged_into = serializers.CharField(
        source="target", allow_null=True, help_text="The lesson that has it now, if you may read that."
    )

    def get_version(self, change: Publication) -> int | None:
        return change.version if change.state in KEPT else None  # type: ignore[attr-defined]

    def get_lesson(self, change: Publication) -> str | None:
        kept = change.state in KEPT  # type: ignore[attr-defined]
        return f"{settings.SITE_URL}/api/v1/lessons/{change.reference}/" if kept else None


@extend_schema_view(
    list=extend_schema(
        summary="What changed, oldest change first",
        parameters=[
            OpenApiParameter(
                "since",
                OpenApiTypes.DATETIME,
                description="Changes at this moment or later; without it, all from the beginning.",
            )
        ],
        examples=[OpenApiExample("A tombstone", EXAMPLE, response_only=True)],
    )
)
class ChangeViewSet(ApiView, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Each lesson comes once, with the state that it is in now.

    Whoever keeps copies asks with `since` = the time of the last asking less ten minutes, fetches what is published or
    archived and removes everything else: `suspended` (do not use it), `merged` (`merged_into` has it now), `withdrawn`
    (the newest version is not for you).  A change that comes twice does no harm.
    """

    serializer_class = ChangeSerializer
    required_scope = TokenScope.READ_PUBLISHED
    queryset = Publication.objects.none()
    page_by = ("changed_at", "known_as")

    def get_queryset(self) -> QuerySet[Any]:
        asked = SinceSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        changes = changes_for(caller(self.request))
        if since := asked.validated_data.get("since"):
            changes = changes.filter(changed_at__gte=since)  # type: ignore[misc]  # it is computed
        return changes
