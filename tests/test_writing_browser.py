"""The journeys of those who write, in a browser: saving by itself, seen before, partners, sheets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from accounts.models import Organisation, User
from accounts.roles import Role
from lessons.models import Lesson, LessonLink, Status
from lessons.search.counting import count_words
from tests.browsing import Visitor
from tests.factories import (
    PASSWORD,
    CapabilityFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)
from tests.inspecting import DESK, PHONE, violations
from tests.portal import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SHEET = "Title,Event,BRAG rating\nShare one list of rest centres,Exercise Rising Tide,Purple\n"
#: What the page does by itself every few seconds, at once.
SAVE_NOW = "window.dispatchEvent(new Event('online'))"


class World:
    """Somebody with a draft, and published lessons like it."""

    def __init__(self) -> None:
        area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
        NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
        ThemeFactory(code="communicate", name="Communicate")
        CapabilityFactory()
        person(Role.LRF_MODERATOR, area=area)
        self.author: User = person(Role.CONTRIBUTOR, area=area)
        self.partner: Organisation = OrganisationFactory(code="north-ambulance", name="North Ambulance")
        self.seen: Lesson = LessonFactory(
            status=Status.PUBLISHED,
            title="Control rooms had no shared talk group at night",
            what_happened="No talk group was shared between the control rooms.",
        )
        for title in (
            "Rest centre keys were locked away",
            "Sandbags went to a closed depot",
            "A plan named a shut road",
        ):
            LessonFactory(status=Status.PUBLISHED, title=title, what_happened=title, statement=title)
        count_words()
        self.draft: Lesson = LessonFactory(
            author=self.author,
            status=Status.DRAFT,
            title="No shared talk group between control rooms in the first hour",
            what_happened="",
            recommendations=[{"text": "Improve communication", "by_whom": ""}],
        )

    def step(self, slug: str = "what-happened") -> str:
        return f"/submit/{self.draft.pk}/{slug}/"

    def stored(self) -> str:
        return Lesson.objects.get(pk=self.draft.pk).what_happened

    def holds(self, words: str) -> Callable[[], bool]:
        return lambda: words in self.stored()


def press(visitor: Visitor, name: str, lesson: Lesson) -> None:
    """Press the button beside the form that is about `lesson`."""
    with visitor.page.expect_navigation():
        visitor.page.locator(f"button[name={name}][value={lesson.reference}]").click()


def test_what_is_typed_survives_a_lost_connection_and_the_end_of_the_session(
    live_server: Any, browser: Browser
) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url).sign_in(world.author)
    page, said = visitor.page, visitor.page.locator("[data-autosave-said]")
    visitor.go(world.step())

    visitor.fill(what_happened="Saved by itself.")
    said.get_by_text("Saved at").wait_for()
    assert world.stored() == "Saved by itself."

    visitor.context.set_offline(True)
    visitor.fill(what_happened="Typed without a connection.")
    page.evaluate(SAVE_NOW)
    said.get_by_text("no connection").wait_for()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    visitor.context.set_offline(False)
    wait_until(world.holds("Typed without a connection."), seconds=60, what="saved once the connection is back")

    visitor.context.clear_cookies()
    visitor.fill(what_happened="Typed after the session ended.")
    page.evaluate(SAVE_NOW)
    said.get_by_text("You are signed out").wait_for()
    assert world.stored() == "Typed after the session ended."

    visitor.fill(what_happened="Sent with the button after the session ended.")
    visitor.press("Save and continue")
    assert visitor.sees("What you wrote is saved. Sign in to carry on.")
    page.get_by_label("Email").fill(world.author.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/learning/")
    visitor.go(world.step())
    assert page.locator("[name=what_happened]").input_value() == "Sent with the button after the session ended."
    assert not visitor.complaints


def test_warnings_and_lessons_like_it_appear_beside_the_form_while_one_types(
    live_server: Any, browser: Browser
) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url).sign_in(world.author)
    visitor.go(world.step())

    visitor.fill(what_happened="The desk on 07700 900123 was not answered.")
    visitor.page.evaluate(SAVE_NOW)
    visitor.page.get_by_role("heading", name="Should readers see this?").wait_for()
    press(visitor, "link", world.seen)

    assert visitor.sees("You said it is the same as:")
    assert LessonLink.objects.get().target == world.seen


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_partners_links_warnings_and_sheets_work(live_server: Any, browser: Browser, scripts: bool) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(world.author)

    visitor.go(world.step())
    visitor.fill(what_happened="The desk on 07700 900123 was not answered.")
    press(visitor, "link", world.seen)
    assert "07700 900123" in world.stored()
    press(visitor, "unlink", world.seen)
    assert not LessonLink.objects.exists()

    visitor.go(f"/submit/{world.draft.pk}/warnings/")
    visitor.page.locator("input[type=radio]").first.check(force=True)
    visitor.press("Save the answers")
    assert not visitor.sees("Answer a warning")

    visitor.go(f"/records/{world.draft.pk}/partners/")
    if scripts:
        visitor.page.get_by_label("Which organisation do you let in?").fill("North")
        visitor.page.get_by_role("option", name="North Ambulance").click()
    else:
        visitor.page.locator("select[name=organisation]").select_option("north-ambulance")
    visitor.page.locator("input[name=may][value=write]").check(force=True)
    visitor.press("Let them in")
    assert visitor.sees("North Ambulance is in.")
    visitor.press("Undo")
    assert visitor.sees("North Ambulance is out")

    visitor.go("/submit/sheet/")
    sheet = {"name": "debrief.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    visitor.page.locator("input[type=file]").set_input_files(sheet)
    visitor.press("Look through the sheet")
    visitor.page.get_by_label("BRAG rating").select_option(label="Amber")
    visitor.press("Look again")
    visitor.press("Make the drafts")
    assert visitor.sees("1 draft was made.")
    assert Lesson.objects.filter(title="Share one list of rest centres", brag="amber").exists()
    assert not visitor.complaints


def test_axe_finds_nothing_on_these_pages_and_they_fit_a_phone(live_server: Any, browser: Browser) -> None:
    world = World()
    Lesson.objects.filter(pk=world.draft.pk).update(what_happened="The desk on 07700 900123 was not answered.")
    visitor = Visitor(browser, live_server.url).sign_in(world.author)
    own = LessonFactory(author=world.author, status=Status.PUBLISHED)
    LessonLink.objects.create(source=own, target=world.seen, by=world.author, at=own.submitted_at)
    paths = [
        world.step(),
        world.step("learning"),
        world.step("sharing"),
        f"/submit/{world.draft.pk}/warnings/",
        f"/records/{world.draft.pk}/partners/",
        f"/records/{own.pk}/",
        f"/lessons/{own.reference}/",
        "/submit/paper/",
        "/submit/sheet/",
    ]

    faults: list[str] = []

    def look(name: str) -> None:
        visitor.page.set_viewport_size(DESK)
        visitor.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        faults.extend(f"{name} {fault}" for fault in violations(visitor.page))
        visitor.page.set_viewport_size(PHONE)
        overflow = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        faults.extend([f"{name} is {overflow} pixels too wide for a phone"] if overflow > 0 else [])

    for path in paths:
        visitor.go(path)
        look(path)
    sheet = {"name": "debrief.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    visitor.page.locator("input[type=file]").set_input_files(sheet)
    visitor.press("Look through the sheet")
    look("preview of a sheet")

    assert not faults, "\n".join(faults)
    assert not visitor.complaints
