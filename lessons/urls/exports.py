"""Downloading lessons."""

from django.urls import path

from lessons.views import exports

urlpatterns = [path("lessons/download/", exports.lesson_download, name="lesson_download")]
