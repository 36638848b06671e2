"""Moderation in Chromium: with scripts and without, on a phone, by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from accounts.models import User
from accounts.roles import Role
from lessons.actions.warnings import look_again
from lessons.models import Comment, Lesson, LessonMove, Move, Status
from lessons.tasks import count_words
from tests.browsing import Visitor
from tests.factories import LessonFactory, OrganisationFactory, ResilienceAreaFactory, person
from tests.inspecting import violations
from tests.reviewing import in_review

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE_NUMBER = "The duty officer rang 07700 900123 at night."


@pytest.fixture
def moderator() -> User:
    area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
    return person(Role.LRF_MODERATOR, OrganisationFactory(code="council", areas=[area]), area)


def area_of(moderator: User) -> Any:
    return moderator.active_memberships[0].area


def waiting(moderator: User, **values: Any) -> Lesson:
    lesson: Lesson = LessonFactory(status=Status.SUBMITTED, area=area_of(moderator), **values)
    look_again(lesson)
    return lesson


@pytest.mark.slow
@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_clean_lesson_is_published_in_at_most_four_presses_and_the_text_typed(
    live_server: Any, browser: Browser, moderator: User, scripts: bool, look: bool
) -> None:
    lesson = waiting(moderator)
    visitor = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(moderator)
    visitor.go(reverse("queue"))

    visitor.press("Take the next one")
    visitor.fill(statement="Partners share one list of rest centres, and test it.")
    if look:
        visitor.press("Preview")
        assert visitor.sees("Who could read it")
    visitor.check("I have checked each of these")
    visitor.press("Publish")

    assert visitor.presses <= 4
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED
    assert lesson.publications.get().statement == "Partners share one list of rest centres, and test it."
    assert visitor.sees(f"{lesson.reference} is published")


def test_words_are_taken_out_in_two_presses(live_server: Any, browser: Browser, moderator: User) -> None:
    lesson, _ = in_review(moderator, area=area_of(moderator), impact="Unit 7 cut the fence.")
    visitor = Visitor(browser, live_server.url).sign_in(moderator)
    visitor.go(reverse("review", args=[lesson.pk]))
    impact = visitor.page.locator("textarea[name=impact]")

    impact.focus()
    visitor.page.keyboard.press("Control+Home")
    for _ in "Unit 7 ":
        visitor.page.keyboard.press("Shift+ArrowRight")  # one: select, with the space after it
    visitor.page.get_by_role("button", name="security", exact=True).click()  # two: press

    assert impact.input_value() == "[removed: security] cut the fence."
    visitor.press("Save and stay")
    text = lesson.publications.get()
    assert text.impact == "[removed: security] cut the fence."
    assert text.removals == [{"field": "impact", "type": "security"}]


@pytest.mark.parametrize("scripts", [True, False])
def test_warnings_are_answered_words_taken_out_and_comments_made(
    live_server: Any, browser: Browser, moderator: User, scripts: bool
) -> None:
    lesson, _ = in_review(
        moderator, area=area_of(moderator), why=PHONE_NUMBER, impact="Unit 7 cut the fence.", context="Near LA1 4XX."
    )
    visitor = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(moderator)
    page = visitor.page
    visitor.go(reverse("review", args=[lesson.pk]))

    with page.expect_navigation():
        page.locator("#row-why").get_by_role("button", name="Take it out").click()
    page.locator("#row-context summary", has_text="It is needed").click()
    page.locator("#row-context [name^=because_]").fill("It is the public car park.")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep it").click()
    page.get_by_text("Take words out, leaving a mark").click()
    page.get_by_label("In which field").select_option("impact")
    page.get_by_label("Words to take out").fill("Unit 7")
    page.get_by_label("Why", exact=True).select_option("security")
    visitor.press("Take them out")
    page.locator("#row-impact summary", has_text="Comment").click()
    visitor.fill(comment_impact="How long did that take?")
    visitor.press("Save and stay")

    text = lesson.publications.get()
    assert text.why == "The duty officer rang [removed: personal data] at night."
    assert text.impact == "[removed: security] cut the fence."
    assert text.warnings.get(field="context").because == "It is the public car park."
    assert Comment.objects.get().text == "How long did that take?"
    assert visitor.sees("How long did that take?")
    page.get_by_text("Ask the owner for changes").first.click()
    visitor.press("Ask for changes")
    asked = LessonMove.objects.get(move=Move.ASK_FOR_CHANGES)
    assert asked.fields == ["impact"]


def test_the_queue_has_shortcuts_that_can_be_turned_off(live_server: Any, browser: Browser, moderator: User) -> None:
    for title in ("First of the lessons", "Second of the lessons"):
        waiting(moderator, title=title)
    visitor = Visitor(browser, live_server.url).sign_in(moderator)
    page = visitor.page
    visitor.go(reverse("queue"))

    page.keyboard.press("?")
    assert page.get_by_role("heading", name="Keyboard shortcuts").is_visible()
    assert not violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Keyboard shortcuts").wait_for(state="hidden")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("input[name=lesson]:checked").count() == 1
    assert page.locator("tr", has_text="Second of the lessons").locator("input").is_checked()

    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("button", name="Turn shortcuts off").click()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("t")
    page.keyboard.press("?")
    assert not page.get_by_role("heading", name="Keyboard shortcuts").is_visible()
    assert not Lesson.objects.filter(claimed_by=moderator).exists()


def test_several_are_declined_without_scripts(live_server: Any, browser: Browser, moderator: User) -> None:
    lessons = [waiting(moderator) for _ in range(2)]
    visitor = Visitor(browser, live_server.url, java_script_enabled=False).sign_in(moderator)
    visitor.go(reverse("queue"))

    for box in visitor.page.locator("input[name=lesson]").all():
        box.check(force=True)
    visitor.press("Give away, tag or decline those selected")
    visitor.page.get_by_label("Decline them with one reason").check(force=True)
    visitor.page.get_by_label("Why are they declined?").select_option("known")
    visitor.fill(note="See last year’s exercise.")
    visitor.press("See what will happen")
    assert Lesson.objects.filter(status=Status.SUBMITTED).count() == 2
    visitor.press("Decline them")

    assert {Lesson.objects.get(pk=lesson.pk).status for lesson in lessons} == {Status.DECLINED}


@pytest.mark.slow
def test_two_who_open_the_same_lesson_see_each_other_and_compare_it_with_a_published_one(
    live_server: Any, browser: Browser, moderator: User
) -> None:
    area, flood = area_of(moderator), "The rest centre at the leisure pool flooded, and evacuees were moved by boat."
    for number in range(4):
        LessonFactory(status=Status.PUBLISHED, title=f"Spare batteries for radios {number}", what_happened="Flat.")
    known = LessonFactory(
        status=Status.PUBLISHED, title="Rest centres that flood themselves", what_happened=flood, area=area
    )
    count_words()
    lesson, _ = in_review(moderator, area=area, what_happened=flood)
    colleague = person(Role.LRF_MODERATOR, area=area, name="Jo Colleague")
    Visitor(browser, live_server.url).sign_in(colleague).go(reverse("review", args=[lesson.pk]))
    visitor = Visitor(browser, live_server.url).sign_in(moderator)
    visitor.go(reverse("review", args=[lesson.pk]))

    assert visitor.sees("Also open by: Jo Colleague.")
    assert not violations(visitor.page)
    visitor.fill(statement="Two hours were lost.")
    visitor.press(f"Compare, or merge with {known.reference}")
    assert visitor.sees(flood)
    assert not violations(visitor.page)
    visitor.press("Call it a recurrence")

    assert visitor.sees("Called the same again")
    assert lesson.publications.get().statement == "Two hours were lost."
    visitor.go(f"{reverse('merge', args=[lesson.pk])}?into={known.reference}")
    visitor.press("Merge them")
    lesson.refresh_from_db()
    assert (lesson.status, lesson.merged_into) == (Status.MERGED, known)
    visitor.go(reverse("lesson", args=[lesson.reference]))
    assert visitor.page.url.endswith(reverse("lesson", args=[known.reference]))
    assert not visitor.complaints
