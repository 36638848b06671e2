"""The REST API of lessons; its routes are in jol/api.py."""

from lessons.api.publications import LessonViewSet
from lessons.api.reference import NationalRiskViewSet

__all__ = ["LessonViewSet", "NationalRiskViewSet"]
