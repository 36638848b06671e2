"""Inviting people by command."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, AuditEvent, Membership, TokenScope, User
from accounts.people import leave
from accounts.roles import Role
from accounts.tokens import create_token
from accounts.upkeep import let_sleep
from tests.factories import OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "four patient herons wait"


def invite(email: str = "new@responder.example", **options: object) -> None:
    OrganisationFactory(code="cumbria-constabulary", name="Cumbria Constabulary")
    call_command("invite", email, **({"organisation": "cumbria-constabulary", "role": "contributor"} | options))


def test_an_invitation_makes_an_account_a_membership_and_an_audit_row() -> None:
    invite(name="A Responder")

    membership = Membership.objects.get(user__email="new@responder.example")
    assert (membership.role, membership.organisation.code) == ("contributor", "cumbria-constabulary")
    assert membership.starts_on == timezone.localdate()
    assert (membership.user.name, membership.user.has_usable_password()) == ("A Responder", False)
    assert AuditEvent.objects.get(action="membership.give").object_id == str(membership.pk)


def test_the_invited_person_sets_a_password_by_the_link_and_signs_in(client: Client) -> None:
    invite()
    [link] = re.findall(r"http://testserver(/\S*/key/\S+)", mail.outbox[0].body)

    page = client.get(link, follow=True)
    form = page.request["PATH_INFO"]
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert Client().login(email="new@responder.example", password=NEW_PASSWORD)


def test_the_mail_says_who_where_and_what_to_do_if_it_is_a_mistake() -> None:
    invite(role="lrf_moderator", area=ResilienceAreaFactory(code="cumbria").code)

    [message] = mail.outbox
    assert "LRF moderator, Cumbria Constabulary, for Cumbria." in message.body
    assert "If you do not expect this, do nothing" in message.body
    assert message.to == ["new@responder.example"]


def test_a_new_person_is_written_to_in_the_language_of_the_organisation() -> None:
    OrganisationFactory(code="heddlu-gwent", name="Heddlu Gwent", language="cy")

    call_command("invite", "newydd@responder.example", organisation="heddlu-gwent", role="contributor")

    assert User.objects.get(email="newydd@responder.example").language == "cy"
    assert "Gosodwch gyfrinair" in mail.outbox[0].body


def test_a_second_invitation_gives_nothing_twice_and_mails_the_link_again() -> None:
    invite()
    call_command("invite", "NEW@responder.example", organisation="cumbria-constabulary", role="contributor")

    assert User.objects.count() == Membership.objects.count() == 1
    assert AuditEvent.objects.filter(action="membership.give").count() == 1
    assert len(mail.outbox) == 2


def test_somebody_with_a_password_is_told_of_a_new_role_without_a_link_and_only_once() -> None:
    invite()
    user = User.objects.get()
    user.set_password(NEW_PASSWORD)
    user.save()

    for _ in range(2):
        call_command("invite", user.email, organisation="cumbria-constabulary", role="jol_spoc")

    assert [m.role for m in Membership.objects.order_by("pk")] == ["contributor", "jol_spoc"]
    assert len(mail.outbox) == 2
    assert "You have an account already" in mail.outbox[1].body
    assert "/key/" not in mail.outbox[1].body


def test_clearance_is_dated_and_can_be_given_later() -> None:
    invite()
    call_command(
        "invite",
        "new@responder.example",
        organisation="cumbria-constabulary",
        role="contributor",
        cleared=True,
    )

    membership = Membership.objects.get()
    assert membership.cleared
    assert membership.cleared_at is not None
    assert AuditEvent.objects.filter(action="membership.clear").count() == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"organisation": "cumbria-constabularry"}, "Did you mean cumbria-constabulary"),
        ({"role": "chief"}, "There is no role “chief”. Roles: reader, contributor"),
        ({"role": "lrf_moderator"}, "An LRF moderator needs an area"),
        ({"role": "lrf_moderator", "area": "atlantis"}, "There is no area with the code “atlantis”"),
        ({"area": "cumbria"}, "Only an LRF moderator has an area"),
        ({"email": "not an address"}, "Enter a valid email address"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_stored(options: dict[str, str], said: str) -> None:
    ResilienceAreaFactory(code="cumbria")

    with pytest.raises(CommandError, match=re.escape(said)):
        invite(**options)

    assert not User.objects.exists()
    assert not mail.outbox


def test_nobody_is_invited_to_an_organisation_that_ended() -> None:
    OrganisationFactory(code="gone", ended_at=timezone.now())
    with pytest.raises(CommandError, match="has ended"):
        call_command("invite", "new@responder.example", organisation="gone", role="reader")


def test_whoever_left_comes_back_by_a_new_link_and_nothing_from_before_opens_the_account() -> None:
    fire = OrganisationFactory()
    user = person(Role.READER, fire, email="left@responder.example")
    create_token(user=user, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())
    SocialAccount.objects.create(user=user, provider="fire", uid="1")
    leave(user=user, organisation=fire, by=person(Role.ORGANISATION_ADMIN, fire), at=timezone.now())
    assert not User.objects.get(pk=user.pk).may_sign_in

    invite(email=user.email)

    found = User.objects.get(pk=user.pk)
    assert found.may_sign_in
    assert not found.has_usable_password()
    assert not ApiToken.objects.exists()
    assert not SocialAccount.objects.exists()
    assert "/key/" in mail.outbox[-1].body
    assert AuditEvent.objects.get(action="account.open").object_id == str(user.pk)
    assert let_sleep(timezone.now()) == 0


def test_whoever_fell_asleep_without_a_role_wakes_with_a_new_one() -> None:
    """Nobody else could wake them: they are on no administrator's page any more."""
    user = person(email="asleep@responder.example", dormant_at=timezone.now())
    user.memberships.update(ended_at=timezone.now())

    invite(email=user.email)

    found = User.objects.get(pk=user.pk)
    assert found.may_sign_in
    assert found.password == user.password
    assert AuditEvent.objects.get(action="account.wake").object_id == str(user.pk)
    assert let_sleep(timezone.now()) == 0
