"""The published lessons, read-only."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.models import TokenScope
from lessons.access import get_publication
from lessons.api.shape import PublicationDetailSerializer, PublicationSerializer
from lessons.filters import LONGEST_QUERY, LessonFilters
from lessons.models import Kind, Publication, PublicationQuerySet


def _parameter(name: str, words: str, kind: OpenApiTypes = OpenApiTypes.STR, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words, **more)


FILTERS = [
    _parameter("q", f"Words, at most {LONGEST_QUERY} characters: quotes, minus and OR work."),
    _parameter("kind", "Kind of learning.", enum=Kind.values),
    _parameter("risk", "Code of a National Risk."),
    _parameter("risk_theme", "Code of a theme of the National Risk Register."),
    _parameter("theme", "Code of a JESIP theme."),
    _parameter("area", "Code of a resilience area."),
    _parameter("since", "Published on this day or later.", OpenApiTypes.DATE),
    _parameter("until", "Published on this day or earlier.", OpenApiTypes.DATE),
]


@extend_schema_view(
    list=extend_schema(parameters=FILTERS, summary="Published lessons, newest first"),
    retrieve=extend_schema(summary="One published lesson", responses=PublicationDetailSerializer),
)
class LessonViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The published lessons that the caller may read."""

    serializer_class = PublicationSerializer
    required_scope = TokenScope.READ_PUBLISHED
    lookup_field = "reference"
    lookup_value_regex = "[A-Z]{2}-[0-9]{4}-[0-9]+"
    queryset = Publication.objects.none()
    page_by = ("-published_at", "-pk")

    def get_queryset(self) -> PublicationQuerySet:
        publications = Publication.objects.readable_by(self.request.user).unarchived()
        filters = LessonFilters(self.request.query_params)
        if not filters.is_valid():
            raise serializers.ValidationError(filters.errors)
        return filters.apply(publications).for_list()

    def get_object(self) -> Publication:
        publication = get_publication(user=self.request.user, reference=self.kwargs["reference"])
        published = Publication.objects.filter(published_at__isnull=False).order_by("version")
        versions = Prefetch("lesson__publications", published, to_attr="published_versions")
        return Publication.objects.select_related("lesson").prefetch_related(versions).get(pk=publication.pk)

    def get_serializer_class(self) -> type[PublicationSerializer]:
        return PublicationDetailSerializer if self.action == "retrieve" else PublicationSerializer
