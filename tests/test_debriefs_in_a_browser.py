"""Debriefs in Chromium: opened at a desk, filled on a phone without scripts or account, made into lessons."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from accounts.models import User
from accounts.roles import Role
from lessons.models import Debrief, Lesson, Observation
from tests.browsing import Visitor
from tests.factories import EventFactory, OrganisationFactory, ResilienceAreaFactory, ThemeFactory, person
from tests.inspecting import DESK, PHONE, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def opener() -> User:
    area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
    ThemeFactory(code="communicate", name="Communicate")
    police = OrganisationFactory(code="police", areas=[area])
    EventFactory(organisation=police, name="Ex Rising Tide")
    return person(Role.CONTRIBUTOR, OrganisationFactory(code="fire", areas=[area]))


def faults_of(visitor: Visitor, path: str) -> list[str]:
    """Return what axe finds on the page that is shown, and by how much it is too wide for a phone."""
    visitor.page.set_viewport_size(DESK)
    visitor.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    faults = [f"{path} {fault}" for fault in violations(visitor.page)]
    visitor.page.set_viewport_size(PHONE)
    overflow = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return faults + ([f"{path} is {overflow} pixels too wide for a phone"] if overflow > 0 else [])


@pytest.mark.parametrize("scripts", [True, False])
def test_from_an_event_to_points_on_a_phone_to_a_draft(
    live_server: Any, browser: Browser, opener: User, scripts: bool
) -> None:
    at_desk = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(opener)
    page = at_desk.page
    at_desk.go(reverse("debrief_list"))
    page.get_by_role("button", name="Open a debrief").or_(page.get_by_role("link", name="Open a debrief")).click()
    at_desk.fill(**{"name": "Exercise Rising Tide", "date-day": "14", "date-month": "1", "date-year": "2026"})
    page.locator("main input[name=kind][value=exercise]").check(force=True)
    at_desk.press("Continue")
    page.get_by_label("Ex Rising Tide").check(force=True)
    at_desk.press("Continue")
    page.locator("main input[name=kind][value=hot]").check(force=True)
    at_desk.press("Open the debrief")
    debrief = Debrief.objects.get()

    on_phone = Visitor(browser, live_server.url, java_script_enabled=scripts)
    on_phone.page.set_viewport_size(PHONE)
    on_phone.go("/d/")
    on_phone.fill(code=debrief.spoken_code.upper())
    on_phone.press("Continue")
    for text in ("One list of rest centres", "Calm voices on the radio"):
        on_phone.page.get_by_label("Went well").check(force=True)
        on_phone.fill(text=text)
        on_phone.press("Add this point")
        assert on_phone.sees("Thank you")

    at_desk.go(debrief.get_absolute_url())
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=re.compile("Make it notable practice.*Calm voices")).click()
    assert at_desk.sees("A draft was begun")
    for box in page.locator("main input[name=points][type=checkbox]").all():
        box.check(force=True)
    at_desk.press("Make one lesson of them")
    assert at_desk.sees("A draft was begun")

    assert debrief.event.name == "Ex Rising Tide"
    assert sorted(Lesson.objects.values_list("kind", "what_happened")) == [
        ("lesson_identified", "One list of rest centres"),
        ("notable_practice", "Calm voices on the radio"),
    ]
    assert not Observation.objects.exclude(author=None).exists()
    assert not [*at_desk.complaints, *on_phone.complaints]
