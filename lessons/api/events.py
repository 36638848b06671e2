"""Events as publications carry them: events themselves are not sanitised, so no more of them is told."""

from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, F, Func, QuerySet, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.models import TokenScope
from lessons.api.base import ApiView, caller
from lessons.api.parameters import FILTERS, filters_of
from lessons.models import EventKind, Precision, Publication

#: Stands for a date that is not given, so that all can be sorted.
NO_DATE = date(1, 1, 1)
EXAMPLE = {
    "name": "Exercise Rising Tide",
    "kind": "exercise",
    "date": "2026-01-01",
    "precision": "month",
    "areas": ["cumbria"],
    "lessons": ["LI-2026-00042", "NP-2026-00007"],
}


class EventSerializer(serializers.Serializer):
    name = serializers.CharField(help_text="As published.")
    kind = serializers.ChoiceField(choices=EventKind.choices)
    date = serializers.DateField(allow_null=True, help_text="First day of the month or year.")
    precision = serializers.ChoiceField(choices=Precision.choices)
    areas = serializers.ListField(child=serializers.CharField(), help_text="Codes, as far as attribution allows.")
    lessons = serializers.ListField(child=serializers.CharField(), help_text="References of what came from it.")

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        day = instance["sorted_on"]
        return {
            "name": instance["event_name"],
            "kind": instance["event_kind"],
            "date": None if day == NO_DATE else day.isoformat(),
            "precision": instance["event_precision"],
            "areas": [term.removeprefix("area:") for term in instance["area_terms"]],
            "lessons": instance["lessons"],
        }


@extend_schema_view(
    list=extend_schema(
        summary="Events of published lessons, newest first",
        parameters=FILTERS,
        examples=[OpenApiExample("An event", EXAMPLE, response_only=True)],
    )
)
class EventViewSet(ApiView, mixins.ListModelMixin, viewsets.GenericViewSet):
    """What lessons came from, as their publications tell it: the same name, kind and month is the same event.

    Takes the filters of the lessons: an event is there if one of its lessons is, and lists those.
    """

    serializer_class = EventSerializer
    required_scope = TokenScope.READ_PUBLISHED
    queryset = Publication.objects.none()
    page_by = ("-sorted_on", "-event_name", "-event_kind", "-event_precision")

    def get_queryset(self) -> QuerySet[Any]:
        found = filters_of(self.request).apply(Publication.objects.readable_by(caller(self.request)))
        keys = ("sorted_on", "event_name", "event_kind", "event_precision")
        dated = found.order_by().annotate(sorted_on=Coalesce("event_on", Value(NO_DATE)))
        events: QuerySet[Any] = dated.values(*keys).annotate(
            lessons=ArrayAgg("lesson__reference", order_by="lesson__reference"), publications=ArrayAgg("pk")
        )
        return events

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        """Add the areas: one query for the page."""
        events = super().paginate_queryset(queryset) or []
        keys = [key for event in events for key in event["publications"]]
        pairs = (
            Publication.objects.filter(pk__in=keys)
            .annotate(term=Func(F("terms"), function="unnest", output_field=CharField()))
            .values_list("pk", "term")
        )
        areas: dict[int, set[str]] = {}
        for key, term in pairs:
            if term.startswith("area:"):
                areas.setdefault(key, set()).add(term)
        for event in events:
            event["area_terms"] = sorted(set().union(*(areas.get(key, set()) for key in event["publications"])))
        return list(events)
