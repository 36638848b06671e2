"""In Chromium, also without scripts: mistakes are undone, comments answered, and each move is made on its page."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.roles import Role
from lessons.actions.comments import add_comment
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, Marking, Move, Status
from tests.browsing import Visitor
from tests.factories import LessonFactory, OrganisationFactory, ResilienceAreaFactory, person
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
    main = visitor.page.locator("main")
    with visitor.page.expect_navigation():
        main.get_by_role("link", name=name).or_(main.get_by_role("button", name=name, exact=True)).first.click()


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
    with owner.page.expect_navigation():
        owner.page.locator("main .govuk-inset-text a").first.click()
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


def test_a_lesson_goes_through_the_hands_of_all_on_the_page_of_each_move(live_server: Any, browser: Browser) -> None:
    area = ResilienceAreaFactory()
    organisation = OrganisationFactory(areas=[area], wants_sign_off=True)
    lesson = LessonFactory(status=Status.AWAITING_SIGN_OFF, area=area, organisation=organisation)
    people = {
        "author": lesson.author,
        "lead": person(Role.JOL_SPOC, organisation),
        "first": person(Role.LRF_MODERATOR, area=area),
        "second": person(Role.LRF_MODERATOR, area=area, name="Second of the area"),
    } | {name: person(Role.SECRETARIAT) for name in ("decliner", "approver", "publisher")}
    seats = {
        name: Visitor(browser, live_server.url, java_script_enabled=False).sign_in(user)
        for name, user in people.items()
    }

    def at(name: str, page: str = "review") -> Visitor:
        seats[name].go(reverse(page, args=[lesson.pk]))
        return seats[name]

    def unfold(visitor: Visitor, words: str) -> None:
        visitor.page.locator("main summary", has_text=words).last.click()

    link(at("lead", "lesson_record"), "Sign off")
    seats["lead"].press("Sign off and submit")
    at("first").press("Claim it for review")
    unfold(seats["first"], "Pass it on")
    seats["first"].press("Give it to another moderator")
    seats["first"].page.get_by_label("Second of the area").check(force=True)
    seats["first"].press("Give it to them")
    unfold(at("second"), "Pass it on")
    seats["second"].press("Escalate to the national team")
    seats["second"].fill(note="Other areas have the same list.")
    seats["second"].press("Escalate")

    at("decliner").press("Claim it for review")
    unfold(seats["decliner"], "Decline it")
    seats["decliner"].tick("decline_reason", "known")
    seats["decliner"].fill(decline_note="It was published before.")
    seats["decliner"].press("Decline")
    link(at("author", "lesson_record"), "Appeal")
    seats["author"].fill(note="That one was about shelters.")
    seats["author"].press("Send the appeal")

    at("approver").press("Claim it for review")
    seats["approver"].page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    seats["approver"].page.locator("main [name=marking]").select_option(Marking.SENSITIVE)
    seats["approver"].fill(handling="For those who plan shelters.")
    seats["approver"].press("Save and stay")
    for box in seats["approver"].page.locator("main input[name=checklist]").all():
        box.check(force=True)
    seats["approver"].press("Approve this text")
    at("publisher").press("Claim it for review")
    seats["publisher"].press("Publish")
    assert status_of(lesson) == Status.PUBLISHED
    at("publisher", "archive").tick("reason", "out_of_date")
    seats["publisher"].press("Archive")
    assert status_of(lesson) == Status.ARCHIVED
    at("publisher", "restore").fill(note="It holds again.")
    seats["publisher"].press("Publish it again")

    assert list(lesson.moves.order_by("pk").values_list("move", flat=True))[-13:] == [
        Move.SIGN_OFF,
        Move.CLAIM,
        Move.REASSIGN,
        Move.ESCALATE,
        Move.CLAIM,
        Move.DECLINE,
        Move.APPEAL,
        Move.CLAIM,
        Move.APPROVE,
        Move.CLAIM,
        Move.PUBLISH,
        Move.ARCHIVE,
        Move.RESTORE,
    ]
    assert not [words for seat in seats.values() for words in seat.complaints]


def test_a_claim_is_given_back_and_a_published_text_is_mended(live_server: Any, browser: Browser) -> None:
    lesson, moderator = in_review()
    published = LessonFactory(status=Status.PUBLISHED, area=lesson.area, moderator=moderator)
    visitor = Visitor(browser, live_server.url, java_script_enabled=False).sign_in(moderator)

    visitor.go(reverse("review", args=[lesson.pk]))
    visitor.page.locator("main summary", has_text="Pass it on").last.click()
    visitor.press("Give back to the queue")
    assert status_of(lesson) == Status.SUBMITTED

    visitor.go(reverse("new_version", args=[published.pk]))
    visitor.fill(statement="A clearer sentence.", note="It was hard to read.")
    visitor.tick("change", "minor")
    for box in visitor.page.locator("main input[name=checklist]").all():
        box.check(force=True)
    visitor.press("Publish this version")
    current = published.publications.get(published_at__isnull=False, superseded_at=None)
    assert (current.version, current.statement) == (2, "A clearer sentence.")
    assert not visitor.complaints
