"""How a program writes a draft."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.models import Organisation, ResilienceArea, ResponderType
from lessons.api.typed import Coded, Mailbox, Slug, Text, Truth, Whole
from lessons.models import (
    Attribution,
    Audience,
    Brag,
    Capability,
    EventKind,
    Kind,
    LegalContext,
    Marking,
    NationalRisk,
    Precision,
    Scale,
    Status,
    Theme,
)

LONGEST_TEXT = 20_000  # characters
MOST_CODES = 100
MOST_RECOMMENDATIONS = 20

EXAMPLE = {
    "kind": "lesson_identified",
    "title": "Share the shelter list before the first call",
    "event": {"name": "Exercise Rising Tide", "kind": "exercise", "started_on": "2026-01-14", "areas": ["cumbria"]},
    "statement": "Partners share one list of rest centres before an exercise begins.",
    "what_happened": "Two control rooms worked from different lists of rest centres for an hour.",
    "recommendations": [{"text": "Keep one list of rest centres", "by_whom": "Local resilience forum"}],
    "national_risks": ["surface-water-flooding"],
    "themes": ["communicate"],
    "brag": "green",
    "marking": "official",
    "audience": "all_responders",
    "external_id": "debrief-17/3",
}


def words(longest: int = LONGEST_TEXT, **options: Any) -> Text:
    return Text(max_length=longest, allow_blank=True, required=False, **options)


def choice(choices: Any, **options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices.choices, required=False, **options)


class Codes(serializers.ListField):
    """Codes of rows; in what is read the rows themselves."""

    child = Slug(max_length=100)

    def __init__(self, rows: QuerySet[Any] | None = None, field: str = "code", **options: Any) -> None:
        self.rows, self.field = rows, field
        super().__init__(required=False, max_length=MOST_CODES, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        given = list(dict.fromkeys(super().to_internal_value(data)))
        if self.rows is None:
            return given
        known = {getattr(row, self.field): row for row in self.rows.filter(**{f"{self.field}__in": given})}
        if unknown := [code for code in given if code not in known]:
            raise serializers.ValidationError(f"Not known: {', '.join(unknown)}.")
        return [known[code] for code in given]

    def to_representation(self, data: Any) -> list[str]:
        rows = data.all() if hasattr(data, "all") else data
        return [row if isinstance(row, str) else getattr(row, self.field) for row in rows]


class CodeList(Codes):
    """Codes that are stored as codes."""

    def to_internal_value(self, data: Any) -> list[str]:
        return [getattr(row, self.field) for row in super().to_internal_value(data)]


class RecommendationDraftSerializer(serializers.Serializer):
    text = Text(max_length=LONGEST_TEXT, allow_blank=True)
    by_whom = words(500)


class EventDraftSerializer(serializers.Serializer):
    """What the learning comes from.  The draft needs its name only."""

    name = Text(max_length=150)
    kind = choice(EventKind, allow_blank=True)
    started_on = serializers.DateField(required=False, allow_null=True)
    ended_on = serializers.DateField(required=False, allow_null=True)
    precision = choice(Precision)
    place = words(200)
    scale = choice(Scale, allow_blank=True)
    major_incident = Truth(required=False, allow_null=True)
    legal_contexts = serializers.ListField(
        child=serializers.ChoiceField(choices=LegalContext.choices), required=False, max_length=len(LegalContext)
    )
    marking = choice(Marking)
    areas = Codes(ResilienceArea.objects.all())
    organisations = Codes(Organisation.objects.current())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        began, ended = attrs.get("started_on"), attrs.get("ended_on")
        if began and ended and ended < began:
            raise serializers.ValidationError({"ended_on": ["It ends before it begins."]})
        return attrs


#: The same draft as it is answered.
ANSWERED: dict[str, Any] = EXAMPLE | {
    "id": 4711,
    "status": "draft",
    "url": "https://jol.example.org/records/4711/",
    "row_version": 0,
    "organisation": "cumbria-fire-and-rescue-service",
    "event": EXAMPLE["event"]  # type: ignore[operator]
    | {
        "ended_on": None,
        "precision": "day",
        "place": "",
        "scale": "",
        "major_incident": None,
        "legal_contexts": [],
        "marking": "official",
        "organisations": [],
    },
    "area": "cumbria",
    "context": "",
    "impact": "",
    "why": "",
    "no_recommendation_because": "",
    "action_taken": "",
    "benefit": "",
    "evidence": "",
    "to_copy_it": "",
    "not_a_national_risk": False,
    "handling": "",
    "audience_sectors": [],
    "audience_areas": [],
    "attribution": "organisation",
    "capabilities": [],
}
MISSING = {"warnings": "Answer a warning about what readers may not see."}


@extend_schema_serializer(examples=[OpenApiExample("A draft", EXAMPLE, request_only=True)])
class DraftSerializer(serializers.Serializer):
    """A draft needs a kind, a title and the name of its event; `missing` says what it lacks to be submitted."""

    id = serializers.IntegerField(read_only=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    url = serializers.URLField(read_only=True, help_text="The page of the draft.")
    row_version = Whole(
        required=False, min_value=0, max_value=2**31 - 1, help_text="To change a draft, the one that was read."
    )
    missing = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="What it lacks to be submitted: field and what to do."
    )
    organisation = Coded[Organisation](
        "code",
        queryset=Organisation.objects.current(),
        required=False,
        help_text="Needed if you may write for more than one.",
    )
    kind = serializers.ChoiceField(choices=Kind.choices)
    title = Text(max_length=120)
    event = EventDraftSerializer()
    area = Coded[ResilienceArea]("code", queryset=ResilienceArea.objects.all(), required=False, allow_null=True)
    statement = words()
    context = words()  # type: ignore[assignment]  # a field of ours, not what a serializer is given
    what_happened = words()
    impact = words()
    why = words()
    recommendations = serializers.ListField(
        child=RecommendationDraftSerializer(), required=False, max_length=MOST_RECOMMENDATIONS
    )
    no_recommendation_because = words()
    action_taken = words()
    benefit = words()
    evidence = words()
    to_copy_it = words()
    not_a_national_risk = Truth(required=False)
    brag = choice(Brag, allow_blank=True)
    marking = choice(Marking, allow_blank=True)
    handling = words(500)
    audience = choice(Audience, allow_blank=True)
    audience_sectors = CodeList(ResponderType.objects.order_by("sector").distinct("sector"), "sector")
    audience_areas = CodeList(ResilienceArea.objects.all())
    attribution = choice(Attribution)
    national_risks = Codes(NationalRisk.objects.current(), source="risks")
    themes = Codes(Theme.objects.all())
    capabilities = Codes(Capability.objects.all())
    contact = Mailbox(required=False, allow_blank=True, help_text="A mailbox of a role, never a person's.")
    external_id = words(100, help_text="Your own id of it: unique in your organisation.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A change", {"row_version": 3, "brag": "amber", "themes": ["communicate"]}, request_only=True)
    ]
)
class DraftChangesSerializer(DraftSerializer):
    """What is to change; `row_version` is the one that was read."""

    row_version = Whole(min_value=0, max_value=2**31 - 1, error_messages={"required": "Say which version you read."})
    title = Text(max_length=120, required=False)
    kind = serializers.ChoiceField(choices=Kind.choices, read_only=True)
    organisation = serializers.SlugField(source="organisation.code", read_only=True)  # type: ignore[assignment]  # only read
    external_id = serializers.CharField(read_only=True)  # type: ignore[assignment]  # only read
    event = EventDraftSerializer(read_only=True)
