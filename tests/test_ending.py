"""Letting one or everybody out from the command line."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ApiToken, AuditEvent, Membership, TokenScope, User
from accounts.roles import Role
from tests.calling import token_of
from tests.factories import OrganisationFactory, person

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    assert client.get("/lessons/").status_code == 200
    return client


def asks_the_api(token: str) -> int:
    return Client().get("/api/v1/lessons/", headers={"Authorization": f"Token {token}"}).status_code


def test_one_person_is_out_at_once_and_a_role_lets_them_in_again(capsys: Any) -> None:
    leaver, other = (person(Role.READER, OrganisationFactory(), cleared=True) for _ in range(2))
    browser, others = signed_in(leaver), signed_in(other)
    token = token_of(leaver, TokenScope.READ_PUBLISHED)
    assert asks_the_api(token) == 200

    call_command("end_access", leaver.email.upper())

    assert capsys.readouterr().out == f"{leaver.email} is out. Roles ended: 1; and every session and API token.\n"
    assert browser.get("/lessons/").status_code == 302
    assert asks_the_api(token) == 401
    assert others.get("/lessons/").status_code == 200
    assert not User.objects.get(pk=leaver.pk).may_sign_in
    assert User.objects.get(pk=leaver.pk).is_active, "an administrator can invite them again"
    assert AuditEvent.objects.filter(action="membership.end", actor=None).count() == 1
    with pytest.raises(CommandError, match="no account"):
        call_command("end_access", "nobody@responder.example")


def test_everybody_is_signed_out_and_no_token_is_left_and_roles_stay(capsys: Any) -> None:
    user = person(Role.READER)
    browser, token = signed_in(user), token_of(user, TokenScope.READ_PUBLISHED)

    call_command("end_access", "--everybody")

    assert capsys.readouterr().out == "1 sessions and 1 API tokens ended.\n"
    assert browser.get("/lessons/").status_code == 302
    assert asks_the_api(token) == 401
    assert not ApiToken.objects.exists()
    assert Membership.objects.active().filter(user=user).exists()
    assert AuditEvent.objects.get(action="access.end_all").reason == "1 sessions, 1 tokens"
