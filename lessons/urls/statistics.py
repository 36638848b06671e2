"""Statistics."""

from django.urls import path

from lessons.views import statistics

urlpatterns = [
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/<slug:figure>.csv", statistics.statistics_csv, name="statistics_csv"),
    path("statistics/<slug:page>/", statistics.statistics, name="statistics_page"),
]
