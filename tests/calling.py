"""Programs that call the API."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import TokenScope, User
from accounts.tokens import create_token
from lessons.models import Lesson, Status
from tests.factories import LessonFactory

LESSONS = "/api/v1/lessons/"


def published(**given: Any) -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, **given)


def token_of(user: User, *scopes: str) -> str:
    _, text = create_token(user=user, scopes=scopes or [TokenScope.READ_PUBLISHED], at=timezone.now())
    return text


class Caller:
    """A program with a token."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.token = token_of(user, *scopes)

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return Client().get(path, query, headers={"Authorization": f"Token {self.token}", **headers})

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("post", path, body, **headers)

    def send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        headers = {"Authorization": f"Token {self.token}", **headers}
        return getattr(Client(), method)(path, body, content_type="application/json", headers=headers)

    def references(self, **query: Any) -> list[str]:
        answer = self.get(LESSONS, query)
        assert answer.status_code == 200, answer.content
        return [item["reference"] for item in answer.json()["results"]]

    def walk(self, path: str, query: dict[str, Any] | None = None, then: Callable[[], None] | None = None) -> list[Any]:
        """Follow `next` to the end; `then` is called after the first page."""
        answer = self.get(path, query).json()
        if then:
            then()
        found = answer["results"]
        while answer["next"]:
            answer = self.get(answer["next"]).json()
            found += answer["results"]
        return found


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem details of an answer, having checked their form."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"]
    assert body["title"]
    return body
