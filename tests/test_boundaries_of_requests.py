"""What a request may not do, whoever sends it: forged forms, strange hosts, redirects to elsewhere, a database away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.roles import Role
from jol.middleware import HeadMiddleware
from lessons.models import Lesson, Status
from tests.factories import PASSWORD, LessonFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def contributor() -> User:
    return person(Role.CONTRIBUTOR)


@pytest.mark.parametrize("token", ["", "forged" * 10])
def test_a_form_without_its_own_token_changes_nothing(contributor: User, token: str) -> None:
    lesson = LessonFactory(status=Status.DRAFT, author=contributor, organisation=contributor.groups.get())
    client = Client(enforce_csrf_checks=True)
    client.force_login(contributor)

    answer = client.post(f"/records/{lesson.pk}/withdraw/", {"csrfmiddlewaretoken": token})

    assert answer.status_code == 403
    assert b"Nothing" in answer.content
    assert Lesson.objects.get().status == Status.DRAFT


def test_a_form_sent_from_another_site_changes_nothing(contributor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(contributor)
    client.get("/submit/")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    sent = {"kind": "lesson_identified", "title": "A title of a lesson", "csrfmiddlewaretoken": token}

    answer = client.post("/submit/", sent, headers={"origin": "https://elsewhere.example"})

    assert answer.status_code == 403
    assert not Lesson.objects.exists()


def test_an_unknown_host_is_refused(client: Client) -> None:
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400


def test_a_forwarded_host_is_ignored(client: Client) -> None:
    page = client.get("/accounts/password/reset/", headers={"x-forwarded-host": "elsewhere.example"})

    assert page.status_code == 200
    assert b"elsewhere.example" not in page.content


@pytest.mark.parametrize(
    "to", ["//elsewhere.example", "https:elsewhere.example", "\\\\elsewhere.example", "javascript:1"]
)
def test_signing_in_never_leads_elsewhere(client: Client, contributor: User, to: str) -> None:
    answer = client.post(f"/accounts/login/?next={to}", {"login": contributor.email, "password": PASSWORD, "next": to})

    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_every_page_keeps_out_of_caches_frames_and_other_sites(client: Client, contributor: User) -> None:
    client.force_login(contributor)

    for path in ("/", "/lessons/", "/no/such/page/", "/api/v1/lessons/", "/api/v1/lessons/LI-2026-00001/"):
        headers = client.get(path).headers
        assert "no-store" in headers["Cache-Control"] or "private" in headers["Cache-Control"], path
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        policy = headers["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy


def test_somebody_who_is_closed_is_out_at_the_next_request(client: Client, contributor: User) -> None:
    client.force_login(contributor)
    assert client.get("/lessons/").status_code == 200

    User.objects.update(is_active=False)

    answer = client.get("/lessons/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
def test_pages_say_come_back_soon_while_the_database_is_away(client: Client, contributor: User, settings: Any) -> None:
    client.force_login(contributor)
    connection.close()
    settings.DATABASES["default"]["HOST"], there = "/nowhere", settings.DATABASES["default"]["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    client.raise_request_exception = False
    try:
        answer = client.get("/lessons/")
        health = client.get("/health/")
    finally:
        connection.settings_dict["HOST"] = settings.DATABASES["default"]["HOST"] = there

    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert b"Traceback" not in answer.content
    assert health.status_code == 503


def test_pages_answer_head_as_get_without_a_body_and_buttons_do_not(client: Client, contributor: User) -> None:
    for path in ("/", "/about/", "/accounts/login/", "/health/live/", "/lessons/", "/no/such/page/"):
        head, got = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers.get("Content-Length") == got.headers.get("Content-Length"), path
    client.force_login(contributor)
    lesson = LessonFactory(status=Status.DRAFT, author=contributor, organisation=contributor.groups.get())

    assert client.head("/lessons/").status_code == 200
    assert client.head(f"/records/{lesson.pk}/withdraw/").status_code == 200
    assert client.head("/accounts/sign-out-everywhere/").status_code == 405
    assert client.get("/lessons/").status_code == 200
    assert Lesson.objects.get().status == Status.DRAFT


def test_no_view_is_told_of_head_and_no_stream_begun_for_it(rf: RequestFactory) -> None:
    asked: list[str | None] = []

    def stream(request: HttpRequest) -> Iterator[bytes]:
        asked.append("begun")
        yield b"a body"

    def view(request: HttpRequest) -> StreamingHttpResponse:
        asked.append(request.method)
        return StreamingHttpResponse(stream(request))

    request = rf.head("/")
    answer = HeadMiddleware(view)(request)

    assert b"".join(answer) == b""
    assert (asked, request.method) == (["GET"], "HEAD")
