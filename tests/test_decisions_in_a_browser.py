"""In Chromium, also without scripts: mistakes are undone, and comments answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser

from lessons.actions.comments import add_comment
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, Move, Status
from tests.browsing import Visitor
from tests.factories import LessonFactory
from tests.reviewing import in_review
from tests.test_debriefs_in_a_browser import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def status_of(lesson: Lesson) -> str:
    return Lesson.objects.get(pk=lesson.pk).status


def look(visitor: Visitor, *, scripts: bool) -> None:
    """Hold the page that is shown against axe and a phone; axe itself is a script."""
    if scripts:
        faults = faults_of(visitor, visitor.page.url)
        assert not faults, "\n".join(faults)
    visitor.page.set_viewport_size({"width": 320, "height": 640})


def link(visitor: Visitor, name: str) -> None:
    visitor.page.locator("main").get_by_role("link", name=name).or_(
        visitor.page.locator("main").get_by_role("button", name=name, exact=True)
    ).first.click()
    visitor.page.wait_for_load_state()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_declined_or_withdrawn_by_mistake_is_taken_back(
    live_server: Any, browser: Browser, scripts: bool
) -> None:
    lesson, moderator = in_review()
    other = LessonFactory(status=Status.SUBMITTED, area=lesson.area, organisation=lesson.organisation)
    visitor = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(moderator)

    visitor.go(f"{reverse('several')}?lesson={lesson.pk}&lesson={other.pk}")
    visitor.page.get_by_label("Decline them with one reason").check(force=True)
    visitor.page.get_by_label("Why are they declined?").select_option("known")
    visitor.fill(note="See last year’s exercise.")
    visitor.press("See what will happen")
    visitor.press("Decline them")
    assert {status_of(lesson), status_of(other)} == {Status.DECLINED}
    for mistaken in (lesson, other):
        visitor.go(reverse("queue"))
        look(visitor, scripts=scripts)
        link(visitor, f"Take it back {mistaken.reference}")
        look(visitor, scripts=scripts)
        visitor.press("Take it back")
        assert visitor.sees(f"{mistaken.reference} is in your hands again")
        assert status_of(mistaken) == Status.IN_REVIEW
    visitor.go(reverse("queue"))
    assert not visitor.sees("Declined by you")

    owner = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(lesson.author)
    owner.go(reverse("lesson_record", args=[lesson.pk]))
    link(owner, "Withdraw it")
    owner.fill(note="The wrong one")
    look(owner, scripts=scripts)
    owner.press("Withdraw")
    assert status_of(lesson) == Status.WITHDRAWN
    look(owner, scripts=scripts)
    link(owner, "Reopen as a draft")
    look(owner, scripts=scripts)
    owner.press("Reopen as a draft")
    assert status_of(lesson) == Status.DRAFT
    assert not [*visitor.complaints, *owner.complaints]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_owner_sees_each_comment_where_it_is_to_be_answered_and_hands_the_lesson_in_again(
    live_server: Any, browser: Browser, scripts: bool
) -> None:
    lesson, moderator = in_review()
    at = timezone.now()
    add_comment(lesson=lesson, field="why", text="Who had the list at that hour?", by=moderator, at=at)
    move_lesson(
        lesson=lesson, move=Move.ASK_FOR_CHANGES, by=moderator, at=at, note="One question is left.", fields=["why"]
    )
    owner = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(lesson.author)
    owner.go(reverse("lesson_record", args=[lesson.pk]))
    look(owner, scripts=scripts)
    assert owner.sees("One question is left.")
    assert owner.sees("Who had the list at that hour?")

    link(owner, "Make the changes")
    assert owner.sees("Who had the list at that hour?")
    look(owner, scripts=scripts)
    owner.page.locator("main .govuk-inset-text a").first.click()
    owner.page.wait_for_load_state()
    beside_the_field = owner.page.locator(".govuk-form-group", has=owner.page.locator("[name=why]"))
    assert "Who had the list at that hour?" in beside_the_field.last.inner_text()
    look(owner, scripts=scripts)
    owner.fill(why="The duty officer had the only list, on paper.")
    owner.press("Save and continue")
    owner.press("Send back with changes")

    lesson.refresh_from_db()
    assert lesson.status == Status.IN_REVIEW
    assert lesson.claimed_by == moderator
    assert lesson.why == "The duty officer had the only list, on paper."
    look(owner, scripts=scripts)
    assert not owner.complaints
