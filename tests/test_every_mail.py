"""Every kind of mail that the product sends, as a server would receive it.

Each is drawn of a lesson with very long words, and of an OFFICIAL-SENSITIVE one all of whose words are a canary.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse
from playwright.sync_api import Browser

from accounts.models import AuditEvent
from accounts.roles import Role
from lessons.models import Marking, Publication, Status
from notifications import actions
from notifications.backend import content_from
from notifications.bounces import counting
from notifications.emails import ENTRIES, SUBSCRIPTION_MAILS
from notifications.left_register import tell_holders
from notifications.models import Delivery, DeliveryKind, Notice, QuarterDigest, Subscription
from notifications.use import Use
from tests.factories import (
    NOON,
    AnnouncementFactory,
    DeliveryFactory,
    EventFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    PublicationFactory,
    SubscriptionFactory,
    person,
)
from tests.scripted_smtp import Received
from tests.test_digests import announce
from tests.test_fanout import fan_out
from tests.test_notifications_mails import ALERTS, CANARY, Words, any_mail, written
from tests.test_quarters import QUARTER, run_quarter

#: To many: the list headers stand on them.
TO_MANY = {*ALERTS, "digest", "lesson_used"}
LONG = "A long sentence about rest centres, generators & <people> who waited. " * 80


def worst(**values: Any) -> Publication:
    lesson = LessonFactory(status=Status.PUBLISHED, publication=None, title="T" * 120, statement=LONG, **values)
    return PublicationFactory(lesson=lesson, note=LONG, event_name="E" * 150)


def secret() -> Publication:
    said = f"{CANARY} of ten letters"
    risk = NationalRiskFactory(code="canary", name=f"{CANARY} risk", theme_code="flood", theme="Flooding")
    lesson = LessonFactory(
        status=Status.PUBLISHED,
        publication=None,
        marking=Marking.SENSITIVE,
        title=said,
        what_happened=said,
        statement=said,
        handling=said,
        risks=[risk],
        event=EventFactory(name=said),
        recommendations=[{"text": said, "by_whom": said}],
    )
    return PublicationFactory(lesson=lesson, note=said, event_name=said)


def quarterly(publication: Publication) -> Received:
    """A digest of a quarter with words of the Secretariat, what it chose, and more of one's own than is listed."""
    reader = person(cleared=True)
    SubscriptionFactory(person=reader, frequency="quarterly")
    own = announce(publication)
    notice = Notice.objects.get(announcement=own)
    for _ in range(54):
        other = AnnouncementFactory(
            publication=PublicationFactory(
                lesson=LessonFactory(
                    status=Status.PUBLISHED,
                    publication=None,
                    history=False,
                    statement=publication.statement,
                    marking=publication.marking,
                    title=publication.title,
                    organisation=publication.lesson.organisation,
                )
            )
        )
        Notice.objects.create(
            announcement=other, address=notice.address, person=reader, frequency="quarterly", reasons=notice.reasons
        )
    QuarterDigest.objects.create(
        period_start=QUARTER.start,
        period_end=QUARTER.end,
        made_at=NOON,
        words="Dear all,\n\n" + "These are the words of the Secretariat. " * 120,
        chosen=[publication.lesson_id],
        approved_at=NOON,
        approved_by=person(Role.SECRETARIAT),
    )
    return written(run_quarter()[reader.email])


def used(publication: Publication) -> Received:
    author = publication.lesson.author
    uses = [asdict(Use(publication.lesson_id, opened=3, again=1, merged=1, downloaded=2))]
    row = DeliveryFactory(
        kind="lesson_used", person=author, address=author.email, body={"month": "June 2026", "uses": uses}
    )
    return written(row)


def asked_mailbox(publication: Publication) -> Received:
    organisation = OrganisationFactory()
    keeper = person(Role.JOL_SPOC, organisation)
    actions.change_mailbox(organisation=organisation, address="box@service.example", by=keeper, at=NOON)
    return written(Delivery.objects.get(kind="mailbox_confirmation"))


def unsubscribed_mailbox(publication: Publication) -> Received:
    organisation = OrganisationFactory(mailbox="box@service.example", mailbox_confirmed_at=NOON, mailbox_cleared=True)
    person(Role.JOL_SPOC, organisation)
    SubscriptionFactory(organisation=organisation)
    news = AnnouncementFactory(publication=publication)
    fan_out(news)
    actions.unsubscribe(mail=Delivery.objects.get(announcement=news), at=NOON)
    return written(Delivery.objects.get(kind="mailbox_unsubscribed"))


def bouncing(publication: Publication) -> Received:
    keeper = person(Role.ORGANISATION_ADMIN)
    counting._tell([keeper], NOON)
    return written(Delivery.objects.get(kind="address_bounces"))


def risk_that_left(publication: Publication) -> Received:
    for edition, code, name in (("2025", "volcano", "Volcanic eruption"), ("2026", "drought", "Drought")):
        NationalRiskFactory(edition=edition, code=code, name=name)
    SubscriptionFactory(risks=["volcano"])
    tell_holders(edition="2026", codes={"volcano"}, at=NOON)
    return written(Delivery.objects.get(kind="risk_left"))


