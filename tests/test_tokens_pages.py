"""The page of a person's API tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from knox.crypto import hash_token

from accounts.models import ApiToken, AuditEvent, TokenScope, User
from accounts.tokens import MOST_TOKENS, create_token
from tests.factories import PASSWORD, person

pytestmark = pytest.mark.django_db

PAGE = "/accounts/tokens/"


@pytest.fixture
def user() -> User:
    return person()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(**more: Any) -> dict[str, Any]:
    return {"name": "Monthly report", "scopes": ["read:published"], "lasts": "30"} | more


def shown(answer: Any) -> str:
    return str(answer.context["text"])


def test_a_new_token_is_shown_once_and_works(user: User, client: Client) -> None:
    answer = client.post(PAGE, asked(scopes=["read:published", "read:statistics"]))

    text = shown(answer)
    token = ApiToken.objects.get()
    assert text in answer.content.decode()
    assert (token.user, token.name, token.digest) == (user, "Monthly report", hash_token(text))
    assert token.scopes == ["read:published", "read:statistics"]
    assert timedelta(days=29) < token.expiry - timezone.now() <= timedelta(days=30)
    assert Client().get("/api/v1/lessons/", headers={"Authorization": f"Token {text}"}).status_code == 200
    assert text not in client.get(PAGE).content.decode()
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert AuditEvent.objects.get(action="token.create").actor == user


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 101}, "100"),
        ({"scopes": []}, "Select what it may do"),
        ({"scopes": ["read:all"]}, "Select"),
        ({"lasts": "9999"}, "Select"),
        ({"lasts": ""}, "Select how long it lasts"),
    ],
)
def test_a_mistake_is_said_and_makes_no_token(client: Client, wrong: dict[str, Any], words: str) -> None:
    page = client.post(PAGE, asked(**wrong)).content.decode()

    assert "There is a problem" in page
    assert words in page
    assert not ApiToken.objects.exists()


def test_a_token_for_sensitive_lessons_needs_the_password_once_more(client: Client) -> None:
    scopes = ["read:published", "read:sensitive"]

    answer = client.post(PAGE, asked(scopes=scopes))
    assert answer.headers["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2Ftokens%2F"
    assert not ApiToken.objects.exists()

    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post(PAGE, asked(scopes=scopes))
    assert ApiToken.objects.get().scopes == scopes


def test_a_revoked_token_opens_nothing(user: User, client: Client) -> None:
    text = shown(client.post(PAGE, asked()))
    key = ApiToken.objects.get().token_key

    answer = client.post(f"{PAGE}{key}/revoke/", follow=True)

    assert "opens nothing any more" in answer.content.decode()
    assert not ApiToken.objects.exists()
    assert Client().get("/api/v1/lessons/", headers={"Authorization": f"Token {text}"}).status_code == 401
    event = AuditEvent.objects.get(action="token.revoke")
    assert (event.actor, event.reason) == (user, key)


def test_tokens_of_others_are_neither_shown_nor_revoked(client: Client) -> None:
    token, _ = create_token(
        user=person(), scopes=[TokenScope.READ_PUBLISHED], at=timezone.now(), name="Somebody else's"
    )

    assert "Somebody else" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{token.token_key}/revoke/").status_code == 404
    assert client.get(f"{PAGE}{token.token_key}/revoke/").status_code == 405
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_the_page_tells_when_a_token_was_used_and_ends(user: User, client: Client) -> None:
    text = shown(client.post(PAGE, asked()))
    assert "Never used" in client.get(PAGE).content.decode()

    Client().get("/api/v1/lessons/", headers={"Authorization": f"Token {text}"})

    assert "Last used" in client.get(PAGE).content.decode()
    ApiToken.objects.update(expiry=timezone.now() - timedelta(days=1))
    assert "Expired" in client.get(PAGE).content.decode()


def test_there_is_a_number_of_tokens_that_is_enough(user: User, client: Client) -> None:
    for _ in range(MOST_TOKENS):
        create_token(user=user, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())

    page = client.post(PAGE, asked()).content.decode()

    assert "Revoke one" in page
    assert ApiToken.objects.count() == MOST_TOKENS


def test_strangers_are_asked_to_sign_in() -> None:
    for path in (PAGE, f"{PAGE}abc/revoke/"):
        assert Client().post(path).headers["Location"].startswith("/accounts/login/")
