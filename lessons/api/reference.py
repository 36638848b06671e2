"""What lessons are tagged with and who shares them, read-only."""

from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import mixins, serializers, viewsets

from accounts.models import Organisation, ResilienceArea, TokenScope
from lessons.api.base import ApiView
from lessons.models import Capability, NationalRisk, Theme


def example(called: str, /, **fields: Any) -> Any:
    """Show one row in the description, alone and in lists."""
    return extend_schema_serializer(examples=[OpenApiExample(called, fields, response_only=True)])


class CodedViewSet(ApiView, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Rows of reference data by their stable codes."""

    required_scope = TokenScope.READ_PUBLISHED
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9-]+"
    page_by = ("code",)


@example(
    "A risk",
    code="surface-water-flooding",
    edition="2025",
    number="51c",
    name="Surface water flooding",
    theme_code="natural-and-environmental-hazards",
    theme="Natural and environmental hazards",
    likelihood=None,
    impact=None,
    url="https://jol.example.org/national-risks/surface-water-flooding/",
)
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
class NationalRiskViewSet(CodedViewSet):
    """The entries of the National Risk Register that lessons are tagged with."""

    serializer_class = NationalRiskSerializer
    queryset = NationalRisk.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        newest = NationalRisk.objects.current().values("pk")
        return NationalRisk.objects.filter(pk__in=newest)


@example("A principle", code="communicate", name="Communicate", group="principle", description="")
class ThemeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Theme
        fields = ["code", "name", "group", "description"]


@extend_schema_view(
    list=extend_schema(summary="JESIP principles and topics of the doctrine"),
    retrieve=extend_schema(summary="One theme"),
)
class ThemeViewSet(CodedViewSet):
    """`group` is `principle` for the five JESIP principles, else what the topic belongs to."""

    serializer_class = ThemeSerializer
    queryset = Theme.objects.all()


@example("A capability", code="mass-evacuation", name="Mass evacuation", description="")
class CapabilitySerializer(serializers.ModelSerializer):
    class Meta:
        model = Capability
        fields = ["code", "name", "description"]


@extend_schema_view(
    list=extend_schema(summary="Capabilities"),
    retrieve=extend_schema(summary="One capability"),
)
class CapabilityViewSet(CodedViewSet):
    """What responders must be able to do."""

    serializer_class = CapabilitySerializer
    queryset = Capability.objects.all()


@example(
    "An area", code="cumbria", name="Cumbria", kind="LRF", nation="England", region="North West", tile_row=3, tile_col=4
)
class AreaSerializer(serializers.ModelSerializer):
    class Meta:
        model = ResilienceArea
        fields = ["code", "name", "kind", "nation", "region", "tile_row", "tile_col"]


@extend_schema_view(
    list=extend_schema(summary="Resilience areas, with their place on a tile map"),
    retrieve=extend_schema(summary="One resilience area"),
)
class AreaViewSet(CodedViewSet):
    """Local resilience forums (LRF), regional resilience partnerships (RRP), emergency preparedness groups (EPG)."""

    serializer_class = AreaSerializer
    queryset = ResilienceArea.objects.all()


@example(
    "An organisation",
    code="cumbria-fire-and-rescue-service",
    name="Cumbria Fire and Rescue Service",
    type="fire-and-rescue-service",
    category="1",
    sector="fire",
    nation="England",
    areas=["cumbria"],
)
class OrganisationSerializer(serializers.ModelSerializer):
    type = serializers.CharField(source="type.code")
    category = serializers.CharField(source="type.category", help_text="1, 2 or sponsored.")
    sector = serializers.CharField(source="type.sector")
    areas = serializers.SlugRelatedField[ResilienceArea]("code", many=True, read_only=True)

    class Meta:
        model = Organisation
        fields = ["code", "name", "type", "category", "sector", "nation", "areas"]


@extend_schema_view(
    list=extend_schema(summary="Responder organisations"),
    retrieve=extend_schema(summary="One organisation"),
)
class OrganisationViewSet(CodedViewSet):
    """Those that take part today."""

    serializer_class = OrganisationSerializer
    queryset: QuerySet[Model] = Organisation.objects.current().select_related("type").prefetch_related("areas")
