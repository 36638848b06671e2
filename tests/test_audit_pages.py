"""The audit trail as auditors see it: found by who, what, when; taken away as a file, which is recorded too."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.roles import Role
from accounts.trace import request_id
from accounts.trail.sealing import seal_all
from lessons.models import Lesson, Status
from tests.factories import NOON, LessonFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client) -> User:
    user = person(Role.AUDITOR)
    client.force_login(user, backend="accounts.backends.SignInBackend")
    return user


@pytest.fixture
def lesson() -> Lesson:
    return LessonFactory(status=Status.PUBLISHED)


@pytest.fixture
def trail(auditor: User, lesson: Lesson) -> dict[str, AuditEvent]:
    """Events that differ in one thing each."""
    doer = person(Role.CONTRIBUTOR, name="Grace")
    token = request_id.set("a-request-number")
    by_request = audit.record(action="test.asked", subject=None, by=None, at=NOON)
    request_id.reset(token)
    version = lesson.publications.get()
    return {
        "by_person": audit.record(action="test.done", subject=lesson.event, by=doer, at=NOON),
        "to_person": audit.record(action="test.suffered", subject=doer, by=None, at=NOON),
        "to_lesson": audit.record(action="test.touched", subject=lesson, by=None, at=NOON),
        "to_version": audit.record(action="test.read", subject=version, by=None, at=NOON),
        "by_request": by_request,
        "later": audit.record(action="test.late", subject=None, by=None, at=NOON + timedelta(days=3)),
        "formula": audit.record(action="test.formula", subject=None, by=None, at=NOON, reason="=HYPERLINK(1)"),
    }


def found(client: Client, **filters: str) -> set[int]:
    answer = client.get(reverse("audit"), filters)
    assert answer.status_code == 200
    return {row.pk for row in answer.context["page"].rows}


def test_events_are_found_by_person_action_item_day_and_request(
    client: Client, trail: dict[str, AuditEvent], lesson: Lesson
) -> None:
    doer = trail["by_person"].actor
    assert doer
    keys = {name: event.pk for name, event in trail.items()}

    assert found(client, person=doer.email.upper()) == {keys["by_person"], keys["to_person"]}
    assert found(client, person=str(doer.pk)) == {keys["by_person"], keys["to_person"]}
    assert found(client, person="nobody@responder.example") == set()
    assert found(client, action="test.") == set(keys.values())
    assert found(client, item=str(lesson.reference).lower()) == {keys["to_lesson"], keys["to_version"]}
    assert found(client, item=f"lessons.lesson {lesson.pk}") == {keys["to_lesson"]}
    assert found(client, item="LI-1999-1") == set()
    assert found(client, request="a-request-number") == {keys["by_request"]}
    assert found(client, since="2026-03-04", until="2026-03-06") == {keys["later"]}
    assert keys["formula"] in found(client, since="nonsense"), "a wrong value filters nothing"


def test_one_event_says_all_there_is_and_leads_to_its_lesson_and_its_request(
    client: Client, trail: dict[str, AuditEvent], lesson: Lesson
) -> None:
    url = reverse("audit_event", args=[trail["to_version"].pk])
    assert "Not sealed yet" in client.get(url).content.decode()
    seal_all(at=NOON)

    page = client.get(url).content.decode()

    assert reverse("lesson_record", args=[lesson.pk]) in page
    assert "of the chain, sealed on 2 March 2026, 12:00:00" in page
    assert "Grace" in client.get(reverse("audit_event", args=[trail["by_person"].pk])).content.decode()
    assert (
        "request=a-request-number" in client.get(reverse("audit_event", args=[trail["by_request"].pk])).content.decode()
    )


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_what_is_found_can_be_taken_away_without_formulas_and_that_is_recorded(
    client: Client, auditor: User, trail: dict[str, AuditEvent], form: str
) -> None:
    seal_all(at=NOON)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp()}]
    session["account_authentication_methods_user"] = str(auditor.pk)
    session.save()

    answer = client.post(f"{reverse('audit_download')}?action=test.f", {"form": form})
    text = b"".join(answer.streaming_content).decode()

    if form == "csv":
        [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
        assert row["reason"] == "'=HYPERLINK(1)"
    else:
        row = json.loads(text)
        assert row["reason"] == "=HYPERLINK(1)"
    assert (row["action"], len(row["link_hash"])) == ("test.formula", 64)
    event = AuditEvent.objects.get(action="audit.export")
    assert (event.actor, event.reason) == (auditor, f"{form} 1 action=test.f")


def test_a_download_asks_for_the_password_first(client: Client, trail: dict[str, AuditEvent]) -> None:
    answer = client.post(reverse("audit_download"))

    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not AuditEvent.objects.filter(action="audit.export").exists()


def test_the_way_there_is_on_every_page_of_an_auditor_and_of_nobody_else(client: Client, auditor: User) -> None:
    assert reverse("audit") in client.get("/").content.decode()
    client.force_login(person(Role.SECRETARIAT), backend="accounts.backends.SignInBackend")
    assert reverse("audit") not in client.get("/").content.decode()


def test_a_long_trail_is_read_page_by_page_with_the_same_number_of_queries(
    client: Client, auditor: User, django_assert_max_num_queries: object
) -> None:
    for number in range(60):
        audit.record(action="test.act", subject=auditor, by=auditor, at=NOON, reason=str(number))

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        first = client.get(reverse("audit"), {"action": "test."})
    second = client.get(f"{reverse('audit')}{first.context['page'].older}")

    assert [len(page.context["page"].rows) for page in (first, second)] == [50, 10]
