"""Lines of the log: one for each event, with who and when, and never what people wrote or who they are by name."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from celery import shared_task
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from accounts.invitations import password_link
from accounts.models import TokenScope, User
from accounts.roles import Role
from jol.logs import LineFormatter
from lessons.models import Status
from tests.calling import token_of
from tests.factories import PASSWORD, LessonFactory, SubscriptionFactory, person
from tests.log_lines import read_lines, written

pytestmark = pytest.mark.django_db

EMAIL, NAME, NARRATIVE = "zennor.canary@responder.example", "Zennor Canaryname", "Narrativecanary on the A591"
PLACE = "203.0.113.77"
LOGIN = "/accounts/login/"
NASTY = [
    "two\nlines",
    "two\r\nlines",
    '","level":"error","event":"forged","x":"',
    '"}\n{"at":"2026-01-01T00:00:00.000+00:00","level":"error","logger":"jol","event":"forged"}',
    "\x1b[31mred\x1b[0m",
    "\x00\x07\x08",
    "line\u2028separator\u2029",
    "%s %(name)s {0} ${x}",
    "\udce9 half a letter",
    "x" * 5_000,
]


def fails(request: HttpRequest) -> HttpResponse:
    raise IntegrityError(f'duplicate key value: Key (email)=({EMAIL}) "{NARRATIVE}"')


urlpatterns = [path("fails/", fails), path("", include("jol.urls"))]


@shared_task
def fail_on_purpose(address: str) -> None:
    raise ValueError(f"550 {address}: {NARRATIVE}")


@pytest.fixture
def canary() -> User:
    return person(Role.CONTRIBUTOR, email=EMAIL, name=NAME)


def tour(canary: User) -> set[str]:
    """Visit all that might write a line, and return what no line may hold."""
    client = Client(REMOTE_ADDR=PLACE, raise_request_exception=False)
    hidden = LessonFactory(status=Status.PUBLISHED, marking="official_sensitive", title=NARRATIVE)
    own = LessonFactory(status=Status.DRAFT, author=canary, organisation=canary.groups.get(), title="A draft")
    token = token_of(canary, *TokenScope.values)
    subscription = SubscriptionFactory(person=canary)
    link = password_link(canary)

    client.get(f"{LOGIN}?next=/lessons/?q={NARRATIVE}")
    client.post(LOGIN, {"login": PASSWORD, "password": EMAIL})  # into the wrong boxes
    client.post(LOGIN, {"login": EMAIL, "password": "wrong " + PASSWORD})
    client.get(link.removeprefix("http://testserver"))
    client.post(LOGIN, {"login": EMAIL, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    client.get("/lessons/", {"q": NARRATIVE})
    client.post(f"/submit/{own.pk}/what-happened/", {"what_happened": NARRATIVE, "row_version": own.row_version})
    client.get(f"/lessons/{hidden.reference}/")
    client.get("/review/")
    client.get(f"/no/such/{EMAIL}/")
    client.get("/lessons/", headers={"host": f"{NAME.split()[1]}.example"})
    client.get(f"/subscriptions/{subscription.token}/")
    client.get("/fails/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(canary)
    strict.post("/submit/", {"title": NARRATIVE, "csrfmiddlewaretoken": "x" * 64})
    Client().get("/api/v1/lessons/", {"q": NARRATIVE}, headers={"Authorization": f"Token {token}"})
    Client().get(f"/api/v1/drafts/{hidden.pk}/", headers={"Authorization": f"Token {token}"})
    Client().get("/api/v1/lessons/", headers={"Authorization": f"Token {token[:-1]}"})
    Client().post("/api/v1/drafts/", {"title": NARRATIVE}, "application/json", headers={"Authorization": "Token x"})
    fail_on_purpose.apply(kwargs={"address": EMAIL})
    cookie = client.cookies["session"].value
    client.post("/accounts/logout/")
    kept = {EMAIL, NAME, NAME.split()[1], NARRATIVE, "Narrativecanary", PASSWORD, token, subscription.token, cookie}
    return kept | {link.rstrip("/").rpartition("/")[2], PLACE}


def test_a_tour_leaves_one_clean_line_for_each_event(canary: User, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    with written() as log:
        secrets = tour(canary)

    text = log.getvalue()
    lines = read_lines(text)
    assert {secret for secret in secrets if secret in text} == set()
    assert {"request", "sign_in.failed", "sign_in.done", "sign_out", "csrf.refused"} <= {
        line["event"] for line in lines
    }
    refused = {(line["event"], line["route"], line["status"]) for line in lines if line["event"].startswith("auth")}
    assert refused >= {
        ("authz.denied", "lesson", 404),
        ("authz.denied", "queue", 403),
        ("authz.denied", "api:draft-detail", 404),
        ("authn.refused", "api:lesson-list", 401),
    }
    assert {line["user"] for line in lines if line["event"] == "authz.denied"} == {canary.pk}
    by_token = {line["status"]: line["user"] for line in lines if line.get("route", "").startswith("api:")}
    assert by_token == {200: canary.pk, 401: None, 404: canary.pk}
    [failed] = [line for line in lines if line["event"] == "request.failed"]
    [told] = [line for line in lines if line.get("error") == ["IntegrityError"]]
    assert failed["request"] == told["request"]
    assert told["trace"][-1].startswith("tests/test_logs.py:")
    [task] = [line for line in lines if line["logger"] == "celery.app.trace"]
    assert task["error"] == ["ValueError"]
    assert "tests.test_logs.fail_on_purpose" in task["event"]
    assert all("request" in line for line in lines if line["event"] == "request")


@pytest.mark.parametrize("nasty", NASTY, ids=lambda value: ascii(value)[:20])
def test_nothing_that_is_sent_makes_a_second_line(nasty: str, client: Client) -> None:
    client.raise_request_exception = False
    with written() as log:
        client.post(LOGIN, {"login": nasty.replace("\udce9", "e"), "password": "x"})
        client.get("/lessons/", headers={"x-request-id": nasty, "host": nasty.replace("\udce9", "e")})
        logging.getLogger("django.request").error("Not Found: %s", nasty)
        logging.getLogger("lessons.test").error("a word: %s", nasty)
        logging.getLogger("elsewhere").warning(f"made by hand: '{nasty}'")

    text = log.getvalue()
    lines = read_lines(text)
    assert len(text.split("\n")) == len(lines) + 1
    assert "forged" not in {line["event"] for line in lines}
    assert {"a word: …", "made by hand: …"} <= {line["event"] for line in lines}
    assert all(letter.isprintable() for letter in text.replace("\n", ""))


def test_who_failed_to_sign_in_is_a_code_that_stays_the_same(client: Client) -> None:
    with written() as log:
        for typed in (EMAIL, EMAIL.upper(), "somebody.else@responder.example"):
            client.post(LOGIN, {"login": typed, "password": "not the right one"})

    codes = [line["who"] for line in read_lines(log.getvalue()) if line["event"] == "sign_in.failed"]
    assert codes[0] == codes[1] != codes[2]


def test_throttled_sign_ins_and_codes_are_told(client: Client) -> None:
    with written() as log:
        for _ in range(12):
            client.post(LOGIN, {"login": EMAIL, "password": "not the right one"})

    events = [line["event"] for line in read_lines(log.getvalue())]
    assert events.count("sign_in.failed") >= 5
    assert events.count("sign_in.throttled") >= 2


def test_of_our_own_words_codes_and_numbers_are_written_and_of_errors_their_type() -> None:
    record = logging.makeLogRecord(
        {
            "name": "lessons.x",
            "levelname": "INFO",
            "msg": "%s of %s took %d s: %s",
            "args": ("relay", EMAIL, 3, ValueError(EMAIL)),
        }
    )

    [line] = read_lines(LineFormatter().format(record))

    assert line["event"] == "relay of … took 3 s: ValueError"
    away = OperationalError(f'connection to server at "10.1.2.3" failed: FATAL: sorry, too many clients ({EMAIL})')
    away.__cause__ = OSError(EMAIL)
    record.args = ("relay", EMAIL, 3, away)
    record.exc_info = (OperationalError, away, None)
    [line] = read_lines(LineFormatter().format(record))
    assert line["event"].endswith("OperationalError from OSError (no-free-connection)")
    assert line["because"] == "no-free-connection"
    foreign = logging.makeLogRecord(
        {"name": "urllib3", "levelname": "INFO", "msg": "%s of %d", "args": (timedelta(1), 3)}
    )
    assert read_lines(LineFormatter().format(foreign))[0]["event"] == "… of 3"
