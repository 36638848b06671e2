"""How a published lesson looks in the API."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lessons.models import Kind, Publication


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
