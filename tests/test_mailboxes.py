"""An organisation's mailbox: confirmed by a link sent to it, and sent nothing else before that."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Organisation
from accounts.roles import Role
from notifications.actions.mailboxes import LINK_LASTS, MOST_QUESTIONS_A_DAY, confirmation_url
from notifications.models import Delivery, Subscription
from notifications.sending.checks import look
from tests.factories import (
    NOON,
    AnnouncementFactory,
    DeliveryFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    person,
)
from tests.test_fanout import fan_out
from tests.test_notifications_mails import Words, written
from tests.test_subscriptions import signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "Lessons@Service.example"


def change(organisation: Organisation, address: str, role: Role = Role.JOL_SPOC) -> str:
    """Let somebody who looks after the mailbox enter an address; return the page after that."""
    keeper = person(role, organisation)
    page = signed_in(keeper).post(f"/subscriptions/mailbox/{organisation.code}/", {"address": address}, follow=True)
    organisation.refresh_from_db()
    return page.content.decode()


def path_of(organisation: Organisation) -> str:
    return urlsplit(confirmation_url(organisation)).path


def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def test_a_new_mailbox_gets_nothing_but_the_question_until_it_says_yes() -> None:
    organisation = OrganisationFactory(areas=[ResilienceAreaFactory(code="cumbria")], type__sector="fire")
    page = change(organisation, ADDRESS)
    SubscriptionFactory(organisation=organisation)
    fan_out(AnnouncementFactory())
    news = DeliveryFactory(kind="mailbox_unsubscribed", address=ADDRESS.lower(), organisation=organisation)

    assert "is not confirmed yet" in page
    question = Delivery.objects.exclude(pk=news.pk).get()
    assert (question.kind, question.address) == ("mailbox_confirmation", "lessons@service.example")
    assert look([news])[news.pk].reason
    mail = written(question)
    (link,) = [one for one in Words(mail.html).links if "/mailbox/" in one]
    assert link in mail.text

    for _ in range(2):  # link scanners come before people
        assert "Confirm this mailbox?" in stranger().get(urlsplit(link).path).content.decode()
    assert Organisation.objects.get(pk=organisation.pk).mailbox_confirmed_at is None

    answer = stranger().post(urlsplit(link).path)
    assert "is confirmed" in answer.content.decode()
    assert not answer.cookies
    stranger().post(urlsplit(link).path)
    assert Organisation.objects.get(pk=organisation.pk).mailbox_confirmed_at is not None
    assert not look([news])[news.pk].reason
    assert AuditEvent.objects.filter(action="mailbox.confirm").count() == 1


def test_an_organisation_begins_with_its_sector_and_its_areas_weekly_and_only_once() -> None:
    organisation = OrganisationFactory(areas=[ResilienceAreaFactory(code="cumbria")], type__sector="fire")
    change(organisation, ADDRESS)
    stranger().post(path_of(organisation))

    asked = [(one.frequency, one.sectors, one.areas) for one in Subscription.objects.order_by("pk")]
    assert asked == [("weekly", ["fire"], []), ("weekly", [], ["cumbria"])]

    Subscription.objects.update(ended_at=NOON)
    change(organisation, "other@service.example")
    stranger().post(path_of(organisation))
    assert not Subscription.objects.current().exists(), "who deleted them does not want them"

    keeper = person(Role.ORGANISATION_ADMIN, organisation)
    for _ in range(2):
        signed_in(keeper).post(f"/subscriptions/mailbox/{organisation.code}/usual/")
    assert Subscription.objects.current().count() == 2


def test_another_address_asks_again_and_what_waits_for_the_old_one_is_not_sent() -> None:
    organisation = OrganisationFactory(mailbox="old@service.example", mailbox_confirmed_at=NOON, mailbox_cleared=True)
    old_link = path_of(organisation)
    SubscriptionFactory(organisation=organisation)
    fan_out(AnnouncementFactory())
    waiting = Delivery.objects.get()

    change(organisation, ADDRESS)

    assert (organisation.mailbox_confirmed_at, organisation.mailbox_cleared) == (None, False)
    assert look([waiting])[waiting.pk].reason
    assert stranger().post(old_link).status_code == 404
    # Back to the old address: that it was confirmed once does not count.
    change(organisation, "old@service.example")
    assert organisation.mailbox_confirmed_at is None
    assert look([waiting])[waiting.pk].reason


@pytest.mark.parametrize("broken", ["too old", "other organisation", "changed", "no number"])
def test_a_link_that_is_not_ours_or_too_old_confirms_nothing(broken: str) -> None:
    organisation = OrganisationFactory(mailbox=ADDRESS)
    with time_machine.travel(timezone.now() - LINK_LASTS + timedelta(minutes=1), tick=False):
        path = path_of(organisation)
    other = path_of(OrganisationFactory(mailbox="b@b.example"))
    bad = {
        "too old": path,
        "other organisation": f"/mailbox/{organisation.pk}:{other.partition(':')[2]}",
        "changed": f"{path[:-3]}{'AA' if path[-3:-1] != 'AA' else 'BB'}/",
        "no number": "/mailbox/\u0661:a:b/",
    }[broken]

    with time_machine.travel(timezone.now() + timedelta(minutes=2 if broken == "too old" else 0), tick=False):
        assert stranger().get(bad).status_code == 404
        assert stranger().post(bad).status_code == 404

    organisation.refresh_from_db()
    assert organisation.mailbox_confirmed_at is None
    assert stranger().post(path).status_code == 200, "the right one works, until then"


@pytest.mark.usefixtures("still_clock")
def test_a_mailbox_is_asked_a_few_times_a_day_at_most() -> None:
    organisation = OrganisationFactory()
    for number in range(MOST_QUESTIONS_A_DAY):
        change(organisation, f"somebody-{number}@elsewhere.example")

    page = change(organisation, "one-too-many@elsewhere.example")

    assert "Try again tomorrow" in page
    assert organisation.mailbox == f"somebody-{MOST_QUESTIONS_A_DAY - 1}@elsewhere.example"
    assert Delivery.objects.count() == MOST_QUESTIONS_A_DAY


def test_only_an_administrator_clears_the_mailbox_for_sensitive_lessons() -> None:
    organisation = OrganisationFactory(mailbox=ADDRESS, mailbox_confirmed_at=NOON)
    wanted = {"address": ADDRESS, "is_cleared": "on"}
    path = f"/subscriptions/mailbox/{organisation.code}/"

    signed_in(person(Role.JOL_SPOC, organisation)).post(path, wanted)
    organisation.refresh_from_db()
    assert not organisation.mailbox_cleared

    signed_in(person(Role.ORGANISATION_ADMIN, organisation)).post(path, wanted)
    organisation.refresh_from_db()
    assert organisation.mailbox_cleared
    assert organisation.mailbox_confirmed_at == NOON
