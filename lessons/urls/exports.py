"""Downloading lessons, and what describes their format."""

from django.urls import path

from lessons.exports.json_schema import VERSION
from lessons.views import exports, formats

urlpatterns = [
    path("lessons/download/", exports.lesson_download, name="lesson_download"),
    path(f"schemas/lesson/v{VERSION}.json", formats.lesson_schema, name="lesson_schema"),
    path(f"schemas/lesson/v{VERSION}/vocabulary.json", formats.lesson_vocabulary, name="lesson_vocabulary"),
]
