"""The REST API of lessons; its routes are in jol/api.py."""

from lessons.api.changes import ChangeViewSet
from lessons.api.drafts import DraftViewSet
from lessons.api.events import EventViewSet
from lessons.api.exports import ExportView
from lessons.api.publications import LessonViewSet
from lessons.api.reference import (
    AreaViewSet,
    CapabilityViewSet,
    NationalRiskViewSet,
    OrganisationViewSet,
    ThemeViewSet,
)
from lessons.api.similar import SimilarView
from lessons.api.statistics import StatisticsView

__all__ = [
    "AreaViewSet",
    "CapabilityViewSet",
    "ChangeViewSet",
    "DraftViewSet",
    "EventViewSet",
    "ExportView",
    "LessonViewSet",
    "NationalRiskViewSet",
    "OrganisationViewSet",
    "SimilarView",
    "StatisticsView",
    "ThemeViewSet",
]
