"""The owner's look at an edited text before it is published, where their organisation asks for it."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from accounts.models import User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.errors import LessonError, NotSeenByOwner, WrongStatus
from lessons.models import Lesson, Move, Status
from notifications.models import Delivery
from tests.browsing import Visitor
from tests.factories import NOON, OrganisationFactory, ResilienceAreaFactory, person
from tests.reviewing import decide, in_review, review_url, sign_in, ticked, words_of
from tests.test_debriefs_in_a_browser import faults_of

pytestmark = pytest.mark.django_db

EDITED = "Partners share one list, and test it."


def edited(wants: bool = True, **values: Any) -> tuple[Lesson, User]:
    area = ResilienceAreaFactory()
    organisation = OrganisationFactory(
        areas=[area], wants_sighting=wants, mailbox="lessons@owner.example", mailbox_confirmed_at=NOON
    )
    lesson, moderator = in_review(area=area, organisation=organisation, at=NOON, **values)
    edit(lesson, moderator, statement=EDITED)
    return lesson, moderator


def edit(lesson: Lesson, by: User, at: Any = NOON, **values: str) -> None:
    lesson.refresh_from_db()
    save_working_text(lesson=lesson, by=by, at=at, row_version=lesson.row_version, values=values)


def make(lesson: Lesson, move: Move, by: User, at: Any = NOON, **given: Any) -> str:
    """Return what came of it: the status, or the name of the refusal."""
    try:
        return move_lesson(lesson=lesson, move=move, by=by, at=at, **given).status
    except LessonError as error:
        return type(error).__name__


def test_an_edited_text_is_published_once_its_owner_agrees_to_exactly_that() -> None:
    lesson, moderator = edited()
    assert make(lesson, Move.PUBLISH, moderator) == NotSeenByOwner.__name__

    make(lesson, Move.SHOW_OWNER, moderator)
    assert make(lesson, Move.PUBLISH, moderator) == NotSeenByOwner.__name__
    make(lesson, Move.SIGHT, lesson.author, reason="agrees")
    edit(lesson, moderator, impact="A word more.")
    assert make(lesson, Move.PUBLISH, moderator) == NotSeenByOwner.__name__, "that is another text"
    assert make(lesson, Move.SIGHT, lesson.author, reason="agrees") == WrongStatus.__name__

    make(lesson, Move.SHOW_OWNER, moderator)
    make(lesson, Move.SIGHT, lesson.author, reason="agrees")
    assert make(lesson, Move.PUBLISH, moderator) == Status.PUBLISHED


def test_an_owner_who_objects_stops_that_text_however_long_one_waits() -> None:
    lesson, moderator = edited()
    make(lesson, Move.SHOW_OWNER, moderator)
    assert make(lesson, Move.SIGHT, lesson.author, reason="objects") == "ReasonMissing"
    make(lesson, Move.SIGHT, lesson.author, reason="objects", note="We are to be known by it.")

    later = NOON + timedelta(days=30)
    edit(lesson, moderator, later, statement=EDITED)
    assert make(lesson, Move.PUBLISH, moderator, later) == NotSeenByOwner.__name__


@pytest.mark.parametrize(("brag", "days", "last"), [("green", 7, NOON + timedelta(days=7)), ("red", 1, NOON)])
def test_silence_counts_as_seen_after_some_working_days(brag: str, days: int, last: Any) -> None:
    lesson, moderator = edited(brag=brag)
    make(lesson, Move.SHOW_OWNER, moderator)

    for wait, outcome in (
        (timedelta(days=days), NotSeenByOwner.__name__),
        (timedelta(days=days + 1), Status.PUBLISHED),
    ):
        edit(lesson, moderator, NOON + wait, statement=EDITED)  # a save that changes nothing renews the claim
        assert make(lesson, Move.PUBLISH, moderator, NOON + wait) == outcome


def test_what_was_not_edited_or_is_of_others_needs_no_look() -> None:
    lesson, moderator = edited()
    edit(lesson, moderator, statement=lesson.statement)
    assert make(lesson, Move.SHOW_OWNER, moderator) == WrongStatus.__name__
    assert make(lesson, Move.PUBLISH, moderator) == Status.PUBLISHED

    others, moderator = edited(wants=False)
    assert make(others, Move.PUBLISH, moderator) == Status.PUBLISHED


def test_owners_are_mailed_and_so_is_the_moderator() -> None:
    lesson, moderator = edited()
    lead = person(Role.JOL_SPOC, lesson.organisation)

    make(lesson, Move.SHOW_OWNER, moderator)
    asked = Delivery.objects.filter(kind="look_at_edited_text").values_list("address", flat=True)
    assert sorted(asked) == sorted([lesson.author.email, lead.email, "lessons@owner.example"])

    make(lesson, Move.SIGHT, lead, reason="agrees")
    assert Delivery.objects.get(kind="owner_answered").address == moderator.email


@pytest.mark.slow
def test_the_pages_lead_from_the_workbench_to_the_owner_and_back() -> None:
    area = ResilienceAreaFactory()
    organisation = OrganisationFactory(areas=[area], wants_sighting=True)
    lesson, moderator = in_review(area=area, organisation=organisation)
    bench, owner = sign_in(moderator), sign_in(lesson.author)
    page = reverse("sight", args=[lesson.pk])
    assert owner.get(page).status_code == 409

    refused = decide(bench, lesson, "publish", statement=EDITED, **ticked())
    assert refused.status_code == 409
    assert "wants to see an edited text first" in words_of(refused)
    decide(bench, lesson, "show_owner", **ticked())
    assert "They were shown this one" in words_of(bench.get(review_url(lesson)))

    assert page in owner.get(lesson.get_absolute_url()).content.decode()
    shown = words_of(owner.get(page))
    assert "and test it" in shown
    assert sign_in(moderator).get(page).status_code == 403
    assert owner.post(page, {"answer": "objects"}).status_code == 422
    assert owner.post(page, {"answer": "agrees"}).url == lesson.get_absolute_url()
    assert page not in owner.get(lesson.get_absolute_url()).content.decode()

    assert "They saw this one and agree" in words_of(bench.get(review_url(lesson)))
    decide(bench, lesson, "publish", **ticked())
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_axe_finds_nothing_on_the_page_of_the_owner_and_it_fits_a_phone(live_server: Any, browser: Browser) -> None:
    lesson, moderator = edited()
    make(lesson, Move.SHOW_OWNER, moderator)
    visitor = Visitor(browser, live_server.url).sign_in(lesson.author)

    visitor.go(reverse("sight", args=[lesson.pk]))
    assert not faults_of(visitor, "sight")
    visitor.press("Send the answer")
    assert visitor.sees("There is a problem")
    assert not faults_of(visitor, "sight, refused")
    assert not visitor.complaints
