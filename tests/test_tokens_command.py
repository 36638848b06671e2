"""Making API tokens by command."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.crypto import hash_token

from accounts.models import ApiToken, AuditEvent
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_token_alone_is_printed_and_only_its_digest_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    analyst = UserFactory(email="analyst@responder.example")

    call_command(
        "create_token",
        "Analyst@responder.example",
        "--scope",
        "read:published",
        "read:statistics",
        "--name",
        "R",
    )

    text = capsys.readouterr().out.removesuffix("\n")
    token = ApiToken.objects.get()
    assert text.split() == [text]
    assert (token.user, token.digest) == (analyst, hash_token(text))
    assert token.scopes == ["read:published", "read:statistics"]
    assert token.name == "R"


def test_making_a_token_is_recorded_without_its_text_or_digest(capsys: pytest.CaptureFixture[str]) -> None:
    analyst = UserFactory()

    call_command("create_token", analyst.email, "--scope", "read:published")

    event, token = AuditEvent.objects.get(action="token.create"), ApiToken.objects.get()
    assert event.object_id == str(analyst.pk)
    assert token.digest not in f"{event.reason}{event.digest}"
    assert capsys.readouterr().out.strip() not in event.reason


def test_a_token_lasts_as_many_days_as_asked() -> None:
    call_command("create_token", UserFactory().email, "--scope", "read:published", "--days", "30")

    left = ApiToken.objects.get().expiry - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody@responder.example", "--scope", "read:published"], "There is no account"),
        (["analyst@responder.example"], "A token needs a scope"),
        (["analyst@responder.example", "--scope", "read:all"], "Unknown scope: read:all"),
        (
            ["analyst@responder.example", "--scope", "read:published", "--days", "0"],
            "lasts from 1 to 365 days",
        ),
        (
            ["analyst@responder.example", "--scope", "read:published", "--days", "99999999999"],
            "from 1 to 365 days",
        ),
        (["closed@responder.example", "--scope", "read:published"], "is closed"),
    ],
)
def test_what_cannot_be_done_is_an_error_and_makes_no_token(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    UserFactory(email="analyst@responder.example")
    UserFactory(email="closed@responder.example", is_active=False)

    with pytest.raises(CommandError, match=said):
        call_command("create_token", *arguments)

    assert capsys.readouterr().out == ""
    assert not ApiToken.objects.exists()
