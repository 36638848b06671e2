"""How a published lesson is described in the API; what it holds is in `lessons/exports/document.py`."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from lessons.exports.document import document_of
from lessons.models import Attribution, Audience, Brag, EventKind, Kind, Marking, Precision, Publication

EXAMPLE: dict[str, Any] = {
    "reference": "LI-2026-00042",
    "kind": "lesson_identified",
    "url": "https://jol.example.org/lessons/LI-2026-00042/",
    "published_at": "2026-03-02T12:00:00Z",
    "archived_at": None,
    "event": {"name": "Exercise Rising Tide", "kind": "exercise", "date": "2026-01-01", "precision": "month"},
    "title": "Share the shelter list before the first call",
    "version": 1,
    "attributed_to": "Cumbria",
    "attribution": "area",
    "statement": "Partners share one list of rest centres before an exercise begins.",
    "context": "",
    "what_happened": "Two control rooms worked from different lists of rest centres for an hour.",
    "impact": "Evacuees were sent to a centre that had closed.",
    "why": "",
    "recommendations": [{"text": "Keep one list of rest centres", "by_whom": "Local resilience forum"}],
    "no_recommendation_because": "",
    "action_taken": "",
    "benefit": "",
    "evidence": "",
    "to_copy_it": "",
    "brag": "green",
    "marking": "official",
    "handling": "",
    "audience": "all_responders",
    "not_a_national_risk": False,
    "national_risks": ["surface-water-flooding"],
    "risk_themes": ["natural-and-environmental-hazards"],
    "themes": ["communicate"],
    "capabilities": ["mass-evacuation"],
    "areas": ["cumbria"],
    "sectors": ["fire"],
    "organisations": [],
    "audience_sectors": [],
    "audience_areas": [],
}
VERSIONS = [{"version": 1, "published_at": "2026-03-02T12:00:00Z", "change": "first", "note": ""}]


def codes(words: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), read_only=True, help_text=words)


class RecommendationSerializer(serializers.Serializer):
    text = serializers.CharField()
    by_whom = serializers.CharField()


class VersionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Publication
        fields = ["version", "published_at", "change", "note"]


class PublicationEventSerializer(serializers.Serializer):
    """The event as its publication carries it: never finer than the month."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=EventKind.choices)
    date = serializers.DateField(allow_null=True, help_text="First day of the month or year.")
    precision = serializers.ChoiceField(choices=Precision.choices)


@extend_schema_serializer(examples=[OpenApiExample("A lesson", EXAMPLE, response_only=True)])
class PublicationSerializer(serializers.Serializer):
    """One lesson in the version in force."""

    reference = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    url = serializers.URLField(help_text="The page of the lesson.")
    published_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    event = PublicationEventSerializer()
    title = serializers.CharField()
    version = serializers.IntegerField()
    attributed_to = serializers.CharField(help_text="In words, as far as the owner allows.")
    attribution = serializers.ChoiceField(choices=Attribution.choices, help_text="Who is named.")
    statement = serializers.CharField(help_text="The lesson in a sentence or two.")
    context = serializers.CharField()  # type: ignore[assignment]  # a field of ours, not what a serializer is given
    what_happened = serializers.CharField()
    impact = serializers.CharField()
    why = serializers.CharField()
    recommendations = RecommendationSerializer(many=True)
    no_recommendation_because = serializers.CharField()
    action_taken = serializers.CharField()
    benefit = serializers.CharField()
    evidence = serializers.CharField()
    to_copy_it = serializers.CharField()
    brag = serializers.ChoiceField(choices=Brag.choices)
    marking = serializers.ChoiceField(choices=Marking.choices)
    handling = serializers.CharField(help_text="The handling instruction of an OFFICIAL-SENSITIVE lesson.")
    audience = serializers.ChoiceField(choices=Audience.choices, help_text="Who else may read it.")
    not_a_national_risk = serializers.BooleanField()
    national_risks = codes("Codes of National Risks.")
    risk_themes = codes("Codes of the themes of these risks.")
    themes = codes("Codes of JESIP themes.")
    capabilities = codes("Codes of capabilities.")
    areas = codes("Codes of resilience areas; empty where attribution hides them.")
    sectors = codes("Sectors; empty where attribution hides them.")
    organisations = codes("Codes of organisations; empty where attribution hides them.")
    audience_sectors = codes("Sectors that the audience names; empty where attribution hides sectors.")
    audience_areas = codes("Areas that the audience names; empty where attribution hides areas.")

    def to_representation(self, instance: Publication) -> dict[str, Any]:
        return document_of(instance)


@extend_schema_serializer(
    examples=[OpenApiExample("A lesson with its versions", EXAMPLE | {"versions": VERSIONS}, response_only=True)]
)
class PublicationDetailSerializer(PublicationSerializer):
    """One lesson, with number, date and note of each version; the text of old versions is not for readers."""

    versions = VersionSerializer(many=True)

    def to_representation(self, instance: Publication) -> dict[str, Any]:
        versions = VersionSerializer(instance.lesson.published_versions, many=True)  # type: ignore[attr-defined]
        return document_of(instance) | {"versions": versions.data}
