"""Forgotten passwords, ids and cookies of sessions; and which tests hold each row of the figures of signing in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings as used
from django.contrib.auth.models import AnonymousUser
from django.core import mail, signing
from django.test import Client
from django.utils import timezone

from accounts import addresses
from accounts.models import User
from accounts.roles import Role
from lessons.draft_keys import SALT as FOR_DRAFTS
from lessons.draft_keys import holder_of, key_for
from lessons.models import Status
from tests.authenticator import app_of
from tests.factories import PASSWORD, LessonFactory, person
from tests.test_bad_input import names_in

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
NEW = "four patient herons wait"
#: Row of the figures -> file without "test_" -> words of the tests that hold it.
ROWS: dict[str, dict[str, list[str]]] = {
    "idle and longest session": {
        "sign_in": ["who_does_nothing_is_signed_out", "looking_at_the_clock", "no_session_is_longer"],
        "accounts_in_a_browser": ["who_does_nothing_is_warned"],
        "autosave": ["a_step_sent_after_the_session_ended"],
    },
    "cookie": {"resets": ["cookies_of_a_session"]},
    "rotation": {
        "sign_in": ["the_session_has_a_new_id_after_sign_in", "sign_out_everywhere_and_a_new_password"],
        "people": ["a_new_role_ends_the_sessions"],
        "resets": ["the_id_from_before_the_second_factor"],
    },
    "ends at once": {"at_the_next_request": ["a_session_and_a_token_feel_it"]},
    "second factor": {
        "second_factor": ["a_code_works_once", "of_two_sessions_that_show_the_same_code", "recovery_codes_are_stored"]
    },
    "password": {"sign_in": ["a_password_is_long_enough", "passwords_are_stored_by_argon2id"]},
    "throttle": {
        "sign_in": ["after_five_wrong_passwords", "wrong_passwords_from_one_place"],
        "second_factor": ["wrong_codes_are_stopped"],
    },
    "enumeration": {"sign_in": ["sign_in_and_reset_say_the_same", "they_take_the_same_time"]},
    "reset": {"resets": ["a_link_to_a_new_password", "a_reset_does_not_skip", "whoever_sets_a_new_password"]},
    "approval": {
        "people": [
            "somebody_asks_is_let_in",
            "nobody_gives_ends_clears_or_wakes_their_own",
            "an_account_unused_for_90_days",
            "a_sponsored_organisation_is_held",
        ],
        "constraints": ["a_sponsorship_ends_on_the_same_day"],
    },
    "sign-in of others": {
        "oidc": [
            "a_lie_opens_nothing",
            "an_answer_works_once",
            "a_newcomer_is_pending",
            "a_second_factor_of_the_provider",
        ]
    },
    "tokens": {
        "tokens_pages": ["a_new_token_is_shown_once", "a_revoked_token_opens_nothing"],
        "api": ["an_expired_a_deleted", "a_token_in_the_address", "a_token_makes_no_session"],
        "authorisation": ["every_cell_of_the_table"],
    },
    "confirming who one is": {
        "people": ["giving_a_role_asks_to_confirm"],
        "exports": ["a_person_gets_sensitive_lessons_only_on_the_page"],
        "second_factor": ["a_factor_is_changed_only"],
        "resets": ["a_new_address_is_asked_for"],
    },
}


def test_every_figure_of_signing_in_has_its_tests() -> None:
    missing = [
        (row, file, name)
        for row, files in ROWS.items()
        for file, names in files.items()
        for name in names
        if not any(name in test for test in names_in(file))
    ]
    assert not missing


# -- resets ------------------------------------------------------------------------------------------
def asked_by(user: User) -> str:
    """Ask for a reset and return the link of the mail."""
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": user.email})
    [link] = re.findall(r"http://testserver(/\S*/key/\S+)", mail.outbox[0].body)
    return link


def follow(link: str, password: str = NEW) -> tuple[Client, Any]:
    client = Client()
    page = client.get(link, follow=True)
    return client, client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})


def can_sign_in(user: User, password: str) -> bool:
    return Client().login(email=user.email, password=password)


def test_a_link_to_a_new_password_works_once_and_for_an_hour() -> None:
    user = person()
    link = asked_by(user)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        follow(link)
        assert not can_sign_in(user, NEW)

    follow(link)
    assert can_sign_in(user, NEW)

    follow(link, "six quiet otters swim")
    assert can_sign_in(user, NEW), "a link that was used does nothing"


def test_the_mail_of_a_reset_is_in_the_words_and_the_language_of_whose_account_it_is() -> None:
    english, welsh = person(), person(language="cy")

    asked_by(english)
    assert mail.outbox[0].subject == "Set a new password"
    assert "The link works once and for 60 minutes." in mail.outbox[0].body
    asked_by(welsh)
    assert mail.outbox[0].subject == "Gosodwch gyfrinair newydd"
    assert "60 munud" in mail.outbox[0].body


def test_an_hour_is_an_hour_in_the_nights_when_clocks_change() -> None:
    back, forward = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    for night, minutes, works in ((back, 61, False), (forward, 59, True)):
        user = person()
        with time_machine.travel(night.astimezone(ZoneInfo("Europe/London")), tick=False) as clock:
            link = asked_by(user)
            clock.shift(timedelta(minutes=minutes))
            follow(link)
            assert can_sign_in(user, NEW) is works


@pytest.mark.slow
@pytest.mark.parametrize("change", ["address", "password", "signed in", "another link", "closed"])
def test_a_link_to_a_new_password_is_bound_to_the_account_as_it_was(change: str) -> None:
    user = person()
    link = asked_by(user)
    if change == "address":
        User.objects.filter(pk=user.pk).update(email="moved@responder.example")
    elif change == "password":
        user.set_password("two quiet otters sleep")
        user.save()
    elif change == "signed in":
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
    elif change == "another link":
        follow(asked_by(user), "two quiet otters sleep")
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)

    follow(link)

    user.refresh_from_db()
    assert not user.check_password(NEW)


def test_a_reset_does_not_skip_the_second_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = True
    user = person(Role.SECRETARIAT)
    app_of(user)

    client, answer = follow(asked_by(user))

    assert answer.status_code == 302
    assert client.get("/lessons/").status_code == 302
    client.post("/accounts/login/", {"login": user.email, "password": NEW})
    assert client.get("/lessons/").status_code == 302


def test_whoever_sets_a_new_password_is_told_and_signed_out_elsewhere() -> None:
    user = person()
    before = Client()
    before.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert before.get("/lessons/").status_code == 200
    link = asked_by(user)
    mail.outbox.clear()

    follow(link)

    assert before.get("/lessons/").status_code == 302
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "password" in mail.outbox[0].body


def test_what_is_signed_for_one_purpose_serves_no_other() -> None:
    author = person(Role.CONTRIBUTOR)
    draft = LessonFactory(author=author, status=Status.DRAFT)
    key = signing.loads(key_for(draft, author), salt=FOR_DRAFTS)
    asked = [author.pk, author.email, "another@responder.example"]

    for salt in (addresses.SALT, "django.core.signing"):
        assert holder_of(signing.dumps(key, salt=salt), draft.pk, AnonymousUser()) is None
    for salt in (FOR_DRAFTS, "django.core.signing"):
        with pytest.raises(addresses.AddressError):
            addresses.confirm(signed=signing.dumps(asked, salt=salt), by=author, at=timezone.now())
    assert holder_of(signing.dumps(key, salt=FOR_DRAFTS), draft.pk, AnonymousUser()) == author
    addresses.confirm(signed=signing.dumps(asked, salt=addresses.SALT), by=author, at=timezone.now())


# -- sessions ------------------------------------------------------------------------------------------
def test_the_id_from_before_the_second_factor_opens_nothing_afterwards(settings: Any) -> None:
    settings.MFA_REQUIRED = True
    user = person(Role.SECRETARIAT)
    app = app_of(user)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    before = client.cookies[used.SESSION_COOKIE_NAME].value
    client.post("/accounts/login/code/", {"code": app.code()})
    assert client.get("/lessons/").status_code == 200

    old = Client()
    old.cookies[used.SESSION_COOKIE_NAME] = before

    assert client.cookies[used.SESSION_COOKIE_NAME].value != before
    assert old.get("/lessons/").status_code == 302


def test_a_new_address_is_asked_for_only_after_confirming_who_one_is() -> None:
    client = Client()
    client.force_login(person(), backend="accounts.backends.SignInBackend")

    for answer in (
        client.get("/accounts/address/"),
        client.post("/accounts/address/", {"email": "x@responder.example"}),
    ):
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/reauthenticate/")
    assert not mail.outbox


def test_cookies_of_a_session_are_ours_alone() -> None:
    client = Client()
    client.post("/accounts/login/", {"login": person().email, "password": PASSWORD})
    client.get("/accounts/password/reset/")
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert not cookie["domain"]
        assert cookie["path"] == "/"
    assert {used.SESSION_COOKIE_NAME, used.CSRF_COOKIE_NAME} <= set(client.cookies)


@pytest.mark.slow
def test_cookies_of_a_session_are_bound_to_https_where_the_site_is() -> None:
    code = (
        "import os, importlib, tests.settings, jol.settings as s; os.environ['SITE_URL'] = 'https://jol.example.org';"
        "importlib.reload(s); print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_SAMESITE, s.SECURE_HSTS_SECONDS >= 31536000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parent, env=os.environ)
    assert done.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True", "Lax", "True"], done.stderr[-500:]
