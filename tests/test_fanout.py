"""From news to those who hear of it: once per address, with all reasons, and only to those entitled."""

from __future__ import annotations

import pytest

from accounts.models import Organisation
from accounts.roles import Role
from lessons.models import Marking, Publication
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement, Delivery, Notice, Subscription
from tests.factories import (
    NOON,
    AnnouncementFactory,
    OrganisationFactory,
    PublicationFactory,
    SubscriptionFactory,
    person,
)

pytestmark = pytest.mark.django_db


def fan_out(announcement: Announcement, *, size: int = 1000) -> None:
    while fan_out_batch(announcement=announcement, at=NOON, size=size):
        pass


def mailbox_of(address: str, **values: object) -> Organisation:
    return OrganisationFactory(mailbox=address, mailbox_confirmed_at=NOON, **values)


def sensitive() -> Publication:
    return PublicationFactory(marking=Marking.SENSITIVE)


def test_everybody_who_asked_for_it_gets_one_mail() -> None:
    subscriptions = SubscriptionFactory.create_batch(3)
    announcement = AnnouncementFactory()

    fan_out(announcement)

    assert {one.address for one in Delivery.objects.all()} == {one.person.email for one in subscriptions}
    assert {one.kind for one in Delivery.objects.all()} == {"new_lesson"}
    announcement.refresh_from_db()
    assert announcement.fanned_out_at == NOON


def test_several_subscriptions_of_an_address_make_one_notice_with_all_reasons() -> None:
    reader = person()
    by_risk = SubscriptionFactory(person=reader, risks=["surface-water-flooding"])
    by_words = SubscriptionFactory(person=reader, words="rest centres")

    fan_out(AnnouncementFactory())

    (notice,) = Notice.objects.all()
    assert notice.reasons == [
        {"subscription": by_risk.pk, "matched": ["risk:surface-water-flooding"], "words": ""},
        {"subscription": by_words.pk, "matched": [], "words": "rest centres"},
    ]
    assert notice.delivery.address == reader.email


def test_reasons_are_complete_when_subscriptions_lie_in_different_batches() -> None:
    reader = person()
    first = SubscriptionFactory(person=reader)
    SubscriptionFactory.create_batch(4)
    last = SubscriptionFactory(person=reader)

    fan_out(AnnouncementFactory(), size=2)

    (notice,) = Notice.objects.filter(address=reader.email)
    assert [reason["subscription"] for reason in notice.reasons] == [first.pk, last.pk]
    assert Delivery.objects.count() == 5


def test_a_person_and_a_mailbox_with_one_address_get_one_mail() -> None:
    reader = person(email="Control.Room@responder.example")
    organisation = mailbox_of("control.room@RESPONDER.example")
    SubscriptionFactory(person=reader)
    SubscriptionFactory(organisation=organisation)

    fan_out(AnnouncementFactory(), size=1)

    (notice,) = Notice.objects.all()
    assert notice.address == "control.room@responder.example"
    assert notice.person == reader
    assert len(notice.reasons) == 2


def test_the_soonest_frequency_wins_and_the_rest_waits_for_digests() -> None:
    soon, later = person(), person()
    SubscriptionFactory(person=soon, frequency="weekly")
    SubscriptionFactory(person=soon, frequency="at_once")
    SubscriptionFactory(person=later, frequency="monthly")
    SubscriptionFactory(person=later, frequency="daily")
    SubscriptionFactory(frequency="off")

    fan_out(AnnouncementFactory())

    found = {notice.address: (notice.frequency, notice.delivery_id is not None) for notice in Notice.objects.all()}
    assert found == {soon.email: ("at_once", True), later.email: ("daily", False)}
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("asked", "matches"),
    [
        ({}, True),
        ({"kinds": ["lesson_identified"]}, True),
        ({"kinds": ["notable_practice"]}, False),
        ({"risks": ["surface-water-flooding", "drought"]}, True),
        ({"risks": ["drought"]}, False),
        ({"risk_themes": ["natural-and-environmental-hazards"]}, True),
        ({"risks": ["drought"], "risk_themes": ["natural-and-environmental-hazards"]}, True),
        ({"risks": ["drought"], "risk_themes": ["terrorism"]}, False),
        ({"themes": ["communicate"]}, True),
        ({"themes": ["co-locate"]}, False),
        ({"risks": ["surface-water-flooding"], "themes": ["co-locate"]}, False),
        ({"areas": ["cumbria"]}, True),
        ({"areas": ["essex"]}, False),
        ({"sectors": ["fire"]}, True),
        ({"sectors": ["police"]}, False),
        ({"words": "shelter lists"}, True),
        ({"words": "helicopter"}, False),
        ({"words": "helicopter OR shelter"}, True),
    ],
)
def test_lists_must_all_match_and_codes_of_a_list_are_alternatives(asked: dict[str, object], matches: bool) -> None:
    publication = PublicationFactory()
    Publication.objects.filter(pk=publication.pk).update(
        terms=[
            "kind:lesson_identified",
            "risk:surface-water-flooding",
            "risk-theme:natural-and-environmental-hazards",
            "theme:communicate",
            "area:cumbria",
            "sector:fire",
        ]
    )
    SubscriptionFactory(**asked)

    fan_out(AnnouncementFactory(publication=publication))

    assert Notice.objects.exists() is matches


