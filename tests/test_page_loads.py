"""The timed script of clicks: a ready debrief of ten points becomes four submitted lessons in few page loads."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser

from accounts.models import User
from accounts.roles import Role
from lessons.models import Debrief, Lesson, Observation, Status
from tests.browsing import Visitor
from tests.factories import (
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)
from tests.test_debriefs import debrief_of, point_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: From the page of the debrief to the last reference.
MOST_PAGE_LOADS = 40
#: heading -> points; a point under no heading is one by itself
POINTS = {
    "Lists of rest centres": [
        ("did_not_go_well", "Two control rooms worked from different lists of rest centres."),
        ("did_not_go_well", "Nobody knew which list was the newest."),
        ("do_differently", "Keep one list for all services."),
    ],
    "Talk group": [
        ("did_not_go_well", "There was no shared talk group in the first hour."),
        ("do_differently", "Agree the talk group in the first call."),
    ],
    "Shift change": [
        ("did_not_go_well", "The second shift did not hear of the closed bridge."),
        ("did_not_go_well", "Handover notes were on paper only."),
        ("do_differently", "Hand over from one shared log."),
    ],
    "Joint briefing": [
        ("went_well", "All services were briefed together every two hours."),
        ("went_well", "The briefing sheet had one page."),
    ],
}


class Counter:
    """Counts the pages that a visitor loads."""

    def __init__(self, visitor: Visitor) -> None:
        self.loads = 0
        visitor.page.on("domcontentloaded", self._count)

    def _count(self, _page: object) -> None:
        self.loads += 1


@pytest.fixture
def debrief() -> Debrief:
    area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
    person(Role.LRF_MODERATOR, area=area)
    NationalRiskFactory(code="surface-water-flooding")
    ThemeFactory(code="communicate")
    opener: User = person(Role.CONTRIBUTOR, OrganisationFactory(areas=[area]))
    ready = debrief_of(opener)
    ready.event.areas.set([area])
    for heading, points in POINTS.items():
        for kind, text in points:
            point_of(ready, text, kind=kind, group=heading)
    return ready


def test_a_debrief_of_ten_points_becomes_four_submitted_lessons_in_forty_page_loads(
    live_server: Any, browser: Browser, debrief: Debrief
) -> None:
    visitor = Visitor(browser, live_server.url, java_script_enabled=False).sign_in(debrief.opened_by)
    counter, began = Counter(visitor), time.monotonic()

    visitor.go(debrief.get_absolute_url())
    for number, heading in enumerate(POINTS):
        if number:
            visitor.page.get_by_role("link", name="Back to the debrief").click()
        promote(visitor, heading)
        write_up(visitor, Lesson.objects.latest("pk"))

    print(f"{counter.loads} page loads, {time.monotonic() - began:.0f} seconds")
    assert Observation.objects.exclude(lesson=None).count() == 10
    assert Lesson.objects.filter(status=Status.SUBMITTED, reference__isnull=False).count() == 4
    assert counter.loads <= MOST_PAGE_LOADS


def promote(visitor: Visitor, heading: str) -> None:
    """Press the button under the points of one heading, and go to the draft."""
    visitor.page.get_by_role("button", name=re.compile(f"^Make it .*{heading}")).click()
    visitor.page.get_by_role("link", name=re.compile(f"^Write it up and submit it.*{heading}")).click()


def write_up(visitor: Visitor, lesson: Lesson) -> None:
    """Fill in what the debrief did not say, and submit."""
    page = visitor.page
    page.get_by_role("button", name="Carry on").click()
    visitor.fill(statement="What one service learns, all of them need to hear on the same day.")
    for number in range(1, len(lesson.recommendations) + 1):
        visitor.fill(**{f"by_whom_{number}": "The local resilience forum"})
    if lesson.is_practice:
        visitor.fill(benefit="Nobody acted on old news.")
    visitor.press("Save and continue")
    page.locator("main input[name=not_a_national_risk]").check(force=True)
    page.locator("main input[name=principles][value=communicate]").check(force=True)
    page.locator("main input[name=brag][value=green]").check(force=True)
    visitor.press("Save and continue")
    page.locator("main input[name=marking][value=official]").check(force=True)
    page.locator("main input[name=audience][value=all_responders]").check(force=True)
    visitor.press("Save and continue")
    visitor.press("Submit")
    page.get_by_role("heading", name=re.compile("Submitted|submitted|received", re.IGNORECASE)).first.wait_for()
