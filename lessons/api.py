"""The published lessons and the National Risks, read-only."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.models import TokenScope
from lessons.access import get_publication
from lessons.filters import LONGEST_QUERY, LessonFilters
from lessons.models import Kind, NationalRisk, Publication, PublicationQuerySet


class CodesField(serializers.ListField):
    """The codes of a publication under one prefix of its terms: what attribution hides is not there."""

    child = serializers.CharField()

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Publication) -> list[str]:
        return value.codes_of(self.prefix)


class RecommendationSerializer(serializers.Serializer):
    text = serializers.CharField()
    by_whom = serializers.CharField()


class VersionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Publication
        fields = ["version", "published_at", "change", "note"]


class PublicationEventSerializer(serializers.Serializer):
    """The event as its publication carries it: never finer than the month."""

    name = serializers.CharField(source="event_name")
    kind = serializers.CharField(source="event_kind")
    date = serializers.DateField(source="event_on", allow_null=True, help_text="First day of the month or year.")
    precision = serializers.CharField(source="event_precision")


class PublicationSerializer(serializers.ModelSerializer):
    """One lesson in the version in force."""

    reference = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=Kind.choices, read_only=True)
    url = serializers.SerializerMethodField(help_text="The page of the lesson.")
    event = PublicationEventSerializer(source="*", read_only=True)
    recommendations = RecommendationSerializer(many=True, read_only=True)
    national_risks = CodesField("risk")
    risk_themes = CodesField("risk-theme")
    themes = CodesField("theme")
    capabilities = CodesField("capability")
    areas = CodesField("area")
    sectors = CodesField("sector")
    organisations = CodesField("organisation")

    class Meta:
        model = Publication
        fields = [
            "reference",
            "kind",
            "url",
            "title",
            "version",
            "published_at",
            "attributed_to",
            "event",
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
            "not_a_national_risk",
            "national_risks",
            "risk_themes",
            "themes",
            "capabilities",
            "areas",
            "sectors",
            "organisations",
            "archived_at",
        ]

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, publication: Publication) -> str:
        return f"{settings.SITE_URL}{publication.get_absolute_url()}"


class PublicationDetailSerializer(PublicationSerializer):
    """One lesson, with number, date and note of each version; the text of old versions is not for readers."""

    versions = VersionSerializer(source="lesson.published_versions", many=True, read_only=True)

    class Meta(PublicationSerializer.Meta):
        fields = [*PublicationSerializer.Meta.fields, "versions"]


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


class NationalRiskSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField(help_text="The page of the risk.")

    class Meta:
        model = NationalRisk
        fields = ["code", "edition", "number", "name", "theme_code", "theme", "likelihood", "impact", "url"]

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, risk: NationalRisk) -> str:
        return f"{settings.SITE_URL}{risk.get_absolute_url()}"


@extend_schema_view(
    list=extend_schema(summary="National Risks, each in its newest edition"),
    retrieve=extend_schema(summary="One National Risk in its newest edition"),
)
class NationalRiskViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The entries of the National Risk Register that lessons are tagged with."""

    serializer_class = NationalRiskSerializer
    required_scope = TokenScope.READ_PUBLISHED
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9-]+"
    queryset = NationalRisk.objects.all()

    @property
    def paginator(self) -> Any:
        """Page by code: the risks have no date."""
        if not hasattr(self, "_pages"):
            self._pages = self.pagination_class()
            self._pages.ordering = ("code",)
        return self._pages

    def get_queryset(self) -> Any:
        newest = NationalRisk.objects.current().values("pk")
        return NationalRisk.objects.filter(pk__in=newest)
