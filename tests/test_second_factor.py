"""The second factor: who is led to it, what is shut without it, and that a code works once."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Membership, RecoveryCode, User
from accounts.people import forget_lost_factors
from accounts.roles import ADMINISTERS, CLEARED_BY_ROLE, Role
from accounts.second_factor import needs_second_factor, new_recovery_codes, use_code
from accounts.tokens import create_token
from tests.authenticator import App, app_of
from tests.factories import PASSWORD, MembershipFactory, OrganisationFactory, person
from tests.test_access_matrix import ROWS, arguments_of

pytestmark = pytest.mark.django_db

SET_UP = "/accounts/second-factor/"
STEP = "/accounts/login/code/"


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.MFA_REQUIRED = True


def sign_in(user: User, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    return client, client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def say(client: Client, code: str) -> Any:
    return client.post(STEP, {"code": code})


def is_in(client: Client) -> bool:
    return client.get("/lessons/").status_code == 200


def test_it_is_needed_by_those_who_moderate_administer_or_may_read_sensitive_lessons(settings: Any) -> None:
    needing = {role for role in Role if needs_second_factor(person(role))}

    assert needing == CLEARED_BY_ROLE | ADMINISTERS
    assert needs_second_factor(person(Role.READER, cleared=True))
    settings.MFA_REQUIRED = False
    assert not needs_second_factor(person(Role.SECRETARIAT))


def test_whoever_lacks_it_sets_it_up_at_sign_in_and_is_then_in(client: Client) -> None:
    user = person(Role.SECRETARIAT)
    sign_in(user, client)

    assert client.get("/review/").headers["Location"] == SET_UP
    page = client.get(f"{SET_UP}app/").content.decode()
    svg, secret = re.search("<svg.*?</svg>", page, re.DOTALL), re.search(r'jol-secret">([A-Z2-7 ]+)<', page)
    assert svg
    assert "style=" not in svg[0]
    app = App(secret[1].replace(" ", "")) if secret else None
    assert app
    wrong = client.post(f"{SET_UP}app/", {"code": "000000"}).content.decode()
    assert "This code is not right" in wrong
    before = client.session.session_key
    answer = client.post(f"{SET_UP}app/", {"code": f"{app.code()[:3]} {app.code()[3:]}"})

    assert answer.headers["Location"] == reverse("recovery_codes")
    assert client.session.session_key != before
    assert client.get("/review/").status_code == 200
    assert app.secret not in str(Authenticator.objects.get().data)
    assert "authenticator app was set up" in mail.outbox[-1].body
    assert AuditEvent.objects.get(action="factor.add").actor == user
    codes = re.findall(r"<code>([\w-]+)</code>", client.post(reverse("recovery_codes")).content.decode())
    assert len(set(codes)) == 10
    assert not re.search("<code>", client.get(reverse("recovery_codes")).content.decode())


def test_without_it_every_address_leads_to_setting_it_up_or_is_as_to_a_stranger() -> None:
    client, stranger = Client(), Client()
    client.force_login(person(Role.SECRETARIAT))
    open_to = {"account_logout", "account_reauthenticate", "mfa_add_webauthn", "session"} | {
        "second_factor",
        "second_factor_app",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    }
    example = {"pk": 1, "reference": "LI-2026-00001", "step": "about", "form": "csv"}
    asked = 0
    for row in ROWS:
        wanted = arguments_of()[row["route"]]
        if row["route"] in open_to or not set(wanted) <= set(example):
            continue
        url = reverse(row["route"], kwargs={name: example[name] for name in wanted})
        answer = client.generic(row["method"], url)
        asked += 1
        as_to_a_stranger = answer.status_code == stranger.generic(row["method"], url).status_code
        led_there = answer.headers.get("Location") == SET_UP
        if row["route"] == "home":
            assert led_there
        elif row["object"] == "public" or url.startswith("/api/"):
            assert as_to_a_stranger, url
        else:
            assert led_there or (as_to_a_stranger and answer.status_code in {302, 401}), url
    assert asked > 100


def passkeys() -> Iterator[str]:
    """What no browser says of a passkey."""
    yield from ("", "{", "5", "[]", "{}", "[" * 100_000, '{"id": "\\u0000"}', '{"id": "\\ud800"}', '{"id": 1e400}')

    def coded(text: bytes) -> str:
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    asked = b'{"type": "webauthn.create", "challenge": "AAAA", "origin": "http://testserver"}'
    deep = b"\x81" * 3_000 + b"\0"
    for client, attested in [(b"\xff", b"\xa0"), (b"[]", b"\xa0"), (asked, b""), (asked, b"\xa0"), (asked, deep)]:
        fields = {"clientDataJSON": coded(client), "attestationObject": coded(attested)}
        fields |= {"authenticatorData": coded(bytes(37)), "signature": "AA"}
        yield json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": fields})


def test_whatever_is_said_of_a_passkey_is_refused_and_nothing_fails() -> None:
    with_app = person(Role.SECRETARIAT)
    app_of(with_app)
    adding, _ = sign_in(person(Role.SECRETARIAT))
    at_the_door, _ = sign_in(with_app)
    pages = {reverse("mfa_add_webauthn"): adding, STEP: at_the_door}
    for page, client in pages.items():
        for said in passkeys():
            client.get(page)
            answer = client.post(page, {"name": "Blue key", "credential": said})
            assert answer.status_code in {200, 422}, (page, said[:200])
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()


def test_it_is_asked_after_the_password_and_of_a_session_that_skipped_it() -> None:
    user = person(Role.LRF_MODERATOR)
    app = app_of(user)
    client, answer = sign_in(user)

    assert answer.headers["Location"] == STEP
    assert not is_in(client)
    assert "This code is not right" in say(client, "123123").content.decode()
    before = client.session.session_key
    assert say(client, app.code()).status_code == 302
    assert is_in(client)
    assert client.session.session_key != before

    by_password_only = Client()
    by_password_only.force_login(user)
    assert by_password_only.get("/lessons/").headers["Location"].startswith("/accounts/reauthenticate/code/")
    for page in (SET_UP, f"{SET_UP}app/", f"{SET_UP}passkey/"):  # a password alone puts no other in its place
        assert by_password_only.get(page).headers["Location"].startswith("/accounts/reauthenticate/code/"), page
    by_password_only.post("/accounts/reauthenticate/code/", {"code": app.code(steps=1)})
    assert is_in(by_password_only)


def test_a_new_role_asks_for_it_at_the_next_request() -> None:
    user = person(Role.READER)
    client, _ = sign_in(user)
    assert is_in(client)

    MembershipFactory(user=user, organisation=user.groups.get(), role=Role.JOL_SPOC)
    assert client.get("/lessons/").headers["Location"].startswith(SET_UP)

    Membership.objects.filter(role=Role.JOL_SPOC).delete()
    assert is_in(client)


def test_a_code_works_once_and_a_step_early_or_late() -> None:
    user = person(Role.SECRETARIAT)
    app, now = app_of(user), timezone.now()

    assert not use_code(user=user, code=app.code(now, steps=2), at=now)
    assert use_code(user=user, code=app.code(now), at=now)
    assert not use_code(user=user, code=app.code(now), at=now)
    assert not use_code(user=user, code=app.code(now, steps=-1), at=now), "older than one that was used"
    assert use_code(user=user, code=app.code(now, steps=1), at=now)
    later = now + timedelta(seconds=60)
    assert not use_code(user=user, code=app.code(now, steps=1), at=later)


def test_another_secret_key_takes_no_second_factor_away(settings: Any, capsys: Any) -> None:
    active, idle, now = person(Role.SECRETARIAT), person(Role.SECRETARIAT), timezone.now()
    app, idle_app, codes = app_of(active), app_of(idle), new_recovery_codes(user=active, at=now)
    before = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 9, [before]

    assert use_code(user=active, code=codes[0], at=now) == "recovery_code"
    assert use_code(user=active, code=app.code(now), at=now) == "totp"
    settings.SECRET_KEY_FALLBACKS = []
    assert use_code(user=active, code=app.code(now, steps=1), at=now) == "totp", "who used it is on the new key"
    assert use_code(user=idle, code=idle_app.code(now), at=now) == "", "a wrong code, and no fault of the page"
    assert use_code(user=active, code=codes[1], at=now) == ""
    with pytest.raises(CommandError, match="opens 1:"):
        call_command("renew_factors")

    settings.SECRET_KEY_FALLBACKS = [before]
    call_command("renew_factors")
    settings.SECRET_KEY_FALLBACKS = []

    assert capsys.readouterr().out.endswith("2 of 2 apps have the newest key.\n")
    assert use_code(user=idle, code=idle_app.code(now), at=now) == "totp"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["totp", "recovery_code"])
def test_of_two_sessions_that_show_the_same_code_one_gets_in(kind: str) -> None:
    user, at = person(Role.SECRETARIAT), timezone.now()
    app = app_of(user)
    code = app.code(at) if kind == "totp" else new_recovery_codes(user=user, at=at)[0]
    start, results = threading.Barrier(4), []

    def show() -> None:
        start.wait(timeout=10)
        results.append(use_code(user=user, code=code, at=at))
        connection.close()

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(results) == ["", "", "", kind]


def test_recovery_codes_are_stored_as_digests_and_work_once() -> None:
    user = person(Role.SECRETARIAT)
    app_of(user)
    old = new_recovery_codes(user=user, at=timezone.now())
    codes = new_recovery_codes(user=user, at=timezone.now())

    stored = " ".join(RecoveryCode.objects.values_list("digest", flat=True))
    assert not any(code.replace("-", "") in stored for code in codes)
    client, _ = sign_in(user)
    assert "not right" in say(client, old[0]).content.decode()
    assert say(client, codes[0].upper()).status_code == 302
    assert is_in(client)
    client, _ = sign_in(user)
    assert "not right" in say(client, codes[0]).content.decode()


def test_wrong_codes_are_stopped_and_do_not_lock_anybody_out_for_good() -> None:
    user = person(Role.SECRETARIAT)
    app, now = app_of(user), timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        client, _ = sign_in(user)
        for _ in range(12):
            say(client, "123123")
            clock.shift(timedelta(seconds=20))
        assert "too many wrong codes" in say(client, app.code()).content.decode()
        assert sign_in(user)[1].status_code == 302, "passwords are counted apart"
        clock.shift(timedelta(minutes=5))
        client, _ = sign_in(user)
        say(client, app.code())
        assert is_in(client)


def test_a_token_of_somebody_who_lacks_it_opens_nothing() -> None:
    user = person(Role.SECRETARIAT)
    _, text = create_token(user=user, scopes=["read:published"], at=timezone.now())
    asked = {"headers": {"Authorization": f"Token {text}"}}

    refused = Client().get("/api/v1/lessons/", **asked)
    assert refused.status_code == 401
    assert "second factor" in refused.json()["detail"]
    app_of(user)
    assert Client().get("/api/v1/lessons/", **asked).status_code == 200


def test_a_factor_is_changed_only_by_whoever_confirmed_lately_and_the_last_one_stays() -> None:
    user = person(Role.SECRETARIAT)
    app = app_of(user)
    factor = Authenticator.objects.get()
    remove = reverse("remove_factor", args=[factor.pk])
    client, _ = sign_in(user)
    say(client, app.code())

    assert client.post(remove).status_code == 403
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        for url in (remove, f"{SET_UP}app/", f"{SET_UP}recovery-codes/", f"{SET_UP}passkey/"):
            assert client.post(url).headers["Location"].startswith("/accounts/reauthenticate/"), url
    assert Authenticator.objects.get() == factor

    stranger = Client()
    stranger.force_login(person())
    sign_in_again = sign_in(person(), stranger)
    assert sign_in_again
    reader, _ = sign_in(person())
    assert reader.post(remove).status_code == 404


def test_a_lost_factor_is_taken_away_by_who_looks_after_all_of_the_person_or_by_command() -> None:
    fire = OrganisationFactory()
    admin, spoc = person(Role.ORGANISATION_ADMIN, fire), person(Role.JOL_SPOC, fire)
    moderator = person(Role.LRF_MODERATOR, fire)
    for user in (spoc, moderator):
        app_of(user)
        new_recovery_codes(user=user, at=timezone.now())

    forget_lost_factors(user=spoc, by=admin, at=timezone.now())
    with pytest.raises(PermissionDenied):
        forget_lost_factors(user=moderator, by=admin, at=timezone.now())

    assert [one.user for one in Authenticator.objects.all()] == [moderator]
    assert {one.user for one in RecoveryCode.objects.all()} == {moderator}
    assert mail.outbox[-1].to == [spoc.email]
    client, _ = sign_in(spoc)
    assert client.get("/lessons/").headers["Location"] == SET_UP
    call_command("forget_second_factor", moderator.email)
    assert not Authenticator.objects.exists()
    assert [event.actor for event in AuditEvent.objects.filter(action="factor.forget").order_by("pk")] == [admin, None]


def test_the_demonstration_says_that_it_is_off(settings: Any) -> None:
    settings.MFA_REQUIRED, settings.DEMO = False, True
    client, _ = sign_in(person(Role.SECRETARIAT))

    assert "and no second factor" in client.get("/lessons/").content.decode()
    assert "Second factors are not asked for on this site" in client.get("/accounts/").content.decode()
    assert is_in(client)
