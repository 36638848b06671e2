"""What lessons are tagged with, read-only."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.models import TokenScope
from lessons.models import NationalRisk


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

    page_by = ("code",)

    def get_queryset(self) -> Any:
        newest = NationalRisk.objects.current().values("pk")
        return NationalRisk.objects.filter(pk__in=newest)
