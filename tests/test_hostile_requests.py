"""Requests made to break things: each is refused, or answered within a second.  The times are printed (`-rP`)."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import TokenScope, User
from accounts.roles import Role
from tests.calling import LESSONS, Caller, problem, published
from tests.factories import person

pytestmark = pytest.mark.django_db

SIMILAR = "/api/v1/similar/"
DRAFTS = "/api/v1/drafts/"
#: Ten times what an answer may take: a test on a busy machine only gives up here.
AT_MOST_SECONDS = 10

LONG = {
    "50 kB": "x" * 50_000,
    "50 kB of words": "flood " * 8_000,
    "5,000 words": " ".join(f"word{n}" for n in range(5_000)),
    "operators": "a & !(b | c) <-> d:*A \\ ' || ! <2> " * 200,
    "quotes": '"' * 5_000,
    "minuses": "-a " * 3_000,
    "ors": "a OR " * 3_000,
}
#: Within the length that a search takes.
SHORT = {
    "operators": "a & !(b | c) <-> d:*A \\ ' || !! <9999999> :* ()",
    "quotes": '"' * 300,
    "minuses": "-a " * 100,
    "ors": "OR " * 100,
    "backslashes": "\\" * 300,
    "one letter each": "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 5,
    "marks": "\u200b\u202e\u0301" * 100,
    "four bytes": "𝔣𝔩𝔬𝔬𝔡 " * 50,
    "wildcards": "%_*?" * 75,
    "SQL": "'; DROP TABLE lessons_publication; --",
}
NESTED = "[" * 10_000 + "]" * 10_000
BODIES = {
    "10,000 lists in each other": NESTED,
    "10,000 objects in each other": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "10,000 lists in a field": f'{{"text": {NESTED}}}',
    "lists that never end": "[" * 100_000,
    "a name twice": '{"text": "flood", "text": "fire"}',
    "NaN": '{"text": "flood", "limit": NaN}',
    "beyond numbers": '{"text": "flood", "limit": 1e400}',
    "a number of 5,000 digits": f'{{"text": "flood", "limit": {"9" * 5_000}}}',
    "minus one": '{"text": "flood", "limit": -1}',
    "a list for words": '{"text": ["flood"]}',
    "half a surrogate": '{"text": "\\ud800"}',
    "NUL": '{"text": "\\u0000"}',
    "no object": '"flood"',
    "nothing": "",
    "not UTF-8": b"\xff\xfe{}",
}
ODD_QUERIES: list[str] = [
    "page=1e9",
    "page=-1",
    "page=99999999999999999999",
    "ordering=password",
    "sort=password",
    "risk=a" + "&risk=b" * 1_000,
    "since=0001-01-01&until=9999-12-31",
    "event_since=0000-01-01",
    "since=2026-02-29",
    "page_size=9223372036854775808",
    "page_size=1e400",
    "cursor=" + "x" * 10_000,
    "archived[]=only",
    "q=%ff%fe",
    "q=%00",
]


@pytest.fixture
def somebody() -> User:
    published()
    return person(Role.CONTRIBUTOR)


@pytest.fixture
def reader(somebody: User) -> Client:
    client = Client()
    client.force_login(somebody)
    return client


def answer_in_time(name: str, ask: Callable[[], Any]) -> Any:
    began = time.monotonic()
    answer = ask()
    took = time.monotonic() - began
    print(f"{took * 1000:7.0f} ms  {answer.status_code}  {name}")
    assert took < AT_MOST_SECONDS, name
    return answer


def test_long_queries_are_refused_by_the_api_and_answered_by_the_page(somebody: User, reader: Client) -> None:
    caller = Caller(somebody)

    for name, words in LONG.items():
        problem(answer_in_time(f"API {name}", lambda words=words: caller.get(LESSONS, {"q": words})), 400)
        assert answer_in_time(name, lambda words=words: reader.get("/lessons/", {"q": words})).status_code == 200


def test_what_fits_into_the_search_box_is_answered_whatever_it_is(somebody: User, reader: Client) -> None:
    caller = Caller(somebody)

    for name, words in SHORT.items():
        assert answer_in_time(f"API {name}", lambda words=words: caller.get(LESSONS, {"q": words})).status_code == 200
        assert answer_in_time(name, lambda words=words: reader.get("/lessons/", {"q": words})).status_code == 200


@pytest.mark.slow
def test_long_texts_are_likened_in_time(somebody: User, reader: Client) -> None:
    caller = Caller(somebody)

    for name, words in LONG.items():
        asked = answer_in_time(f"similar {name}", lambda words=words: caller.post(SIMILAR, {"text": words[:50_000]}))
        assert asked.status_code == 200
        asked = answer_in_time(f"plan {name}", lambda words=words: reader.post(reverse("plan"), {"text": words}))
        assert asked.status_code in {200, 422}


@pytest.mark.parametrize("path", [SIMILAR, DRAFTS])
def test_json_that_is_none_of_ours_is_refused(somebody: User, path: str) -> None:
    token = Caller(somebody, *TokenScope.values).token

    for name, body in BODIES.items():

        def ask(body: Any = body) -> Any:
            headers = {"Authorization": f"Token {token}"}
            return Client().post(path, body, content_type="application/json", headers=headers)

        problem(answer_in_time(f"{path} {name}", ask), 400)


@pytest.mark.parametrize("query", ODD_QUERIES, ids=lambda query: query[:20])
def test_odd_parameters_are_refused_or_passed_over(somebody: User, reader: Client, query: str) -> None:
    caller = Caller(somebody)

    assert answer_in_time("API", lambda: caller.get(f"{LESSONS}?{query}")).status_code in {200, 400}
    assert answer_in_time("list", lambda: reader.get(f"/lessons/?{query}")).status_code in {200, 400}
    assert answer_in_time("statistics", lambda: reader.get(f"/statistics/?{query}")).status_code in {200, 400}


def test_neither_a_wrong_type_nor_another_method_in_a_header_is_taken(somebody: User) -> None:
    caller = Caller(somebody, *TokenScope.values)
    headers = {"Authorization": f"Token {caller.token}"}

    problem(Client().post(SIMILAR, {"text": "flood"}, headers=headers), 415)
    problem(Client().post(SIMILAR, "text=flood", content_type="text/plain", headers=headers), 415)
    overridden = Client().get(DRAFTS, headers=headers | {"X-HTTP-Method-Override": "DELETE"})
    assert overridden.status_code == 200


def test_a_form_in_another_encoding_is_refused_with_a_page() -> None:
    """With the cookie of forms, so that what checks them reads the form."""
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    kind = "application/x-www-form-urlencoded; charset=utf-7"

    answer = client.post("/accounts/login/", "login=a", content_type=kind)

    assert answer.status_code == 400
    assert "The request could not be understood" in answer.content.decode()
