"""The main job with a keyboard alone, and on paper."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from accounts.models import AuditEvent, User
from accounts.records.holds import hold
from accounts.roles import Role
from lessons.actions.foi import consult, open_request
from lessons.models import Lesson, Marking, Status
from tests.browsing import Visitor
from tests.factories import (
    CapabilityFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SENSITIVE = "OFFICIAL-SENSITIVE"


class World:
    """People of one area, and a lesson in every state they meet."""

    def __init__(self) -> None:
        area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
        force = OrganisationFactory(code="cumbria-constabulary", areas=[area])
        NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
        ThemeFactory(code="communicate", name="Communicate")
        CapabilityFactory()
        self.contributor = person(Role.CONTRIBUTOR, force)
        self.moderator = person(Role.LRF_MODERATOR, OrganisationFactory(areas=[area]), area)
        own: dict[str, Any] = {"organisation": force, "area": area, "author": self.contributor}
        self.draft = LessonFactory(status=Status.DRAFT, **own)
        self.waiting = LessonFactory(status=Status.SUBMITTED, **own)
        self.claimed = LessonFactory(status=Status.IN_REVIEW, claimed_by=self.moderator, **own)
        self.published = LessonFactory(status=Status.PUBLISHED, **own)
        self.sensitive = LessonFactory(
            status=Status.PUBLISHED, marking=Marking.SENSITIVE, handling="Commanders only", **own
        )
        self.declined = LessonFactory(status=Status.DECLINED, moderator=self.moderator, **own)
        self.suspended = LessonFactory(status=Status.SUSPENDED, **own)
        self.secretariat = person(Role.SECRETARIAT)
        self._keep_records()

    def _keep_records(self) -> None:
        by, now = self.secretariat, timezone.now()
        hold(subject=self.published, reason="Inquest 7", until=None, by=by, at=now)
        self.request = open_request(
            lesson=self.published, reference="FOI 2026/7", requester="media", received_on=now.date(), by=by, at=now
        )
        consult(request=self.request, organisation=self.published.organisation, by=by, at=now)

    def pages(self) -> dict[str, tuple[User | None, list[str]]]:
        """Return who looks at which pages."""
        steps = ["event", "what-happened", "learning", "about", "sharing", "check"]
        return {
            "stranger": (
                None,
                ["/", "/accounts/login/", "/accounts/password/reset/", "/about/", "/api/v1/docs/", "/no/"],
            ),
            "contributor": (
                self.contributor,
                [
                    "/",
                    "/lessons/?q=nothing+like+this",
                    "/lessons/",
                    f"/lessons/{self.published.reference}/",
                    "/risks/",
                    "/risks/surface-water-flooding/",
                    "/plan/",
                    "/recurring/",
                    "/recurring/natural-and-environmental-hazards/communicate/",
                    "/submit/",
                    *[f"/submit/{self.draft.pk}/{step}/" for step in steps],
                    f"/submit/{self.draft.pk}/same-event/",
                    "/our-lessons/",
                    f"/records/{self.published.pk}/",
                    f"/records/{self.waiting.pk}/withdraw/",
                    "/subscriptions/",
                    "/subscriptions/new/",
                ],
            ),
            "moderator": (
                self.moderator,
                [
                    "/",
                    "/review/",
                    f"/review/{self.waiting.pk}/",
                    f"/review/{self.declined.pk}/take-back/",
                    f"/review/{self.claimed.pk}/",
                    f"/lessons/{self.sensitive.reference}/",
                    f"/lessons/{self.suspended.reference}/",
                    f"/lessons/{self.published.reference}/suspend/",
                ],
            ),
            "secretariat": (
                self.secretariat,
                [
                    "/manage/",
                    "/accounts/records/",
                    "/accounts/records/periods/drafts/",
                    "/accounts/records/holds/",
                    "/foi/",
                    f"/foi/{self.request.pk}/",
                ],
            ),
            "auditor": (
                person(Role.AUDITOR),
                ["/accounts/audit/", f"/accounts/audit/{AuditEvent.objects.latest('pk').pk}/"],
            ),
        }


class Keyboard:
    """Somebody without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, selector: str) -> Keyboard:
        """Press Tab until the element has the focus; whatever folds it away is opened on the way."""
        for _ in range(600):
            self.page.keyboard.press("Tab")
            where = self.page.evaluate(
                """(wanted) => {
                    const now = document.activeElement, target = document.querySelector(wanted);
                    if (now === target) return "there";
                    if (target && target.type === "radio" && now.name === target.name) return "in the group";
                    const folded = target && target.closest("details:not([open])");
                    return folded && now === folded.querySelector("summary") ? "folded" : "";
                }""",
                selector,
            )
            if where == "there":
                return self
            if where == "folded":
                self.page.keyboard.press("Enter")
            if where == "in the group":
                return self._along(selector)
        raise AssertionError(f"The keyboard does not reach {selector}")

    def _along(self, selector: str) -> Keyboard:
        for _ in range(20):
            if self.page.evaluate("(wanted) => document.activeElement === document.querySelector(wanted)", selector):
                return self
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"The arrow keys do not reach {selector}")

    def choose(self, name: str, value: str) -> None:
        self.to(f"main [name={name}][value={value}]").page.keyboard.press("Space")

    def type(self, name: str, words: str) -> None:
        self.to(f"main [name={name}]").page.keyboard.type(words)

    def press(self, selector: str) -> None:
        self.to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def go_on(self) -> None:
        self.press("main form button[type=submit]:not([name]), main form button.govuk-button:not([name])")


