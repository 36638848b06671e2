"""Looking after people: who gives which role, that nobody serves themselves, what ends at once, what is recorded."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import upkeep
from accounts.invitations import InvitationError
from accounts.models import AccessRequest, AuditEvent, Membership, Organisation, Sponsorship, User
from accounts.people import (
    PeopleError,
    ask_for_access,
    decide_on_access,
    end_role,
    give_role,
    leave,
    set_clearance,
    wake,
)
from accounts.roles import NAMED_ROLES, Role
from accounts.sponsorships import SponsorshipError, end_sponsorship, sponsor
from tests.factories import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ResponderTypeFactory,
    SponsorshipFactory,
    person,
)

pytestmark = pytest.mark.django_db

NEW = "new.person@responder.example"


@pytest.fixture
def fire() -> Organisation:
    return OrganisationFactory(code="cumbria-fire", name="Cumbria Fire", areas=[ResilienceAreaFactory(code="cumbria")])


@pytest.fixture
def admin(fire: Organisation) -> User:
    return person(Role.ORGANISATION_ADMIN, fire)


def sign_in(user: User) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def page(fire: Organisation, route: str = "people_of", *more: Any) -> str:
    return reverse(route, args=["organisation", fire.code, *more])


def audited(action: str) -> list[User | None]:
    return [event.actor for event in AuditEvent.objects.filter(action=action).order_by("pk")]


# -- who gives what --------------------
OF_ORGANISATION = {Role.READER, Role.CONTRIBUTOR, *NAMED_ROLES, Role.ORGANISATION_ADMIN}
OF_COUNTRY = {Role.SECRETARIAT, Role.BOARD_MEMBER, Role.ANALYST, Role.AUDITOR}


@pytest.mark.parametrize("role", Role)
def test_each_role_gives_the_roles_of_its_reach_and_no_other(role: Role, fire: Organisation) -> None:
    here, there = fire.areas.get(), ResilienceAreaFactory(code="norfolk")
    by, elsewhere, at = person(role, fire, here), OrganisationFactory(), timezone.now()
    wanted: dict[tuple[Role, Any, Any], bool] = {}
    for given in Role:
        for organisation in (fire, elsewhere):
            for area in (here, there) if given == Role.LRF_MODERATOR else (None,):
                wanted[given, organisation, area] = {
                    Role.ORGANISATION_ADMIN: given in OF_ORGANISATION and organisation == fire,
                    Role.LRF_MODERATOR: given == Role.LRF_MODERATOR and area == here,
                    Role.SECRETARIAT: given in {*OF_COUNTRY, Role.LRF_MODERATOR},
                    Role.SYSTEM_ADMIN: given in {Role.ORGANISATION_ADMIN, Role.SYSTEM_ADMIN},
                }.get(role, False)
    for number, ((given, organisation, area), may) in enumerate(wanted.items()):
        try:
            give_role(
                email=f"p{number}@responder.example", role=given, organisation=organisation, area=area, by=by, at=at
            )
        except PermissionDenied:
            assert not may, (given, organisation, area)
        else:
            assert may, (given, organisation, area)
    assert Membership.objects.filter(given_by=by).count() == sum(wanted.values())
    assert audited("membership.give") == [by] * sum(wanted.values())


def test_nobody_gives_ends_clears_or_wakes_their_own(fire: Organisation, admin: User) -> None:
    own, at = admin.memberships.get(), timezone.now()
    with pytest.raises(InvitationError, match="themselves"):
        give_role(email=admin.email.upper(), role=Role.JOL_SPOC, organisation=fire, by=admin, at=at)
    for refused in (
        lambda: end_role(membership=own, by=admin, at=at),
        lambda: set_clearance(membership=own, cleared=True, by=admin, at=at),
        lambda: leave(user=admin, organisation=fire, by=admin, at=at),
        lambda: wake(user=admin, by=admin, at=at),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    ask_for_access(email=admin.email, name="Me", organisation=fire, reason="More", at=at)
    with pytest.raises(PermissionDenied):
        decide_on_access(request=AccessRequest.objects.get(), role=Role.JOL_SPOC, by=admin, at=at)
    assert Membership.objects.get() == own


# -- the pages --------------------
def test_an_administrator_invites_with_a_last_day_and_clearance_and_sees_what_is_vacant(
    fire: Organisation, admin: User
) -> None:
    client = sign_in(admin)
    assert "Vacant: JOL SPoC, JOL Lead, JESIP Training Lead, JESIP Strategic Lead" in _text(client.get(page(fire)))
    last = timezone.localdate() + timedelta(days=30)
    asked = {"email": NEW, "name": "New Person", "role": "reader", "cleared": "on"}
    asked |= {"ends_on_day": str(last.day), "ends_on_month": str(last.month), "ends_on_year": str(last.year)}
    asked |= {f"ends_on-{part}": asked[f"ends_on_{part}"] for part in ("day", "month", "year")}

    answer = client.post(page(fire, "people_invite"), asked)

    assert answer.status_code == 302, answer.context["form"].errors
    membership = Membership.objects.get(user__email=NEW)
    assert (membership.role, membership.cleared, membership.ends_on, membership.given_by) == (
        "reader",
        True,
        last,
        admin,
    )
    assert mail.outbox[-1].to == [NEW]
    listed = _text(client.get(page(fire)))
    assert "New Person" in listed
    assert "Reads OFFICIAL-SENSITIVE" in listed
    refused = client.post(page(fire, "people_invite"), asked | {"role": "auditor", "email": "x@responder.example"})
    assert "Select a role" in refused.content.decode()


def test_giving_a_role_asks_to_confirm_who_one_is_and_ending_one_does_not(fire: Organisation, admin: User) -> None:
    spoc = person(Role.JOL_SPOC, fire)
    there = sign_in(spoc)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        client = Client()
        client.force_login(admin)
        asked = client.post(page(fire, "people_invite"), {"email": NEW, "name": "N", "role": "reader"})
        assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
        assert not User.objects.filter(email=NEW).exists()

        ended = {"then": "end", "membership": spoc.memberships.get().pk}
        client.post(page(fire, "people_person", spoc.pk), ended)
    assert there.get("/lessons/").headers["Location"].startswith("/accounts/login/")
    assert audited("membership.end") == [admin]
    MembershipFactory(user=spoc, organisation=fire, role=Role.JOL_SPOC)  # the one that ended does not stand in the way


def test_a_new_role_ends_the_sessions_of_its_person(fire: Organisation, admin: User) -> None:
    reader = person(Role.READER, fire)
    there = sign_in(reader)
    before = there.session.session_key
    give_role(email=reader.email, role=Role.CONTRIBUTOR, organisation=fire, by=admin, at=timezone.now())

    assert there.get("/lessons/").status_code == 302
    assert sign_in(reader).session.session_key != before


def test_what_is_so_already_is_neither_done_nor_recorded_again(fire: Organisation, admin: User) -> None:
    reader = person(Role.READER, fire, dormant_at=timezone.now())
    for _ in range(2):
        set_clearance(membership=reader.memberships.get(), cleared=True, by=admin, at=timezone.now())
        wake(user=reader, by=admin, at=timezone.now())

    assert audited("membership.clear") == audited("account.wake") == audited("session.end_all") == [admin]


def test_a_leaver_loses_all_at_once_and_keeps_what_they_hold_elsewhere(fire: Organisation, admin: User) -> None:
    leaver, both = person(Role.JOL_SPOC, fire), person(Role.CONTRIBUTOR, fire)
    MembershipFactory(user=leaver, organisation=fire, role=Role.READER)
    MembershipFactory(user=both, role=Role.READER)
    client = sign_in(admin)
    for user in (leaver, both):
        assert client.post(page(fire, "people_person", user.pk), {"then": "leave"}).status_code == 302

    leaver.refresh_from_db()
    both.refresh_from_db()
    assert (leaver.is_active, both.is_active) == (False, True)
    assert Membership.objects.active().filter(user__in=[leaver, both]).count() == 1
    assert audited("account.close") == [admin]
    assert "Person" not in _text(client.get(page(fire))).split("Who has access")[1].replace(admin.name, "")
    moderator = person(Role.LRF_MODERATOR, fire)
    assert client.post(page(fire, "people_person", moderator.pk), {"then": "leave"}).status_code == 403


def test_a_leaver_loses_what_would_begin_later_too_and_may_be_asleep(fire: Organisation, admin: User) -> None:
    soon = timezone.localdate() + timedelta(days=7)
    leaver, asleep, starter = person(Role.READER, fire), person(Role.READER, fire), person(Role.READER, fire)
    MembershipFactory(user=leaver, organisation=fire, role=Role.CONTRIBUTOR, starts_on=soon)
    MembershipFactory(user=starter, role=Role.READER, starts_on=soon)
    User.objects.filter(pk=asleep.pk).update(dormant_at=timezone.now())
    client = sign_in(admin)
    for user in (leaver, asleep, starter):
        assert client.post(page(fire, "people_person", user.pk), {"then": "leave"}).status_code == 302

    assert not Membership.objects.not_over().filter(organisation=fire, user__in=[leaver, asleep, starter]).exists()
    for user, is_open in ((leaver, False), (asleep, False), (starter, True)):
        user.refresh_from_db()
        assert user.is_active == is_open


def test_somebody_asks_is_let_in_proves_the_address_and_signs_in(fire: Organisation, admin: User) -> None:
    stranger = Client()
    asked = {"email": NEW, "name": "New Person", "organisation": fire.code, "reason": "We train together"}
    for _ in range(2):
        assert stranger.post(reverse("access_request"), asked).headers["Location"] == reverse("access_request_done")
    known = stranger.post(reverse("access_request"), asked | {"email": admin.email})
    assert known.headers["Location"] == reverse("access_request_done")
    assert not User.objects.filter(email=NEW).exists()
    assert not mail.outbox

    client, request = sign_in(admin), AccessRequest.objects.get(email=NEW)
    assert "We train together" in _text(client.get(page(fire)))
    client.post(page(fire, "people_request", request.pk), {"then": "approve", "role": "contributor"})
    with pytest.raises(PeopleError, match="decided already"):
        decide_on_access(request=request, role=Role.READER, by=admin, at=timezone.now())

    [link] = re.findall(r"http://testserver(/\S*/key/\S+)", mail.outbox[0].body)
    form = stranger.get(link, follow=True).request["PATH_INFO"]
    stranger.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert sign_in(User.objects.get(email=NEW)).get("/submit/").status_code == 200
    assert audited("access.approve") == [admin]


def test_who_is_not_let_in_gets_no_account(fire: Organisation, admin: User) -> None:
    ask_for_access(email=NEW, name="N", organisation=fire, reason="R", at=timezone.now())
    request = AccessRequest.objects.get()
    sign_in(admin).post(page(fire, "people_request", request.pk), {"then": "decline"})

    request.refresh_from_db()
    assert (request.was_approved, request.decided_by) == (False, admin)
    assert not User.objects.filter(email=NEW).exists()


def test_the_person_sees_what_they_have_access_to_and_who_gave_it(fire: Organisation, admin: User) -> None:
    reader = person(Role.READER, fire)
    give_role(email=reader.email, role=Role.JOL_SPOC, organisation=fire, by=admin, at=timezone.now())

    seen = _text(sign_in(reader).get(reverse("access")))

    assert "Reads published lessons for which Cumbria Fire is in the audience, OFFICIAL and OFFICIAL-SENSITIVE" in seen
    assert "Sees, signs off and suspends what Cumbria Fire recorded" in seen
    assert f"given by {admin.name}" in seen


def test_national_administrators_find_every_area_or_organisation(fire: Organisation) -> None:
    national = reverse("people_of", args=["national", "uk"])

    area = sign_in(person(Role.SECRETARIAT)).get(national, {"area": "cumbria"})
    organisation = sign_in(person(Role.SYSTEM_ADMIN)).get(national, {"organisation": fire.code})

    assert area.headers["Location"] == reverse("people_of", args=["area", "cumbria"])
    assert organisation.headers["Location"] == page(fire)


# -- sponsorship --------------------
def test_a_sponsored_organisation_is_held_to_what_its_sponsor_allowed(fire: Organisation, admin: User) -> None:
    ResponderTypeFactory(code="voluntary-organisation", category="sponsored", sector="voluntary")
    at = timezone.now()
    end = timezone.localdate() + timedelta(days=365)
    with pytest.raises(SponsorshipError, match="12 months"):
        sponsor(name="Rescue Dogs", sponsor=fire, reason="R", ends_on=end + timedelta(days=1), by=admin, at=at)
    with pytest.raises(PermissionDenied):
        sponsor(name="Rescue Dogs", sponsor=OrganisationFactory(), reason="R", ends_on=end, by=admin, at=at)
    made = sponsor(name="Rescue Dogs", sponsor=fire, reason="R", ends_on=end, most_people=2, by=admin, at=at)
    dogs, system = made.organisation, person(Role.SYSTEM_ADMIN)
    give_role(email="a@dogs.example", role=Role.ORGANISATION_ADMIN, organisation=dogs, by=system, at=at)
    their_admin = User.objects.get(email="a@dogs.example")
    give_role(email="b@dogs.example", role=Role.READER, organisation=dogs, by=their_admin, at=at)
    with pytest.raises(InvitationError, match="for reading only"):
        give_role(email="b@dogs.example", role=Role.CONTRIBUTOR, organisation=dogs, by=their_admin, at=at)
    with pytest.raises(InvitationError, match="2 people at most"):
        give_role(email="c@dogs.example", role=Role.READER, organisation=dogs, by=their_admin, at=at)

    again = sponsor(name="rescue dogs", sponsor=fire, reason="R", ends_on=end, may_write=True, by=admin, at=at)
    assert again.organisation == dogs
    assert Sponsorship.objects.in_force(dogs, at).get() == again
    assert Membership.objects.active().filter(organisation=dogs).count() == 2
    end_sponsorship(sponsorship=again, by=admin, at=at)
    assert Membership.objects.active().filter(organisation=dogs).count() == 0
    assert audited("sponsorship.give") == [admin, admin]


@pytest.mark.parametrize(
    "name",
    [
        "Kеnt Police",
        "Kent\u200b Police",
        "\u202eeciloP tneK",
        "Ｋent Police",
        "Kent-Police.",
        "Kent  Pol1ce",
        "KENT PОLICE",
        "Kënt Police",
    ],
)
def test_nobody_admits_an_organisation_whose_name_looks_like_that_of_another(
    name: str, fire: Organisation, admin: User
) -> None:
    ResponderTypeFactory(code="voluntary-organisation", category="sponsored", sector="voluntary")
    OrganisationFactory(code="kent-police", name="Kent Police")
    at, end = timezone.now(), timezone.localdate() + timedelta(days=30)

    with pytest.raises(SponsorshipError, match=r"looks the same|letters of English or Welsh|in full"):
        sponsor(name=name, sponsor=fire, reason="R", ends_on=end, by=admin, at=at)
    sponsor(name="Tîm Achub Mynydd Dyffryn Ogwen (Bethesda)", sponsor=fire, reason="R", ends_on=end, by=admin, at=at)

    assert not Organisation.objects.filter(name=name).exists()


# -- what time does --------------------
def test_an_account_unused_for_90_days_sleeps_until_an_administrator_wakes_it(fire: Organisation, admin: User) -> None:
    now = timezone.now()
    used, unused, never = (person(Role.READER, fire) for _ in range(3))
    User.objects.update(joined_at=now - timedelta(days=200), last_login=now)
    User.objects.filter(pk=used.pk).update(last_login=now - timedelta(days=89))
    User.objects.filter(pk=unused.pk).update(last_login=now - timedelta(days=91))
    User.objects.filter(pk=never.pk).update(last_login=None)

    assert upkeep.let_sleep(now) == 2
    assert upkeep.let_sleep(now) == 0
    assert set(User.objects.exclude(dormant_at=None)) == {unused, never}
    answer = Client().post("/accounts/login/", {"login": unused.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/inactive/"
    sign_in(admin).post(page(fire, "people_person", unused.pk), {"then": "wake"})
    assert upkeep.let_sleep(now) == 0
    assert sign_in(unused).get("/lessons/").status_code == 200
    assert audited("account.dormant") == [None, None]


def test_what_ends_soon_is_mailed_once_at_30_and_at_7_days(fire: Organisation, admin: User) -> None:
    now, reader = timezone.now(), person(Role.READER, fire)
    Membership.objects.filter(user=reader).update(ends_on=timezone.localdate(now) + timedelta(days=20))
    SponsorshipFactory(sponsor=fire, ends_on=timezone.localdate(now) + timedelta(days=200))

    assert (upkeep.remind(now), upkeep.remind(now)) == (2, 0)
    assert sorted(message.to[0] for message in mail.outbox) == sorted([reader.email, admin.email])
    assert upkeep.remind(now + timedelta(days=14)) == 2


def test_a_role_that_is_vacant_for_ten_days_is_told_of_once(fire: Organisation, admin: User) -> None:
    now = timezone.now()
    lead, spoc = person(Role.JOL_LEAD, fire), person(Role.JOL_SPOC, fire)
    Membership.objects.filter(user__in=[lead, spoc]).update(ended_at=now)
    person(Role.JOL_LEAD, fire)

    assert upkeep.tell_of_vacancies(now + timedelta(days=9)) == 0
    later = now + timedelta(days=11)
    assert (upkeep.tell_of_vacancies(later), upkeep.tell_of_vacancies(later)) == (1, 0)
    assert mail.outbox[-1].to == [admin.email]
    assert "Nobody is JOL SPoC of Cumbria Fire any more" in mail.outbox[-1].body


def _text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split()).replace(" ,", ",")
