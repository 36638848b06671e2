"""What became of a lesson, as those who wrote it see it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.reading import record_view
from lessons.models import Lesson, Move, Status
from lessons.what_became import what_became_of
from tests.factories import NOON, LessonFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db


def stations(lesson: Lesson) -> list[tuple[str, bool]]:
    return [(one.name, one.at is not None) for one in what_became_of(lesson).stations]


def record(user: User, lesson: Lesson) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("lesson_record", args=[lesson.pk])).text


def test_the_stations_follow_a_lesson_from_receipt_to_publication() -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    lesson = LessonFactory(status=Status.SUBMITTED, area=area)
    assert stations(lesson) == [("Received", True), ("Taken on by a moderator", False), ("Published", False)]

    move_lesson(lesson=lesson, move=Move.CLAIM, by=moderator, at=NOON + timedelta(hours=1))
    assert stations(lesson)[1] == ("Taken on by a moderator", True)

    ask = NOON + timedelta(hours=2)
    move_lesson(lesson=lesson, move=Move.ASK_FOR_CHANGES, by=moderator, at=ask, note="Say who.")
    assert stations(lesson) == [
        ("Received", True),
        ("Taken on by a moderator", True),
        ("Returned with questions", True),
        ("Published", False),
    ]


def test_other_organisations_that_opened_it_are_counted_once_each() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    publication = lesson.publications.current().get()
    elsewhere = OrganisationFactory()
    for reader in (person(Role.READER, elsewhere), person(Role.READER, elsewhere), person(Role.READER), lesson.author):
        record_view(publication=publication, by=reader, at=NOON)

    page = record(lesson.author, lesson)

    assert [name for name, reached in stations(lesson) if reached][-1] == "Published"
    assert what_became_of(lesson).opened_by == 2
    assert "<strong>2</strong> other organisations opened it." in page


def test_few_organisations_of_a_narrow_audience_are_not_told() -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(status=Status.PUBLISHED, area=area, audience="own_area")
    publication = lesson.publications.current().get()

    seen = []
    for _ in range(6):
        seen.append(what_became_of(lesson).opened_by)
        page = record(lesson.author, lesson)
        record_view(publication=publication, by=person(Role.READER, area=area), at=NOON)
        if len(seen) == 2:
            assert "Fewer than 5 other organisations have opened it so far." in page

    assert seen == [None] * 5 + [5], "not even that nobody opened it"


def test_a_draft_has_no_stations_yet() -> None:
    draft = LessonFactory(status=Status.DRAFT)

    assert "What became of it" not in record(draft.author, draft)


def test_a_declined_lesson_says_until_when_an_appeal_is_possible() -> None:
    lesson = LessonFactory(status=Status.DECLINED)

    page = record(lesson.author, lesson)

    assert "If that was a mistake, appeal by <strong>Monday 30 March 2026</strong>" in page


def test_a_withdrawal_by_mistake_is_undone_from_the_record() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)
    client = Client()
    client.force_login(lesson.author)

    client.post(reverse("withdraw", args=[lesson.pk]), {"note": "By mistake"})
    page = client.get(reverse("lesson_record", args=[lesson.pk])).text
    client.post(reverse("reopen", args=[lesson.pk]))

    assert reverse("reopen", args=[lesson.pk]) in page
    lesson.refresh_from_db()
    assert lesson.status == Status.DRAFT
    assert lesson.reference
