"""The published lessons, read-only."""

from typing import Any, cast

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets

from accounts.models import TokenScope
from lessons.access import get_publication
from lessons.actions.reading import record_read
from lessons.api.base import ApiView, caller
from lessons.api.parameters import FILTERS, filters_of
from lessons.api.shape import PublicationDetailSerializer, PublicationSerializer
from lessons.models import Publication, PublicationQuerySet


@extend_schema_view(
    list=extend_schema(parameters=FILTERS, summary="Published lessons, newest first"),
    retrieve=extend_schema(summary="One published lesson", responses=PublicationDetailSerializer),
)
class LessonViewSet(ApiView, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The published lessons that the caller may read."""

    serializer_class = PublicationSerializer
    required_scope = TokenScope.READ_PUBLISHED
    lookup_field = "reference"
    lookup_value_regex = "[A-Z]{2}-[0-9]{4}-[0-9]+"
    queryset = Publication.objects.none()
    page_by = ("-published_at", "-pk")

    def get_queryset(self) -> PublicationQuerySet:
        readable = Publication.objects.readable_by(caller(self.request))
        return filters_of(self.request).apply(readable).for_list()

    def paginate_queryset(self, queryset: Any) -> Any:
        page = cast("list[Publication]", super().paginate_queryset(queryset))  # every list here is cut into pages
        record_read(*page, by=caller(self.request), at=timezone.now())
        return page

    def get_object(self) -> Publication:
        publication = get_publication(user=caller(self.request), reference=self.kwargs["reference"])
        published = Publication.objects.filter(published_at__isnull=False).order_by("version")
        versions = Prefetch("lesson__publications", published, to_attr="published_versions")
        return Publication.objects.select_related("lesson").prefetch_related(versions).get(pk=publication.pk)

    def get_serializer_class(self) -> type[PublicationSerializer]:
        return PublicationDetailSerializer if self.action == "retrieve" else PublicationSerializer
