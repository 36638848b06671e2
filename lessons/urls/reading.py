"""Pages of readers."""

from django.urls import path

from lessons.views import editions, finding, plan, reading, recurring

urlpatterns = [
    path("", reading.home, name="home"),
    path("lessons/", finding.lesson_list, name="lesson_list"),
    path("lessons/<slug:reference>/", reading.lesson, name="lesson"),
    path("risks/", reading.national_risks, name="national_risks"),
    path("risks/<slug:code>/", reading.national_risk, name="national_risk"),
    path("plan/", plan.plan, name="plan"),
    path("recurring/", recurring.recurring, name="recurring"),
    path("recurring/<slug:risk_theme>/<slug:theme>/", recurring.recurring_trend, name="recurring_trend"),
    path("registers/", editions.registers, name="registers"),
    path("registers/load/", editions.register_load, name="register_load"),
]
