"""One click in a mail (RFC 8058): without a session, once or often, for what is not sent yet, and undone if wanted."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from accounts.models import Organisation
from accounts.roles import Role
from notifications.models import Delivery, Notice, Subscription
from notifications.sending import lanes
from notifications.sending.checks import look
from tests.factories import NOON, AnnouncementFactory, DeliveryFactory, OrganisationFactory, SubscriptionFactory, person
from tests.test_fanout import fan_out

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def mail_for(*subscriptions: Subscription) -> Delivery:
    fan_out(AnnouncementFactory())
    return Notice.objects.filter(reasons__contains=[{"subscription": subscriptions[0].pk}]).get().delivery


def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def test_one_click_ends_every_subscription_named_in_the_mail_and_no_other() -> None:
    reader = person()
    named = [SubscriptionFactory(person=reader), SubscriptionFactory(person=reader, words="rest centres")]
    unnamed = SubscriptionFactory(person=reader, words="helicopter")
    of_another = SubscriptionFactory()
    mail = mail_for(*named)

    answer = stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK)

    assert answer.status_code == 200
    assert not answer.cookies
    on = set(Subscription.objects.current().values_list("pk", flat=True))
    assert on == {unnamed.pk, of_another.pk}


def test_a_get_changes_nothing_and_shows_a_button() -> None:
    subscription = SubscriptionFactory()
    mail = mail_for(subscription)

    answer = stranger().get(f"/unsubscribe/{mail.token}/")

    assert "Stop these emails" in answer.content.decode()
    assert not answer.cookies
    subscription.refresh_from_db()
    assert subscription.ended_at is None


def test_a_second_click_changes_nothing() -> None:
    subscription = SubscriptionFactory()
    mail = mail_for(subscription)
    stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK)
    subscription.refresh_from_db()
    before = subscription.ended_at

    assert stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK).status_code == 200

    subscription.refresh_from_db()
    assert subscription.ended_at == before


def test_it_counts_for_mails_that_are_not_sent_yet() -> None:
    subscription = SubscriptionFactory()
    mail = mail_for(subscription)
    fan_out(AnnouncementFactory())
    waiting = Delivery.objects.exclude(pk=mail.pk).get()

    stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK)

    assert look([waiting])[waiting.pk].reason
    fan_out(AnnouncementFactory())
    assert Delivery.objects.count() == 2


def test_the_page_undoes_it_and_only_what_it_ended() -> None:
    reader = person()
    named, ended_before = SubscriptionFactory(person=reader), SubscriptionFactory(person=reader)
    mail = mail_for(named)
    Subscription.objects.filter(pk=ended_before.pk).update(ended_at=NOON)
    page = stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK).content.decode()
    assert f"/unsubscribe/{mail.token}/undo/" in page

    answer = stranger().post(f"/unsubscribe/{mail.token}/undo/")

    assert "go on" in answer.content.decode()
    assert Subscription.objects.current().get().pk == named.pk


def test_who_reads_a_former_mailbox_cannot_undo_for_the_present_one() -> None:
    organisation = OrganisationFactory(mailbox="lessons@service.example", mailbox_confirmed_at=NOON)
    mail = mail_for(SubscriptionFactory(organisation=organisation))
    stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK)
    Organisation.objects.update(mailbox="another@service.example")

    stranger().post(f"/unsubscribe/{mail.token}/undo/")

    assert not Subscription.objects.current().exists()


def test_those_who_look_after_a_mailbox_are_told() -> None:
    organisation = OrganisationFactory(mailbox="lessons@service.example", mailbox_confirmed_at=NOON)
    spoc, admin = person(Role.JOL_SPOC, organisation), person(Role.ORGANISATION_ADMIN, organisation)
    person(Role.READER, organisation)
    person(Role.JOL_SPOC)
    mail = mail_for(SubscriptionFactory(organisation=organisation))

    stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK)

    told = Delivery.objects.filter(kind="mailbox_unsubscribed")
    assert {one.address for one in told} == {spoc.email, admin.email}
    assert all(str(organisation.name) in str(one.body) for one in told)


def test_unknown_tokens_and_mails_without_a_subscription_are_not_there() -> None:
    sign_in = DeliveryFactory()

    for token in (uuid.uuid4(), sign_in.token):
        assert stranger().get(f"/unsubscribe/{token}/").status_code == 404
        assert stranger().post(f"/unsubscribe/{token}/", ONE_CLICK).status_code == 404
        assert stranger().post(f"/unsubscribe/{token}/undo/").status_code == 404


def test_it_works_long_after_the_mail_was_sent_and_its_subscription_changed() -> None:
    subscription = SubscriptionFactory()
    mail = mail_for(subscription)
    lanes.prepare_lanes()
    lane = lanes.take_lane(at=NOON)
    lane.settle([one.pk for one in lane.claim(size=9, at=NOON)], at=NOON)
    Subscription.objects.update(risks=["drought"])

    stranger().post(f"/unsubscribe/{mail.token}/", ONE_CLICK)

    assert not Subscription.objects.current().exists()
