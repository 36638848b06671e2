"""In Chromium: pages about mails, mailboxes and the digest of a quarter; a subscription that counts as one chooses."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts.models import Organisation, User
from accounts.roles import Role
from lessons.models import Kind, Status
from notifications.actions.mailboxes import confirmation_url
from notifications.actions.quarters import make_if_due, quarter_of
from notifications.models import QuarterDigest
from tests.browsing import Visitor
from tests.factories import (
    DeliveryFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    SubscriptionFactory,
    person,
)
from tests.test_debriefs_in_a_browser import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def digest() -> QuarterDigest:
    """The digest of this quarter, of two lessons, not approved yet."""
    for title in ("An urgent lesson", "Another lesson"):
        lesson = LessonFactory(status=Status.PUBLISHED, publication=None)
        PublicationFactory(lesson=lesson, published_at=timezone.now(), title=title)
    made = make_if_due(at=quarter_of(timezone.now()).end - timedelta(days=1))
    assert made is not None
    return made


def pages_of_secretariat(digest: QuarterDigest) -> list[str]:
    """Return the pages about mails and digests, each with something on it."""
    DeliveryFactory(state="failed", error="550 5.1.1 no such user", due_at=None)
    DeliveryFactory(state="sent", due_at=None, address="somebody.with.a.very.long.address@organisation.example")
    names = ("mail", "mail_list", "mail_replay", "mail_release", "mail_publications", "mail_schedule", "bounced")
    publication = LessonFactory(status=Status.PUBLISHED).publications.get()
    return [
        *map(reverse, names),
        reverse("mail_publication", args=[publication.pk]),
        reverse("quarters"),
        reverse("quarter", args=[digest.code]),
        reverse("quarter_edit", args=[digest.code]),
    ]


def pages_of_keeper(organisation: Organisation) -> list[str]:
    SubscriptionFactory(organisation=organisation)
    return [
        reverse("mailbox", args=[organisation.code]),
        reverse("mail_of_organisation"),
        urlsplit(confirmation_url(organisation)).path,
        reverse("subscriptions"),
    ]


def faults_on(visitor: Visitor, paths: list[str]) -> list[str]:
    faults: list[str] = []
    for path in paths:
        status = visitor.go(path).status
        faults += faults_of(visitor, path) + ([] if status == 200 else [f"{path} answers {status}"])
    return faults


def test_axe_finds_nothing_on_pages_about_mails_mailboxes_and_digests(
    live_server: Any, browser: Browser, digest: QuarterDigest
) -> None:
    organisation = OrganisationFactory(mailbox="box@service.example")
    people: list[tuple[User, list[str]]] = [
        (person(Role.SECRETARIAT), pages_of_secretariat(digest)),
        (person(Role.JOL_SPOC, organisation), pages_of_keeper(organisation)),
    ]
    for user, paths in people:
        visitor = Visitor(browser, live_server.url).sign_in(user)
        faults = faults_on(visitor, paths)
        assert not faults, "\n".join(faults)
        assert not visitor.complaints


def test_a_subscription_counts_what_it_would_have_brought_while_one_chooses(live_server: Any, browser: Browser) -> None:
    for kind in (Kind.LESSON_IDENTIFIED, Kind.LESSON_IDENTIFIED, Kind.NOTABLE_PRACTICE):
        lesson = LessonFactory(status=Status.PUBLISHED, publication=None, kind=kind)
        PublicationFactory(lesson=lesson, published_at=timezone.now())
    visitor = Visitor(browser, live_server.url).sign_in(person())
    visitor.go(reverse("subscription_new"))
    count = visitor.page.locator("[data-part=count]")
    expect(count).to_have_text(re.compile("brought you 3 lessons"))

    visitor.tick("kinds", Kind.NOTABLE_PRACTICE)
    expect(count).to_have_text(re.compile("brought you 1 lesson"))
    assert not faults_of(visitor, visitor.page.url)

    visitor.fill(words="nothing like this")
    expect(count).to_have_text(re.compile("brought you nothing"))
    assert not visitor.complaints
