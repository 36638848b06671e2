"""A fault of ours in any part that a request passes through opens nothing and tells nothing (ASVS 16.5)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import TokenScope, User
from accounts.roles import Role
from lessons.models import Lesson, Publication, Status
from tests.calling import token_of
from tests.factories import LessonFactory, person

pytestmark = pytest.mark.django_db

SAID = "seventeen otters fell over"


class BrokenBefore:
    """Middleware that fails before anything is looked at."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        raise RuntimeError(SAID)


class BrokenAfter(BrokenBefore):
    """Middleware that fails with the answer in its hands."""

    def __call__(self, request: Any) -> Any:
        self.get_response(request)
        raise RuntimeError(SAID)


@pytest.fixture
def lesson() -> Lesson:
    return LessonFactory(status=Status.PUBLISHED)


def visitor(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="accounts.backends.SignInBackend")
    return client


def assert_closed(answer: Any, lesson: Lesson, where: str) -> None:
    told = answer.content.decode()
    assert answer.status_code == 500, where
    assert lesson.title not in told, where
    assert SAID not in told, where
    assert "Traceback" not in told, where


@pytest.mark.slow
@pytest.mark.parametrize("broken", [BrokenBefore, BrokenAfter])
def test_a_fault_in_any_middleware_shows_a_plain_page_and_nothing_else(
    lesson: Lesson, settings: Any, broken: type
) -> None:
    reader, page = person(), lesson.publications.get().get_absolute_url()
    assert lesson.title in visitor(reader).get(page).content.decode()

    whole = list(settings.MIDDLEWARE)
    for place, name in enumerate(whole):
        settings.MIDDLEWARE = [*whole[:place], f"{__name__}.{broken.__name__}", *whole[place + 1 :]]
        assert_closed(visitor(reader).get(page), lesson, name)


PARTS = {
    "the middleware of sessions": "accounts.middleware.SessionMiddleware.__call__",
    "the second factor": "accounts.middleware.SecondFactorMiddleware.process_view",
    "the keys of a reader": "accounts.models.User.all_keys",
    "what every page is given": "jol.context._places",
    "what is noted of reading": "lessons.access.record_read",
}


@pytest.mark.parametrize("part", PARTS)
def test_a_fault_in_what_guards_a_page_opens_nothing(
    lesson: Lesson, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visitor(person())
    page = lesson.publications.get().get_absolute_url()

    _break(PARTS[part], monkeypatch)

    assert_closed(client.get(page), lesson, part)


API_PARTS = {
    "who calls": "accounts.api.TokenAuthentication.authenticate",
    "what the token may": "accounts.api.HasScope.has_permission",
    "the rate": "accounts.api.Throttle.allow_request",
}


@pytest.mark.parametrize("part", API_PARTS)
def test_a_fault_in_what_guards_the_api_opens_nothing(
    lesson: Lesson, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(person(), TokenScope.READ_PUBLISHED)

    _break(API_PARTS[part], monkeypatch)
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/lessons/", headers={"Authorization": f"Token {token}"})

    assert_closed(answer, lesson, part)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_fault_in_a_backend_of_rights_allows_no_move(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    client = visitor(person(Role.SECRETARIAT))

    _break("accounts.backends.MembershipBackend.has_perm", monkeypatch)
    answer = client.post(f"/lessons/{lesson.reference}/suspend/", {"note": "A person could be recognised"})

    assert_closed(answer, lesson, "suspend")
    assert Publication.objects.get().suspended_at is None


def _break(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(SAID)

    monkeypatch.setattr(name, property(fail) if name.endswith("all_keys") else fail)