def test_a_keyboard_is_enough_to_submit_and_to_publish(live_server: Any, browser: Browser) -> None:
    world = World()
    responder = Visitor(browser, live_server.url).sign_in(world.contributor)
    responder.go("/submit/")
    keys = Keyboard(responder.page)

    keys.choose("kind", "lesson_identified")
    keys.type("title", "Sandbags were delivered to the wrong depot")
    keys.go_on()
    keys.type("event_name", "Exercise Rising Tide")
    keys.choose("event_kind", "exercise")
    keys.type("event_date-month", "3")
    keys.type("event_date-year", "2026")
    keys.go_on()
    keys.choose("same", "another")
    keys.go_on()
    keys.type("what_happened", "The order named a depot that had closed.")
    keys.go_on()
    keys.type("statement", "Orders name the depot by its code.")
    keys.type("what_1", "Put the codes of depots on the order form")
    keys.type("by_whom_1", "Logistics officers")
    keys.go_on()
    keys.choose("risks", "surface-water-flooding")
    keys.choose("principles", "communicate")
    keys.choose("brag", "amber")
    keys.go_on()
    keys.choose("marking", "official")
    keys.choose("audience", "all_responders")
    keys.go_on()
    keys.go_on()

    lesson = Lesson.objects.get(title="Sandbags were delivered to the wrong depot")
    assert lesson.status == Status.SUBMITTED

    Lesson.objects.filter(pk=lesson.pk).update(tier="area", area=world.draft.area)
    moderator = Visitor(browser, live_server.url).sign_in(world.moderator)
    moderator.go(f"/review/{lesson.pk}/")
    keys = Keyboard(moderator.page)
    keys.press(f"main form[action='/review/{lesson.pk}/claim/'] button")
    for box in moderator.page.locator("input[name=checklist]").all():
        keys.choose("checklist", box.get_attribute("value") or "")
    keys.press("main button[name=decision][value=publish]")

    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED


def test_every_printed_page_carries_the_marking_and_its_number(live_server: Any, browser: Browser) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url).sign_in(world.moderator)

    for path, marking in (("/submit/paper/", "OFFICIAL"), (f"/lessons/{world.sensitive.reference}/", SENSITIVE)):
        visitor.go(path)
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(visitor.page.pdf(format="A4"))).pages]
        for number, text in enumerate(pages, 1):
            assert text.count(marking) >= 2, f"{path}, page {number}"
            assert f"{number} / {len(pages)}" in text
