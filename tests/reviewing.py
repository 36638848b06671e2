"""A moderator in front of the review page, for the tests of its pages."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from lessons.checklist import CHECKLIST
from lessons.models import Lesson, Status
from tests.factories import LessonFactory, OrganisationFactory, ResilienceAreaFactory, person


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def in_review(moderator: User | None = None, **values: Any) -> tuple[Lesson, User]:
    """Return a lesson that `moderator` (somebody new) claimed a moment ago: pages compare claims with the clock."""
    area = values.pop("area", None) or ResilienceAreaFactory()
    moderator = moderator or person(Role.LRF_MODERATOR, area=area)
    values = {
        "status": Status.IN_REVIEW,
        "at": timezone.now(),
        "organisation": OrganisationFactory(areas=[area]),
    } | values
    return LessonFactory(area=area, moderator=moderator, claimed_by=moderator, **values), moderator


def review_url(lesson: Lesson) -> str:
    return reverse("review", args=[lesson.pk])


def shown(client: Client, lesson: Lesson) -> dict[str, Any]:
    """Return what a browser would send back from the review page as it is shown."""
    return as_sent(client.get(review_url(lesson)))


def as_sent(page: Any) -> dict[str, Any]:
    """Return what a browser sends when a button of `page` is pressed, without the button itself."""
    values = {field.html_name: field.value() for field in page.context["form"]}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def decide(client: Client, lesson: Lesson, decision: str = "save", **values: Any) -> Any:
    """Press a button of the review page, having typed `values`."""
    return client.post(review_url(lesson), shown(client, lesson) | values | {"decision": decision})


def ticked() -> dict[str, list[str]]:
    return {"checklist": list(CHECKLIST)}


def words_of(answer: HttpResponse) -> str:
    """Return the page as one line, for looking up sentences that templates break."""
    return " ".join(answer.content.decode().split())


def later(lesson: Lesson, at: datetime) -> None:
    """Move the claim of `lesson` to `at`."""
    Lesson.objects.filter(pk=lesson.pk).update(claimed_at=at)
