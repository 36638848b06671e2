"""Payloads in every text that people write, shown on every page: in Chromium nothing runs, loads or leads elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.roles import Role
from lessons.models import Attachment, Comment, Debrief, Lesson, LessonMove, Move, Observation, Status
from lessons.search.counting import count_words
from tests.browsing import Visitor
from tests.factories import (
    NOON,
    CapabilityFactory,
    DeliveryFactory,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    ThemeFactory,
    person,
)
from tests.test_notifications_mails import ALERTS, any_mail

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: What people paste to make a page run, load or show what it should not: each says "boom" where it would.
PAYLOADS = (Path(__file__).parent / "data" / "payloads.txt").read_text(encoding="utf-8").splitlines()
#: Elements that no page of ours has, whatever people write.
FOREIGN = (
    "base, embed, object, iframe, math, marquee, audio, video, template img, img[src=x], [formaction], meta[http-equiv]"
)
LONG_FIELDS = ("context", "what_happened", "impact", "why", "statement", "action_taken")


class Watched(Visitor):
    """Notes what a page does that it should not."""

    def __init__(self, browser: Browser, url: str) -> None:
        super().__init__(browser, url)
        self.effects: list[str] = []
        self.shown = 0
        self.page.add_init_script("window.boom = () => alert('boom')")
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.effects.append(f"{self.page.url}: {error}"))
        self.page.on("request", lambda request: self._request(request.url, url))

    def _dialog(self, dialog: Any) -> None:
        self.effects.append(f"{self.page.url}: a dialog says {dialog.message}")
        dialog.dismiss()

    def _request(self, asked: str, ours: str) -> None:
        if not asked.startswith((ours, "data:", "about:")):
            self.effects.append(f"{self.page.url} asked for {asked}")

    def look_at(self, path: str) -> None:
        status = self.go(path).status
        assert status == 200, (path, status)
        self.examine(path)

    def examine(self, what: str) -> None:
        """Open what is folded, go over everything with the pointer and the keys, and look for foreign elements."""
        self.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        self.page.evaluate(
            """document.querySelectorAll('main *').forEach((one) => {
                one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
                if (one.matches('input, textarea, select, a')) one.dispatchEvent(new FocusEvent('focus'));
            })"""
        )
        found = self.page.evaluate(f"[...document.querySelectorAll('{FOREIGN}')].map((one) => one.outerHTML)")
        found += self.page.evaluate(
            """[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((attribute) =>
                attribute.name.startsWith('on') || /^\\s*(javascript|vbscript|data:text)/i.test(attribute.value)))
                .map((one) => one.outerHTML.slice(0, 200))"""
        )
        self.effects += [f"{what} has {element}" for element in found]
        self.shown += self.page.evaluate("document.documentElement.outerHTML.split('boom').length - 1")


def texts(number: int, part: int = 8) -> str:
    """Return some of the payloads, others for each number."""
    start = number * part % len(PAYLOADS)
    return "\n".join((PAYLOADS * 2)[start : start + part])


def short(number: int) -> str:
    return f"{PAYLOADS[number % len(PAYLOADS)]} shelter"[:110]


def lessons_of(author: Any, moderator: Any, **given: Any) -> list[Lesson]:
    """Return lessons in several states that hold every payload in every field."""
    made = []
    for number, status in enumerate(
        [Status.PUBLISHED] * 5 + [Status.IN_REVIEW, Status.DRAFT, Status.CHANGES_REQUESTED]
    ):
        words = {field: texts(number + place) for place, field in enumerate(LONG_FIELDS)}
        lesson = LessonFactory(
            status=status,
            author=author,
            moderator=moderator,
            at=timezone.now(),
            title=short(number * 7),
            recommendations=[{"text": texts(number), "by_whom": short(number)}],
            contact="team@responder.example",
            **words,
            **given,
        )
        made.append(lesson)
    Comment.objects.create(lesson=made[7], field="statement", text=texts(3), by=moderator, at=timezone.now())
    current = made[0].publications.get()
    made[0].publications.update(superseded_at=NOON)
    PublicationFactory(lesson=made[0], note=texts(5), change="minor", statement=texts(6), published_by=moderator)
    LessonMove.objects.create(
        lesson=made[1],
        move=Move.PUBLISH_AGAIN,
        from_status="published",
        to_status="published",
        by=moderator,
        at=NOON,
        note=texts(4),
        publication=current,
    )
    return made


def test_no_payload_has_an_effect_on_any_page(live_server: Any, browser: Browser) -> None:
    area = ResilienceAreaFactory(code="cumbria", name=short(1))
    owner = OrganisationFactory(code="cumbria-fire", name=short(2), areas=[area])
    spoc = person(Role.JOL_SPOC, owner, name=short(3))
    moderator = person(Role.LRF_MODERATOR, owner, area=area, name=short(4))
    administrator = person(Role.ORGANISATION_ADMIN, owner, name=short(5))
    tags = {
        "themes": [ThemeFactory(code="communicate", name=short(6))],
        "capabilities": [CapabilityFactory(name=short(7))],
    }
    event = EventFactory(organisation=owner, name=short(8), place=short(9), areas=[area])
    lessons = lessons_of(spoc, moderator, organisation=owner, area=area, event=event, **tags)
    published, review, draft = lessons[0], lessons[5], lessons[6]
    Attachment.objects.create(
        lesson=published,
        key="a" * 32,
        name=f"{short(10)}.txt",
        type="txt",
        size=1,
        sha256="0" * 64,
        added_by=spoc,
        added_at=NOON,
        check_at=NOON,
        scan="clean",
        published=True,
        findings=[short(11)],
    )
    debrief = Debrief.objects.create(
        event=event,
        organisation=owner,
        opened_by=spoc,
        opened_at=NOON,
        kind="hot",
        held_on=NOON.date(),
        code="otters",
        closes_at=timezone.now() + timedelta(days=1),
    )
    for number in range(3):
        text, group = texts(number, 20), short(number + 12)[:80]
        Observation.objects.create(debrief=debrief, kind="went_well", text=text, group=group, given_on=NOON.date())
    SubscriptionFactory(person=spoc, words=short(20))
    DeliveryFactory(kind="new_lesson", address=spoc.email, error=short(21))
    count_words()

    pages = {
        spoc: [
            "/",
            "/lessons/",
            "/lessons/?q=shelter",
            f"/lessons/?q={'%3Cscript%3Eboom()%3C/script%3E'}",
            "/risks/",
            "/recurring/",
            "/statistics/",
            "/our-lessons/",
            "/subscriptions/",
            "/debriefs/",
            f"/debriefs/{debrief.pk}/",
            f"/debriefs/{debrief.pk}/share/",
            *(f"/lessons/{lesson.reference}/" for lesson in lessons[:5]),
            f"/lessons/{published.reference}/versions/",
            *(f"/records/{lesson.pk}/" for lesson in lessons),
            f"/records/{draft.pk}/partners/",
            f"/records/{published.pk}/attachments/",
            *(
                f"/submit/{draft.pk}/{step}/"
                for step in ("event", "what-happened", "learning", "about", "sharing", "check")
            ),
            f"/submit/{lessons[7].pk}/learning/",
            "/subscriptions/new/?like=" + str(published.reference),
            "/accounts/access/",
        ],
        moderator: [
            "/review/",
            f"/review/{review.pk}/",
            f"/review/{review.pk}/preview/",
            f"/review/{published.pk}/new-version/",
            f"/review/{review.pk}/merge/?into={published.reference}",
            f"/review/several/?lesson={review.pk}",
            f"/review/{review.pk}/reassign/",
            f"/lessons/{published.reference}/suspend/",
            f"/lessons/{published.reference}/versions/",
        ],
        administrator: [
            "/accounts/people/",
            f"/accounts/people/organisation/{owner.code}/",
            "/mail/bounced/",
            "/mail/organisation/",
        ],
    }
    looked, shown = 0, 0
    effects: list[str] = []
    for user, paths in pages.items():
        visitor = Watched(browser, live_server.url)
        visitor.sign_in(user)
        for path in paths:
            visitor.look_at(path)
        looked += len(paths)
        shown += visitor.shown
        effects += visitor.effects + visitor.complaints
        visitor.context.close()
    print(f"{len(PAYLOADS)} payloads on {looked} pages, shown as text {shown} times")
    assert not effects, "\n".join(effects)
    assert shown > 1000


@pytest.mark.parametrize("kind", ALERTS)
def test_no_payload_has_an_effect_in_a_mail(kind: str, live_server: Any, browser: Browser) -> None:
    visitor = Watched(browser, live_server.url)
    lesson = LessonFactory(
        status=Status.PUBLISHED,
        publication=None,
        title=short(30),
        statement=texts(1, 70),
        event=EventFactory(name=short(31)),
        recommendations=[{"text": texts(2), "by_whom": short(32)}],
    )
    mail = any_mail(kind, PublicationFactory(lesson=lesson, note=texts(3)))

    visitor.page.set_content(mail.html)
    visitor.examine(kind)

    assert not visitor.effects
    assert visitor.shown > 1
