"""Organisations and areas that merge: readers, owners and subscribers keep what they had, history its words."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.merging import MergeError, merge_areas, merge_organisations
from accounts.models import AuditEvent, Membership, Organisation, ResilienceArea, User
from accounts.roles import Role
from lessons.models import Lesson, LessonMove, Publication, Status
from notifications.models import Subscription
from tests.factories import (
    PASSWORD,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    SubscriptionFactory,
    person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretariat() -> User:
    return person(Role.SECRETARIAT)


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def readable(user: User) -> set[str | None]:
    return {one.reference for one in Publication.objects.readable_by(again(user)).select_related("lesson")}


def test_people_lessons_and_subscriptions_of_an_organisation_go_with_it(secretariat: User) -> None:
    north, south = ResilienceAreaFactory(code="north"), ResilienceAreaFactory(code="south")
    old, new = OrganisationFactory(code="old", areas=[north]), OrganisationFactory(code="new", areas=[south])
    old.mailbox, old.mailbox_confirmed_at = "old@responder.example", timezone.now()
    old.save()
    author, spoc, both = person(Role.CONTRIBUTOR, old), person(Role.JOL_SPOC, old), person(Role.READER, old)
    MembershipFactory(user=both, organisation=new, role=Role.READER)
    sensitive = {"marking": "official_sensitive", "audience": "national_team", "attribution": "organisation"}
    lesson = LessonFactory(status=Status.PUBLISHED, author=author, organisation=old, external_id="7", **sensitive)
    theirs = LessonFactory(status=Status.DRAFT, organisation=new, external_id="7")
    own = SubscriptionFactory(person=author)
    mailbox = SubscriptionFactory(organisation=old)
    moves = list(LessonMove.objects.values_list("pk", "snapshot"))
    before = {user.pk: readable(user) for user in (author, spoc)}

    merge_organisations(source=old, target=new, by=secretariat, at=timezone.now())

    assert before == {author.pk: {lesson.reference}, spoc.pk: {lesson.reference}}
    assert {user.pk: readable(user) for user in (author, spoc)} == before
    assert again(spoc).has_perm("lessons.suspend_lesson", Lesson.objects.get(pk=lesson.pk))
    text = Publication.objects.get(lesson=lesson)
    assert "organisation:new" in text.terms
    assert f"author:{author.pk}@new" in text.readers
    assert not [key for key in [*text.terms, *text.readers] if key.endswith((":old", "@old"))]
    assert text.attributed_to == "Old", "what was published keeps its words"
    assert list(LessonMove.objects.values_list("pk", "snapshot")) == moves
    assert set(Lesson.objects.values_list("organisation__code", "external_id")) == {("new", "7"), ("new", "old:7")}
    assert theirs.organisation == new
    assert {one.pk: one.organisation_id for one in Subscription.objects.all()} == {own.pk: None, mailbox.pk: new.pk}
    merged = Organisation.objects.get(pk=old.pk)
    assert (merged.merged_into, merged.ended_at is not None) == (new, True)
    assert Organisation.objects.get(pk=new.pk).mailbox == "old@responder.example"
    assert set(new.areas.all()) == {north, south}
    assert Membership.objects.active().filter(organisation=old).count() == 0
    assert Membership.objects.active().filter(organisation=new, user=both).count() == 1
    assert Membership.objects.filter(organisation=old).count() == 3, "history stays"
    assert AuditEvent.objects.get(action="organisation.merge").actor == secretariat


def test_lessons_that_both_counted_alike_keep_ids_of_their_own_however_long(secretariat: User) -> None:
    old, new = OrganisationFactory(code="old"), OrganisationFactory(code="new")
    for organisation in (old, new):
        for number in range(2):
            LessonFactory(status=Status.DRAFT, organisation=organisation, external_id=f"{'7' * 98}-{number}")

    merge_organisations(source=old, target=new, by=secretariat, at=timezone.now())

    assert Lesson.objects.filter(organisation=new).values("external_id").distinct().count() == 4


def test_readers_moderators_and_subscribers_of_an_area_go_with_it(secretariat: User) -> None:
    old, new, far = (ResilienceAreaFactory(code=code) for code in ("old", "new", "far"))
    reader, moderator = person(Role.READER, area=old), person(Role.LRF_MODERATOR, area=old)
    here, stranger = person(Role.READER, area=new), person(Role.READER, area=far)
    for_old = {"audience": "areas", "audience_areas": ["old"], "attribution": "area"}
    lesson = LessonFactory(status=Status.PUBLISHED, area=old, **for_old)
    draft = LessonFactory(status=Status.DRAFT, area=old, audience="areas", audience_areas=["old", "new"])
    subscriptions = [SubscriptionFactory(areas=areas) for areas in (["old"], ["new", "old"], ["far"])]
    assert readable(reader) == {lesson.reference}

    merge_areas(source=old, target=new, by=secretariat, at=timezone.now())

    assert readable(reader) == readable(here) == readable(moderator) == {lesson.reference}
    assert readable(stranger) == set()
    lesson.refresh_from_db()
    assert (lesson.area, again(moderator).moderated_areas) == (new, [new.pk])
    assert again(moderator).has_perm("lessons.publish_lesson", lesson)
    text = Publication.objects.get(lesson=lesson)
    assert "area:new" in text.terms
    assert "area:old" not in text.terms
    assert (text.audience_areas, text.attributed_to) == (["old"], "Old")
    draft.refresh_from_db()
    assert draft.audience_areas == ["new"]
    for subscription in subscriptions:
        subscription.refresh_from_db()
    assert [one.areas for one in subscriptions] == [["new"], ["new"], ["far"]]
    assert ResilienceArea.objects.get(code="old").merged_into_id == new.pk
    assert Organisation.objects.filter(areas__code="old").count() == 0


def test_a_sponsorship_that_went_to_an_organisation_of_another_category_can_be_ended(secretariat: User) -> None:
    old, new = OrganisationFactory(), OrganisationFactory(type__code="category-2", type__category="2")
    given = SponsorshipFactory(sponsor=old)
    admin = person(Role.ORGANISATION_ADMIN, new)

    merge_organisations(source=old, target=new, by=secretariat, at=timezone.now())

    client = Client()
    for user in (secretariat, admin):
        client.force_login(user, backend="accounts.backends.SignInBackend")
        assert given.organisation.name in client.get("/accounts/sponsorships/").text
    assert client.post(f"/accounts/sponsorships/{given.pk}/end/").status_code == 302
    given.refresh_from_db()
    assert given.ended_at


def test_what_cannot_be_merged_is_refused(secretariat: User) -> None:
    one, other, ended = OrganisationFactory(), OrganisationFactory(), OrganisationFactory(ended_at=timezone.now())
    sponsored, at = SponsorshipFactory().organisation, timezone.now()
    for source, target in ((one, one), (one, ended), (ended, one), (sponsored, one)):
        with pytest.raises(MergeError):
            merge_organisations(source=source, target=target, by=secretariat, at=at)
    area = ResilienceAreaFactory()
    with pytest.raises(MergeError):
        merge_areas(source=area, target=area, by=secretariat, at=at)
    for role in set(Role) - {Role.SECRETARIAT}:
        with pytest.raises(PermissionDenied):
            merge_organisations(source=one, target=other, by=person(role), at=at)


def test_the_page_merges_once_it_is_confirmed(secretariat: User) -> None:
    OrganisationFactory(code="old", name="Old Fire"), OrganisationFactory(code="new", name="New Fire")
    client = Client()
    client.force_login(secretariat)
    chosen = {"source": "old", "target": "new"}
    assert client.post("/accounts/merge/organisations/", chosen).headers["Location"].startswith("/accounts/reauth")
    client = Client()
    client.post("/accounts/login/", {"login": secretariat.email, "password": PASSWORD})
    assert "Tick that you know this" in client.post("/accounts/merge/organisations/", chosen).content.decode()
    page = client.post("/accounts/merge/organisations/", chosen | {"is_sure": "on"}, follow=True).content.decode()

    assert "Old Fire has gone into New Fire" in page
    assert Organisation.objects.get(code="old").ended_at
    assert 'value="old"' not in page
