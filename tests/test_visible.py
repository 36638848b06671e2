"""Who sees the authoring record of a lesson, and what they may do to it."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404
from django.test import Client
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson, unshare_lesson
from lessons.actions.writing import save_lesson
from lessons.errors import WrongStatus
from lessons.models import Lesson, LessonGrant, LessonMove, Move, Publication, Status, Tier
from tests.factories import (
    LONG_AGO,
    NOON,
    PASSWORD,
    EventFactory,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db

OWNERS = {"author", "spoc", "lead", "strategic_lead", "partner"}
MODERATORS = {"moderator", "secretariat", "auditor"}
LOCAL = {"reader", "contributor", "training_lead", "organisation_admin", "spoc_of_area", "reader_of_area"}
#: None of these sees any record, whatever they were, will be, or may read when it is published.
NOBODY = {
    "outsider",
    "moderator_elsewhere",
    "former_moderator",
    "future_moderator",
    "former_spoc",
    "board_member",
    "analyst",
    "system_admin",
    "system_admin_of_owner",
    "spoc_of_ended_organisation",
    "spoc_without_sponsor",
    "dormant_spoc",
    "closed_spoc",
    "nobody",
}
#: The table of MODEL, section 3: by state, and by how the state came about.
SEEN_BY: dict[str, set[str]] = {
    "draft": OWNERS,
    "awaiting_sign_off": OWNERS,
    "withdrawn as a draft": OWNERS,
    "withdrawn before sign-off": OWNERS,
    "sent back before sign-off": OWNERS,
    "withdrawn as a reopened draft": OWNERS,
    "submitted": OWNERS | MODERATORS,
    "in_review": OWNERS | MODERATORS,
    "changes_requested": OWNERS | MODERATORS,
    "declined": OWNERS | MODERATORS,
    "declined to stay local": OWNERS | MODERATORS | LOCAL,
    "withdrawn": OWNERS | MODERATORS,
    "published": OWNERS | MODERATORS,
    "suspended": OWNERS | MODERATORS,
    "archived": OWNERS | MODERATORS,
    "merged": OWNERS | MODERATORS,
}
#: What those who see it may do, in any state: the conditions of the state are the workflow's.
MAY: dict[str, set[str]] = {
    "author": {"view", "change", "submit", "withdraw", "share"},
    "spoc": {"view", "change", "submit", "withdraw", "share", "sign_off", "suspend"},
    "lead": {"view", "change", "submit", "withdraw", "share", "sign_off", "suspend"},
    "strategic_lead": {"view", "submit", "withdraw", "share", "sign_off", "suspend"},
    "moderator": {"view", "review", "publish", "suspend", "archive"},
    "secretariat": {"view", "review", "publish", "suspend", "archive", "restore"},
    "auditor": {"view", "suspend"},
}
VERBS = sorted(set().union(*MAY.values()) | {"delete"})


@pytest.fixture
def everybody() -> Callable[[Lesson], dict[str, User]]:
    def build(lesson: Lesson) -> dict[str, User]:
        owner, area = lesson.organisation, lesson.area
        neighbour = OrganisationFactory(areas=[area])
        partner = person(Role.CONTRIBUTOR)
        grant(lesson, partner.memberships.get().organisation)
        today = timezone.localdate()
        people = {
            "author": lesson.author,
            "partner": partner,
            "spoc": person(Role.JOL_SPOC, owner),
            "lead": person(Role.JOL_LEAD, owner),
            "strategic_lead": person(Role.STRATEGIC_LEAD, owner),
            "moderator": person(Role.LRF_MODERATOR, area=area),
            "secretariat": person(Role.SECRETARIAT),
            "auditor": person(Role.AUDITOR),
            "reader": person(Role.READER, owner),
            "contributor": person(Role.CONTRIBUTOR, owner),
            "training_lead": person(Role.TRAINING_LEAD, owner),
            "organisation_admin": person(Role.ORGANISATION_ADMIN, owner),
            "spoc_of_area": person(Role.JOL_SPOC, neighbour),
            "reader_of_area": person(Role.READER, neighbour),
            "outsider": person(Role.READER),
            "moderator_elsewhere": person(Role.LRF_MODERATOR),
            "former_moderator": member(Role.LRF_MODERATOR, area=area, ends_on=today - timedelta(days=1)),
            "future_moderator": member(Role.LRF_MODERATOR, area=area, starts_on=today + timedelta(days=1)),
            "former_spoc": member(Role.JOL_SPOC, organisation=owner, ends_on=today - timedelta(days=1)),
            "board_member": person(Role.BOARD_MEMBER),
            "analyst": person(Role.ANALYST),
            "system_admin": person(Role.SYSTEM_ADMIN),
            "system_admin_of_owner": person(Role.SYSTEM_ADMIN, owner),
            "spoc_of_ended_organisation": person(Role.JOL_SPOC, OrganisationFactory(areas=[area], ended_at=NOON)),
            "spoc_without_sponsor": person(Role.JOL_SPOC, _unsponsored(area)),
            "dormant_spoc": person(Role.JOL_SPOC, owner, dormant_at=NOON),
            "closed_spoc": person(Role.JOL_SPOC, owner, is_active=False),
            "nobody": UserFactory(),
        }
        return {name: User.objects.get(pk=user.pk) for name, user in people.items()}

    return build


def member(role: Role, **membership: object) -> User:
    user = UserFactory()
    MembershipFactory(user=user, role=role, **membership)
    return user


def grant(lesson: Lesson, organisation: Organisation, *, may_write: bool = True) -> None:
    lead = person(Role.JOL_SPOC, lesson.organisation)
    share_lesson(lesson=lesson, organisation=organisation, may_write=may_write, by=lead, at=NOON)


def _unsponsored(area: models.Model) -> Organisation:
    organisation = SponsorshipFactory(starts_on=date(2024, 1, 1)).organisation
    organisation.areas.set([area])
    return organisation


def lesson_that_is(state: str) -> Lesson:
    """Return a lesson in a state, as it came about."""
    if state in set(Status):
        return LessonFactory(status=state)
    if state == "declined to stay local":
        lesson = LessonFactory(status=Status.IN_REVIEW)
        claimer = lesson.claimed_by
        return move_lesson(
            lesson=lesson, move=Move.DECLINE, by=claimer, at=NOON, note="Only here.", reason="stays_local"
        )
    lead_sends_back = state == "sent back before sign-off"
    if lead_sends_back:
        lesson = LessonFactory(status=Status.AWAITING_SIGN_OFF)
        lead = person(Role.JOL_SPOC, lesson.organisation)
        return move_lesson(lesson=lesson, move=Move.ASK_FOR_CHANGES, by=lead, at=NOON, note="Not yet.")
    status = {
        "withdrawn as a draft": Status.DRAFT,
        "withdrawn before sign-off": Status.AWAITING_SIGN_OFF,
        "withdrawn as a reopened draft": Status.WITHDRAWN,
    }[state]
    lesson = LessonFactory(status=status)
    if status == Status.WITHDRAWN:
        lesson = move_lesson(lesson=lesson, move=Move.REOPEN, by=lesson.author, at=NOON)
    return move_lesson(lesson=lesson, move=Move.WITHDRAW, by=lesson.author, at=NOON, note="Not now.")


@pytest.mark.slow
@pytest.mark.parametrize("state", SEEN_BY)
def test_the_record_is_seen_and_acted_on_by_those_of_the_tables_and_hidden_from_all_others(
    state: str, everybody: Callable
) -> None:
    lesson = lesson_that_is(state)
    open_to_owner = lesson.status in {Status.DRAFT, Status.CHANGES_REQUESTED}
    may = MAY | {"partner": {"view", "change"} if open_to_owner else {"view"}}
    people = everybody(lesson)
    assert set(people) == OWNERS | MODERATORS | LOCAL | NOBODY

    seeing = {name for name, user in people.items() if Lesson.objects.visible_to(user).filter(pk=lesson.pk).exists()}

    assert seeing == SEEN_BY[state]
    for name, user in people.items():
        answers = {verb: ask(user, lesson, verb) for verb in VERBS}
        refused = 403 if name in seeing else 404
        allowed = may.get(name, set()) if name in seeing else set()
        assert answers == {verb: 200 if verb in allowed else refused for verb in VERBS}, name


def ask(user: User, lesson: Lesson, verb: str) -> int:
    """Return the status that a page answers which fetches a lesson in order to do something to it."""
    try:
        get_lesson(user=user, pk=lesson.pk, permission=f"lessons.{verb}_lesson")
    except Http404:
        return 404
    except PermissionDenied:
        return 403
    return 200


def test_moderators_of_the_area_see_national_items_too() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED, tier=Tier.NATIONAL)
    moderator = person(Role.LRF_MODERATOR, area=lesson.area)

    assert lesson in Lesson.objects.visible_to(moderator)
    assert lesson not in Lesson.objects.moderated_by(moderator)


def test_a_lesson_of_no_area_is_seen_by_no_area() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED, area=None)

    assert not Lesson.objects.visible_to(person(Role.LRF_MODERATOR)).exists()
    assert lesson in Lesson.objects.visible_to(person(Role.SECRETARIAT))


def test_the_visible_are_listed_once_each() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)
    everything = person(Role.JOL_SPOC, lesson.organisation)
    MembershipFactory(user=everything, organisation=lesson.organisation, role=Role.LRF_MODERATOR, area=lesson.area)
    MembershipFactory(user=everything, role=Role.SECRETARIAT)
    grant(lesson, lesson.organisation)

    assert list(Lesson.objects.visible_to(everything)) == [lesson]


# -- grants --------------------------------------------------------------------------------------------------
def test_a_partner_reads_and_writes_a_draft_until_it_is_let_out_again() -> None:
    lesson = LessonFactory()
    partner = person(Role.CONTRIBUTOR)
    organisation = partner.memberships.get().organisation
    assert ask(partner, lesson, "view") == 404

    share_lesson(lesson=lesson, organisation=organisation, may_write=True, by=lesson.author, at=NOON)
    assert (ask(partner, lesson, "view"), ask(partner, lesson, "change")) == (200, 200)
    save_lesson(lesson=lesson, by=partner, at=NOON, row_version=0, why="Nobody asked.")
    assert partner in lesson.editors.all()

    share_lesson(lesson=lesson, organisation=organisation, may_write=False, by=lesson.author, at=NOON)
    assert (ask(partner, lesson, "view"), ask(partner, lesson, "change")) == (200, 403)

    unshare_lesson(lesson=lesson, organisation=organisation, by=lesson.author, at=NOON)
    assert ask(partner, lesson, "view") == 404
    assert not LessonGrant.objects.exists()


def test_leave_to_write_counts_while_the_owner_may_write() -> None:
    for status in Status:
        lesson = LessonFactory(status=status)
        partner = person(Role.CONTRIBUTOR)
        grant(lesson, partner.memberships.get().organisation)

        may_write = partner.has_perm("lessons.change_lesson", lesson)

        assert may_write == (status in {Status.DRAFT, Status.CHANGES_REQUESTED}), status


def test_a_partner_is_told_that_the_lesson_is_closed_and_not_that_it_is_forbidden() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)
    partner = person(Role.CONTRIBUTOR)
    grant(lesson, partner.memberships.get().organisation)

    with pytest.raises(WrongStatus):
        save_lesson(lesson=lesson, by=partner, at=NOON, row_version=0, why="Nobody asked.")


def test_a_partner_is_let_in_by_author_and_owner_leads_only() -> None:
    lesson = LessonFactory()
    partner = OrganisationFactory()
    for outsider in (person(Role.CONTRIBUTOR, lesson.organisation), person(Role.SECRETARIAT)):
        with pytest.raises(PermissionDenied):
            share_lesson(lesson=lesson, organisation=partner, may_write=False, by=outsider, at=NOON)
        with pytest.raises(PermissionDenied):
            unshare_lesson(lesson=lesson, organisation=partner, by=outsider, at=NOON)

    share_lesson(
        lesson=lesson,
        organisation=partner,
        may_write=False,
        by=person(Role.STRATEGIC_LEAD, lesson.organisation),
        at=NOON,
    )

    assert LessonGrant.objects.get().group == partner


def test_a_grant_never_makes_a_moderator_or_an_owner() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)
    partner = person(Role.CONTRIBUTOR)
    for verb in VERBS:
        assign_perm(f"lessons.{verb}_lesson", partner.memberships.get().organisation, lesson)

    assert {verb for verb in VERBS if partner.has_perm(f"lessons.{verb}_lesson", lesson)} == {"view"}


def test_people_of_an_ended_partner_lose_the_grant() -> None:
    lesson = LessonFactory()
    partner = person(Role.CONTRIBUTOR)
    organisation = partner.memberships.get().organisation
    grant(lesson, organisation)
    Organisation.objects.filter(pk=organisation.pk).update(ended_at=NOON)

    assert ask(User.objects.get(pk=partner.pk), lesson, "view") == 404


def test_questions_about_other_things_are_answered_and_raise_nothing() -> None:
    secretariat = person(Role.SECRETARIAT)
    publication = PublicationFactory()
    subjects = [publication, EventFactory(), UserFactory(), ResilienceAreaFactory(), LessonMove.objects.first(), None]

    for subject in subjects:
        for perm in ("lessons.view_lesson", "lessons.change_lesson", "accounts.manage_people", "auth.add_group", "x.y"):
            assert person(Role.READER).has_perm(perm, subject) is False
            assert secretariat.has_perm(perm, subject) in {True, False}


def test_without_an_object_only_national_roles_are_answered() -> None:
    assert person(Role.SECRETARIAT).has_perm("lessons.review_lesson")
    assert not person(Role.LRF_MODERATOR).has_perm("lessons.review_lesson")
    assert not person(Role.JOL_SPOC).has_perm("lessons.submit_lesson")
    assert not person(Role.CONTRIBUTOR).has_perm("lessons.add_lesson")


# -- nobody is above the table ---------------------------------------------------------------------------------
def test_there_are_no_superusers() -> None:
    lesson = LessonFactory()
    fields = {field.name for field in User._meta.get_fields()}
    assert not fields & {"is_superuser", "user_permissions", "groups"}

    somebody = UserFactory(is_staff=True)
    somebody.is_superuser = True  # what an attacker who reached the object could do

    assert ask(somebody, lesson, "view") == 404
    assert not User.objects.get(pk=somebody.pk).is_superuser
    assert not somebody.has_module_perms("lessons")
    assert not AnonymousUser().has_perm("lessons.view_lesson", lesson)


@pytest.mark.parametrize("how", ["membership", "organisation", "sponsorship", "closed", "dormant"])
def test_access_ends_with_the_next_request(how: str, client: Client) -> None:
    organisation = SponsorshipFactory().organisation
    lead = person(Role.JOL_SPOC, organisation)
    lesson = LessonFactory(organisation=organisation)
    PublicationFactory(lesson=LessonFactory(status=Status.PUBLISHED, organisation=organisation, publication=None))
    client.force_login(lead, backend="accounts.backends.SignInBackend")
    assert ask(lead, lesson, "view") == 200
    assert Publication.objects.readable_by(lead).exists()

    yesterday = timezone.localdate() - timedelta(days=1)
    {
        "membership": lambda: Membership.objects.filter(user=lead).update(ends_on=yesterday),
        "organisation": lambda: Organisation.objects.filter(pk=organisation.pk).update(ended_at=NOON),
        "sponsorship": lambda: organisation.sponsorships.update(ends_on=yesterday),
        "closed": lambda: User.objects.filter(pk=lead.pk).update(is_active=False),
        "dormant": lambda: User.objects.filter(pk=lead.pk).update(dormant_at=NOON),
    }[how]()

    later = User.objects.get(pk=lead.pk)
    assert ask(later, lesson, "view") == 404
    assert not Publication.objects.readable_by(later).exists()
    assert later.keys == []
    assert not any(later.has_perm(f"lessons.{verb}_lesson", lesson) for verb in VERBS)
    with pytest.raises(PermissionDenied):
        move_lesson(lesson=lesson, move=Move.SUBMIT, by=later, at=NOON)


@pytest.mark.parametrize("state", [{"is_active": False}, {"dormant_at": NOON}])
def test_a_closed_or_dormant_account_cannot_sign_in(state: dict, client: Client) -> None:
    somebody = person(Role.READER)
    assert authenticate(None, email=somebody.email, password=PASSWORD) == somebody

    User.objects.filter(pk=somebody.pk).update(**state)

    assert authenticate(None, email=somebody.email, password=PASSWORD) is None


def test_a_membership_counts_on_its_first_and_on_its_last_day() -> None:
    today = timezone.localdate()
    for first, last, counts in (
        (today, today, True),
        (LONG_AGO, today, True),
        (today, None, True),
        (today + timedelta(days=1), None, False),
        (LONG_AGO, today - timedelta(days=1), False),
    ):
        somebody = member(Role.SECRETARIAT, starts_on=first, ends_on=last)

        assert somebody.has_role(Role.SECRETARIAT) is counts
        assert ("national" in somebody.keys) is counts
