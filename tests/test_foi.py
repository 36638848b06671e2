"""Requests for information: who asks as a kind, who was consulted, what they said, what came of it."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.roles import Role
from lessons.actions.foi import RecordedBefore, close_request, consult, open_request, record_answer
from lessons.errors import WrongStatus
from lessons.models import FoiRequest, Lesson, Status
from tests.factories import NOON, LessonFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> User:
    return person(Role.SECRETARIAT)


@pytest.fixture
def lesson() -> Lesson:
    return LessonFactory(status=Status.PUBLISHED)


def test_a_request_is_due_after_20_working_days_and_everything_about_it_is_recorded(
    keeper: User, lesson: Lesson
) -> None:
    received = date(2026, 3, 20)  # Good Friday and Easter Monday lie between
    made = open_request(
        lesson=lesson, reference="FOI 2026/7", requester="media", received_on=received, by=keeper, at=NOON
    )
    asked = consult(request=made, organisation=lesson.organisation, by=keeper, at=NOON)
    record_answer(consultee=asked, answer="withhold", note="Section 24", by=keeper, at=NOON)
    close_request(request=made, outcome="partly", note="Section 38", by=keeper, at=NOON)

    assert made.due_on == date(2026, 4, 21)
    actions = list(AuditEvent.objects.filter(action__startswith="foi.").order_by("pk").values_list("action", flat=True))
    assert actions == ["foi.open", "foi.consult", "foi.answer", "foi.close"]
    with pytest.raises(WrongStatus):
        record_answer(consultee=asked, answer="release", note="", by=keeper, at=NOON)
    with pytest.raises(RecordedBefore):
        open_request(lesson=lesson, reference="FOI 2026/7", requester="media", received_on=received, by=keeper, at=NOON)
    with pytest.raises(PermissionDenied):
        open_request(
            lesson=lesson, reference="2", requester="media", received_on=received, by=person(Role.JOL_SPOC), at=NOON
        )


def test_the_secretariat_records_a_request_from_beginning_to_end_on_pages(
    client: Client, keeper: User, lesson: Lesson
) -> None:
    client.force_login(keeper, backend="accounts.backends.SignInBackend")
    today = str(timezone.localdate())
    given = {"lesson": str(lesson.reference), "reference": "FOI 9", "requester": "public", "received_on": today}

    assert client.post(reverse("foi_list"), {"lesson": "LI-1-1"}).status_code == 422
    opened = client.post(reverse("foi_list"), given)
    assert opened.status_code == 302, opened.content.decode()
    made = FoiRequest.objects.get()
    client.post(reverse("foi_consult", args=[made.pk]), {"organisation": lesson.organisation.code})
    consultee = made.consultees.get()
    client.post(reverse("foi_answer", args=[made.pk, consultee.pk]), {"answer": "release", "note": ""})
    assert "No objection to release" in client.get(reverse("foi_request", args=[made.pk])).content.decode()
    assert client.post(reverse("foi_close", args=[made.pk]), {}).status_code == 422
    client.post(reverse("foi_close", args=[made.pk]), {"outcome": "released", "note": ""})

    page = client.get(reverse("foi_request", args=[made.pk])).content.decode()
    assert "Released" in page
    assert "Close it" not in page
    assert "FOI 9" in client.get(reverse("foi_list")).content.decode()
    about = client.get(lesson.publications.current().get().get_absolute_url()).text
    those_about_it = f"{reverse('foi_list')}?lesson={lesson.reference}"
    assert those_about_it in about
    assert "FOI 9" in client.get(those_about_it).text
    assert "FOI 9" not in client.get(f"{reverse('foi_list')}?lesson=LI-1999-00001").text
    client.force_login(person(Role.JOL_SPOC, lesson.organisation), backend="accounts.backends.SignInBackend")
    assert "/foi/" not in client.get(lesson.publications.current().get().get_absolute_url()).text