def test_only_those_who_hold_a_key_hear_of_it() -> None:
    insider = person()
    outsider = person()
    area = insider.groups.get().areas.get()
    SubscriptionFactory(person=insider)
    SubscriptionFactory(person=outsider)

    fan_out(AnnouncementFactory(publication__audience="areas", publication__audience_areas=[area.code]))

    assert [notice.address for notice in Notice.objects.all()] == [insider.email]


def test_nothing_sensitive_goes_to_those_who_are_not_cleared() -> None:
    cleared, not_cleared = person(cleared=True), person()
    cleared_mailbox = mailbox_of("cleared@responder.example", mailbox_cleared=True)
    open_mailbox = mailbox_of("open@responder.example")
    for reader in (cleared, not_cleared):
        SubscriptionFactory(person=reader)
    for organisation in (cleared_mailbox, open_mailbox):
        SubscriptionFactory(organisation=organisation)

    fan_out(AnnouncementFactory(publication=sensitive()))

    assert {notice.address for notice in Notice.objects.all()} == {cleared.email, "cleared@responder.example"}


@pytest.mark.parametrize("reader", ["closed account", "ended role", "sysadmin", "unconfirmed mailbox", "ended"])
def test_those_without_access_hear_nothing(reader: str) -> None:
    if reader == "closed account":
        SubscriptionFactory(person=person(is_active=False))
    elif reader == "ended role":
        somebody = person()
        somebody.memberships.update(ends_on="2020-06-01")
        SubscriptionFactory(person=somebody)
    elif reader == "sysadmin":
        SubscriptionFactory(person=person(Role.SYSTEM_ADMIN))
    elif reader == "unconfirmed mailbox":
        SubscriptionFactory(organisation=OrganisationFactory(mailbox="box@responder.example"))
    else:
        SubscriptionFactory(ended_at=NOON)

    fan_out(AnnouncementFactory())

    assert not Notice.objects.exists()


def test_a_fan_out_that_was_cut_off_goes_on_where_it_was() -> None:
    SubscriptionFactory.create_batch(7)
    announcement = AnnouncementFactory()
    fan_out_batch(announcement=announcement, at=NOON, size=3)

    fan_out(announcement, size=3)
    fan_out(announcement, size=3)

    assert Notice.objects.count() == Delivery.objects.count() == 7


def test_a_batch_that_is_done_again_adds_nothing() -> None:
    SubscriptionFactory.create_batch(4)
    announcement = AnnouncementFactory()
    fan_out(announcement)
    Announcement.objects.update(fanned_out_at=None, last_subscription=0)  # as if its commit had been lost

    fan_out(announcement)

    assert Notice.objects.count() == Delivery.objects.count() == 4


def test_an_announcement_that_was_ended_reaches_nobody_more() -> None:
    SubscriptionFactory.create_batch(4)
    announcement = AnnouncementFactory()
    fan_out_batch(announcement=announcement, at=NOON, size=2)
    Announcement.objects.update(ended_at=NOON)

    fan_out(announcement, size=2)

    assert Notice.objects.count() == 2


def test_the_number_of_queries_does_not_grow_with_the_subscriptions(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    SubscriptionFactory.create_batch(20)
    announcement = AnnouncementFactory()

    with django_assert_num_queries(9):  # type: ignore[operator]
        fan_out_batch(announcement=announcement, at=NOON)

    assert Subscription.objects.count() == Delivery.objects.count()
