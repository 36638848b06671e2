"""Counts to study, the same as on the statistics pages."""

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import TokenScope
from lessons.api.base import ApiView, caller
from lessons.api.parameters import FILTERS, filters_of
from lessons.kept import one_snapshot
from lessons.models import Brag, EventKind, Kind
from lessons.statistics.counts import SMALLEST_TOLD, count_published, count_submitted
from lessons.statistics.study import Study

EXAMPLE = {
    "total": 113,
    "by": {"kind": [{"code": "lesson_identified", "name": "Lesson identified", "count": 80}]},
    "risk_themes_by_year": [{"code": "natural-and-environmental-hazards", "year": 2025, "count": 12}],
    "published": [{"month": "2026-03-01", "count": 7}],
    "submitted": [{"month": "2026-02-01", "count": 7}],
    "pace": [{"tier": "area", "year": None, "lessons": 60, "median_days": 6, "ninetieth_percentile_days": 14}],
}


class CodeCountSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()


class YearCountSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Of the theme of the risk.")
    year = serializers.IntegerField(allow_null=True, help_text="Of the event.")
    count = serializers.IntegerField()


class MonthCountSerializer(serializers.Serializer):
    month = serializers.DateField(help_text="Its first day.")
    count = serializers.IntegerField()


class PaceSerializer(serializers.Serializer):
    tier = serializers.ChoiceField(choices=["area", "national"])
    year = serializers.IntegerField(allow_null=True, help_text="Of publication; null: all years.")
    lessons = serializers.IntegerField(allow_null=True, help_text=f"Null for fewer than {SMALLEST_TOLD}.")
    median_days = serializers.FloatField(allow_null=True, help_text="Whole days.")
    ninetieth_percentile_days = serializers.FloatField(allow_null=True, help_text="Whole days.")


class StatisticsSerializer(serializers.Serializer):
    total = serializers.IntegerField()
    by = serializers.DictField(
        child=CodeCountSerializer(many=True),
        help_text="Under kind, risk, risk_theme, theme, capability, area, sector, source and brag.",
    )
    risk_themes_by_year = YearCountSerializer(many=True)
    published = MonthCountSerializer(many=True)
    submitted = MonthCountSerializer(many=True)
    pace = PaceSerializer(many=True)


class StatisticsView(ApiView):
    """Counts over the published lessons that you may read and the filters find.

    A count is the length of the list with the same filters and that code.  Only `pace` is of all that you may read,
    whatever the filters: it says what no lesson says by itself.
    """

    required_scope = TokenScope.READ_STATISTICS
    serializer_class = StatisticsSerializer
    pagination_class = None

    @extend_schema(
        operation_id="statistics",
        summary="Counts by kind, risk, theme, place, source and month",
        parameters=FILTERS,
        examples=[OpenApiExample("Counts", EXAMPLE, response_only=True)],
    )
    @one_snapshot()
    def get(self, request: Request) -> Response:
        study = Study(caller(request), filters_of(request), timezone.now())
        counts = study.counts
        return Response(
            {
                "total": counts.total,
                "by": {field: _counted(counts.under(field.replace("_", "-")), names) for field, names in _names(study)},
                "risk_themes_by_year": [
                    {"code": code, "year": year, "count": count}
                    for code, years in sorted(counts.by_year("risk-theme").items())
                    for year, count in sorted(years.items(), key=lambda item: item[0] or 0)
                ],
                "published": _months(study.months(count_published)),
                "submitted": _months(study.months(count_submitted)),
                "pace": [
                    {
                        "tier": one.tier,
                        "year": one.year,
                        "lessons": one.lessons if one.is_told else None,
                        "median_days": one.median_days if one.is_told else None,
                        "ninetieth_percentile_days": one.ninetieth_days if one.is_told else None,
                    }
                    for one in study.pace
                ],
            }
        )


def _names(study: Study) -> list[tuple[str, dict[str, str]]]:
    filters = study.filters
    fixed = {"kind": Kind, "source": EventKind, "brag": Brag}
    return [
        *((field, {value: str(label) for value, label in choices.choices}) for field, choices in fixed.items()),
        ("risk", filters.risk_names),
        ("risk_theme", filters.risk_theme_names),
        ("theme", filters.theme_names),
        ("capability", filters.capability_names),
        ("area", filters.area_names),
        ("sector", filters.sector_names),
    ]


def _counted(counts: dict[str, int], names: dict[str, str]) -> list[dict[str, Any]]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"code": code, "name": names.get(code, code), "count": count} for code, count in ranked]


def _months(months: dict[date, int]) -> list[dict[str, Any]]:
    return [{"month": month.isoformat(), "count": count} for month, count in months.items()]