def forgotten_password(publication: Publication) -> Received:
    link = f"http://testserver{reverse('account_reset_password')}"
    return written(DeliveryFactory(body=content_from("Set a password", f"Use this link:\n\n{link}")))


OTHERS: dict[str, Callable[[Publication], Received]] = {
    "address_bounces": bouncing,
    "digest": quarterly,
    "lesson_used": used,
    "mailbox_confirmation": asked_mailbox,
    "mailbox_unsubscribed": unsubscribed_mailbox,
    "risk_left": risk_that_left,
    "transactional": forgotten_password,
}
#: These say nothing about a lesson.
ABOUT_NO_LESSON = {*OTHERS} - {"digest", "lesson_used"}


def mail_about(kind: str, publication: Publication) -> Received:
    return any_mail(kind, publication) if kind in ENTRIES else OTHERS[kind](publication)


def test_every_kind_is_tested() -> None:
    assert {*ENTRIES, *OTHERS} == set(DeliveryKind.values)


def with_digests_slow(kinds: Iterable[str]) -> list[Any]:
    return [pytest.param(kind, marks=pytest.mark.slow) if kind == "digest" else kind for kind in sorted(kinds)]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", with_digests_slow(DeliveryKind.values))
def test_the_bytes_of_a_mail(kind: str) -> None:
    publication = worst()
    mail = mail_about(kind, publication)

    headers_and_lines(kind, mail)
    one_click(kind, mail)
    both_parts_say_the_same(mail)
    loads_nothing_and_links_to_us(mail)
    if kind not in ABOUT_NO_LESSON:
        assert publication.reference in mail.text


@pytest.mark.django_db
@pytest.mark.parametrize("kind", with_digests_slow(OTHERS))  # the others: tests/test_notifications_mails.py
def test_nothing_of_what_is_protected_is_in_it(kind: str) -> None:
    mail = mail_about(kind, secret())

    assert CANARY.lower() not in (mail.text + mail.html + mail.message["Subject"]).lower()
    assert kind in ABOUT_NO_LESSON or mail.message["Subject"].startswith("[OFFICIAL-SENSITIVE] ")


def headers_and_lines(kind: str, mail: Received) -> None:
    message = mail.message
    assert [message["To"]] == mail.recipients
    assert message["From"].endswith("<no-reply@example.org>")
    assert kind in ABOUT_NO_LESSON or message["Subject"].startswith("[OFFICIAL] ")
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.org>", message["Message-ID"])
    assert message["Date"].datetime.tzinfo is not None
    assert (message["Precedence"] == "bulk") is (kind in TO_MANY)
    assert ("List-Id" in message) is (kind in TO_MANY)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert not list(message.iter_attachments())
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    assert not re.search(rb"(?m)^\.", mail.content)
    assert len(mail.content) < 100_000
    assert not message.defects


def one_click(kind: str, mail: Received) -> None:
    if kind not in SUBSCRIPTION_MAILS:
        assert "List-Unsubscribe" not in mail.message
        assert "/unsubscribe/" not in mail.text
        return
    token = Delivery.objects.get(kind=kind).token
    address = f"http://testserver/unsubscribe/{token}/"
    assert mail.message["List-Unsubscribe"] == f"<{address}>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in mail.text
    assert address in Words(mail.html).links


def both_parts_say_the_same(mail: Received) -> None:
    """Every word and address of the text stands in the HTML part, and the other way round."""
    page = Words(mail.html)
    in_html = set(_words(page.text)) | {word for link in page.links for word in _words(link)}
    in_text = set(_words(mail.text))
    assert in_text <= in_html, in_text - in_html
    assert set(_words(page.text)) <= in_text, set(_words(page.text)) - in_text


def _words(text: str) -> list[str]:
    return re.findall(r"[\w/@][\w/@-]+", text)


def loads_nothing_and_links_to_us(mail: Received) -> None:
    page = Words(mail.html)
    assert page.loaded == []
    assert not page.tags & {"img", "script", "link", "iframe", "form", "style"}
    before = (AuditEvent.objects.count(), Subscription.objects.current().count())
    for link in {*page.links, *re.findall(r"https?://\S+", mail.text)}:
        assert link.startswith("http://testserver")
        path, _, query = (link.removeprefix("http://testserver") or "/").partition("?")
        assert re.fullmatch(r"(since=[0-9-]{10})?", query), "no secret in the query"
        resolve(path)
        assert Client().get(path).status_code in {200, 302}, path
    # Link scanners follow them all.
    assert before == (AuditEvent.objects.count(), Subscription.objects.current().count())


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_mail_fits_a_phone(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    for kind in sorted(DeliveryKind.values):
        with transaction.atomic():
            mail = mail_about(kind, worst())
            transaction.set_rollback(True)
        page.set_content(mail.html)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320, kind
        if folder := os.environ.get("PICTURES"):  # for people to look at
            page.screenshot(path=f"{folder}/mail-{kind}.png", full_page=True)
