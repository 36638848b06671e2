"""The REST API of lessons; its routes are in jol/api.py."""

from lessons.api.exports import ExportView
from lessons.api.publications import LessonViewSet
from lessons.api.reference import (
    AreaViewSet,
    CapabilityViewSet,
    NationalRiskViewSet,
    OrganisationViewSet,
    ThemeViewSet,
)

__all__ = [
    "AreaViewSet",
    "CapabilityViewSet",
    "ExportView",
    "LessonViewSet",
    "NationalRiskViewSet",
    "OrganisationViewSet",
    "ThemeViewSet",
]
