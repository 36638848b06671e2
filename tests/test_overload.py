"""Who waited too long for a turn is told to come back; what must not be refused is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from jol.overload import READER_WAITS_SECONDS, WRITER_WAITS_SECONDS, waited_seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def waited() -> Iterator[None]:
    """A reader has waited for too long, a writer has not."""
    token = waited_seconds.set((READER_WAITS_SECONDS + WRITER_WAITS_SECONDS) / 2)
    yield
    waited_seconds.reset(token)


@pytest.mark.usefixtures("waited")
def test_a_reader_who_waited_too_long_gets_a_plain_page_or_a_problem_and_health_and_writers_an_answer(
    client: Client,
) -> None:
    page, api = client.get("/"), client.get("/api/v1/lessons/")

    assert (page.status_code, api.status_code) == (503, 503)
    assert "very busy" in page.content.decode()
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "5"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert api.headers["Content-Type"] == "application/problem+json"
    assert client.get("/health/live/").status_code == 200
    assert client.post("/accounts/login/", {"login": "nobody@responder.example", "password": "-"}).status_code == 200


def test_who_did_not_wait_is_answered(client: Client) -> None:
    assert client.get("/").status_code == 200
