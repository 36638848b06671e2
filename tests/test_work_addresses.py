"""Which mail addresses an organisation takes, accounts that are about to sleep, and sign-ins past the usual door."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import upkeep
from accounts.domains import DomainError, is_work_address, set_domains
from accounts.invitations import InvitationError, invite
from accounts.models import AccessRequest, AuditEvent, Membership, Organisation, User
from accounts.roles import Role
from lessons.actions.sharing import share_lesson
from lessons.models import Lesson, Status
from tests.factories import NOON, PASSWORD, LessonFactory, MembershipFactory, OrganisationFactory, UserFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def fire() -> Organisation:
    return OrganisationFactory(code="cumbria-fire", name="Cumbria Fire", mail_domains=["fire.example"])


@pytest.fixture
def admin(fire: Organisation) -> User:
    return person(Role.ORGANISATION_ADMIN, fire)


def sign_in(user: User) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


# -- work addresses ----------
@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("sam@fire.example", True),
        ("SAM@FIRE.EXAMPLE", True),
        ("sam@north.fire.example", True),
        ("sam@notfire.example", False),
        ("sam@fire.example.elsewhere.example", False),
        ("fire.example@elsewhere.example", False),
    ],
)
def test_an_address_is_of_a_domain_or_below_it(fire: Organisation, address: str, is_taken: bool) -> None:
    assert is_work_address(address, fire) is is_taken
    assert is_work_address(address, OrganisationFactory())


def test_nobody_with_another_address_is_invited_or_asks_to_be_let_in(fire: Organisation, admin: User) -> None:
    asking = {"name": "Sam", "organisation": fire.code, "reason": "Exercises"}

    with pytest.raises(InvitationError, match="@fire"):
        invite(email="sam@elsewhere.example", organisation=fire, role=Role.READER, at=NOON, by=admin)
    page = sign_in(admin).post(
        reverse("people_invite", args=["organisation", fire.code]),
        {"email": "sam@elsewhere.example", "name": "Sam", "role": Role.READER},
    )
    refused = Client().post("/accounts/request/", asking | {"email": "sam@elsewhere.example"})
    taken = Client().post("/accounts/request/", asking | {"email": "sam@fire.example"})

    assert "Cumbria Fire takes work addresses only: @fire.example" in page.text
    assert refused.status_code == 422
    assert "@fire.example" in refused.text
    assert taken.status_code == 302
    assert [one.email for one in AccessRequest.objects.all()] == ["sam@fire.example"]
    assert not User.objects.filter(email__startswith="sam@").exists()


def test_an_administrator_sets_the_domains_and_it_is_recorded(fire: Organisation, admin: User) -> None:
    client = sign_in(admin)
    page = reverse("mail_domains", args=[fire.code])
    national = reverse("people_of", args=["national", "uk"])
    assert sign_in(person(Role.SECRETARIAT)).get(national, {"work_addresses": fire.code}).url == page
    assert "Work addresses of an organisation" not in sign_in(person(Role.SYSTEM_ADMIN)).get(national).text

    answer = client.post(page, {"domains": "Fire.Example\n@rescue.example, fire.example"})

    assert answer.url == page
    fire.refresh_from_db()
    assert fire.mail_domains == ["fire.example", "rescue.example"]
    assert AuditEvent.objects.get(action="organisation.mail_domains").actor == admin
    wrong = client.post(page, {"domains": "fire\nhttps://x"})
    assert wrong.status_code == 422
    assert "write it like example.gov.uk" in wrong.text
    assert 'href="#id_domains"' in wrong.text
    with pytest.raises(DomainError):
        set_domains(organisation=fire, domains=[f"a{n}.example" for n in range(21)], by=admin, at=NOON)


def test_others_do_not_set_them_and_the_secretariat_does(fire: Organisation) -> None:
    for stranger in (person(Role.ORGANISATION_ADMIN), person(Role.JOL_SPOC, fire)):
        with pytest.raises(PermissionDenied):
            set_domains(organisation=fire, domains=[], by=stranger, at=NOON)

    set_domains(organisation=fire, domains=[], by=person(Role.SECRETARIAT), at=NOON)

    assert is_work_address("anybody@elsewhere.example", Organisation.objects.get(pk=fire.pk))


def test_nobody_leaves_the_work_addresses_by_changing_their_own(fire: Organisation) -> None:
    user = person(Role.READER, fire, email="sam@fire.example")
    client = sign_in(user)

    refused = client.post("/accounts/address/", {"email": "sam@private.example"})
    assert "@fire.example" in refused.text
    assert not mail.outbox
    client.post("/accounts/address/", {"email": "sam@north.fire.example"})
    [offered] = mail.outbox
    set_domains(organisation=fire, domains=["rescue.example"], by=person(Role.SECRETARIAT), at=NOON)
    link = next(word for word in offered.body.split() if "/accounts/address/" in word)

    assert client.post(link.removeprefix("http://testserver")).status_code == 409
    assert User.objects.get(pk=user.pk).email == "sam@fire.example"


# -- sleep ----------
def test_who_leaves_an_account_unused_is_warned_once_and_not_if_they_sign_in(fire: Organisation) -> None:
    now = timezone.now()
    idle, busy, new = (person(Role.READER, fire) for _ in range(3))
    User.objects.filter(pk=idle.pk).update(last_login=now - timedelta(days=77))
    User.objects.filter(pk=busy.pk).update(last_login=now - timedelta(days=75))
    User.objects.filter(pk=new.pk).update(last_login=None, joined_at=now - timedelta(days=95))

    sent = [upkeep.warn_before_sleep(now), upkeep.warn_before_sleep(now + timedelta(hours=5))]

    assert sent == [1, 0]
    [warning] = mail.outbox
    assert warning.to == [idle.email]
    assert "goes to sleep on" in warning.body
    assert upkeep.let_sleep(now) == 1  # the one that was never used
    User.objects.filter(pk=idle.pk).update(last_login=now)
    assert upkeep.warn_before_sleep(now + timedelta(days=80)) == 1  # it begins anew


# -- past the usual door ----------
def providers(code: str) -> list[dict[str, str]]:
    return [{"id": "fire", "name": "Fire", "issuer": "https://id.example", "organisation": code}]


def test_a_password_where_a_provider_should_ask_alarms_the_secretariat(fire: Organisation, settings: Any) -> None:
    secretariat, somebody, elsewhere = person(Role.SECRETARIAT), person(Role.READER, fire), person()
    settings.OIDC_PROVIDERS = providers(fire.code)

    sign_in(elsewhere)
    sign_in(somebody)

    [alarm] = [one for one in mail.outbox if one.subject == "A sign-in past the usual door"]
    assert alarm.to == [secretariat.email]
    assert somebody.get_full_name() in alarm.body
    recorded = AuditEvent.objects.get(action="account.break_glass")
    assert (recorded.actor, recorded.reason) == (somebody, "password despite provider")


def test_an_administrator_of_the_site_with_a_password_alarms_too_but_not_where_there_is_no_provider(
    settings: Any,
) -> None:
    person(Role.SECRETARIAT)
    administrator = person(Role.SYSTEM_ADMIN)
    settings.OIDC_PROVIDERS = []
    sign_in(administrator)
    assert not AuditEvent.objects.filter(action="account.break_glass").exists()

    settings.OIDC_PROVIDERS = providers("no-such-organisation")
    sign_in(administrator)

    assert AuditEvent.objects.get(action="account.break_glass").reason == "administrator"
    assert len([one for one in mail.outbox if "usual door" in one.subject]) == 1


# -- partners ----------
def test_what_a_partner_was_let_into_is_shown_to_the_person_and_to_the_administrator(
    fire: Organisation, admin: User
) -> None:
    lesson: Lesson = LessonFactory(status=Status.DRAFT, title="Hidden from administrators")
    share_lesson(lesson=lesson, organisation=fire, may_write=True, by=lesson.author, at=NOON)
    reader = UserFactory()
    MembershipFactory(user=reader, organisation=fire)

    own = sign_in(reader).get(reverse("access")).text
    theirs = sign_in(admin).get(reverse("people_person", args=["organisation", fire.code, reader.pk])).text

    for page in (own, theirs):
        assert f"Lesson {lesson.pk} of {lesson.organisation.name}: Cumbria Fire reads and changes it" in page
        assert lesson.title not in page
    assert "as a partner" not in sign_in(person()).get(reverse("access")).text
    assert Membership.objects.filter(user=reader).count() == 1
