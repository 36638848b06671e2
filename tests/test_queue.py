"""The queue of moderators: what is in it, in which order, and taking the next one."""

import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import ResilienceArea, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.actions.warnings import look_again
from lessons.models import Lesson, Move, Status, Tier
from tests.factories import NOON, LessonFactory, ResilienceAreaFactory, person
from tests.reviewing import in_review, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def area() -> ResilienceArea:
    return ResilienceAreaFactory(code="cumbria")


@pytest.fixture
def moderator(area: ResilienceArea) -> User:
    return person(Role.LRF_MODERATOR, area=area)


def titles(client: Client, **query: str) -> list[str]:
    return [lesson.title for lesson in client.get(reverse("queue"), query).context["page"]]


def waits(title: str, **values: Any) -> Any:
    values = {"status": Status.SUBMITTED, "due_on": timezone.localdate() + timedelta(days=5)} | values
    return LessonFactory(title=title, **values)


def test_a_moderator_sees_what_the_area_decides_and_the_secretariat_everything(
    area: ResilienceArea, moderator: User
) -> None:
    waits("Ours", area=area)
    waits("National", area=area, tier=Tier.NATIONAL)
    waits("Elsewhere")
    waits("A draft", area=area, status=Status.DRAFT)
    waits("Done", area=area, status=Status.PUBLISHED)

    assert titles(sign_in(moderator)) == ["Ours"]
    assert sorted(titles(sign_in(person(Role.SECRETARIAT)))) == ["Elsewhere", "National", "Ours"]


def test_the_most_urgent_comes_first_then_the_oldest(area: ResilienceArea, moderator: User) -> None:
    waits("Due late", area=area, due_on=date(2026, 4, 1))
    waits("Due soon, newer", area=area, due_on=date(2026, 3, 10), at=NOON)
    waits("Due soon, older", area=area, due_on=date(2026, 3, 10), submitted_at=NOON - timedelta(days=1))
    waits("Red", area=area, brag="red", due_on=date(2026, 5, 1))

    assert titles(sign_in(moderator)) == ["Red", "Due soon, older", "Due soon, newer", "Due late"]
    with translation.override("cy"):
        assert Lesson.objects.get(title="Red").colour == "Coch"


def test_filters_narrow_the_queue_and_a_wrong_value_is_said(area: ResilienceArea, moderator: User) -> None:
    waits("Free", area=area)
    in_review(moderator, area=area, title="With me")
    in_review(area=area, title="With another")
    waits("Late", area=area, due_on=timezone.localdate() - timedelta(days=1))
    client = sign_in(moderator)

    assert titles(client, whose="mine") == ["With me"]
    assert set(titles(client, whose="free")) == {"Free", "Late"}
    assert titles(client, whose="late") == ["Late"]
    assert titles(client, kind="notable_practice") == []
    assert len(titles(client, whose="nobody", kind="a\0b")) == 4
    assert "Select" in client.get(reverse("queue"), {"whose": "nobody"}).content.decode()


@pytest.mark.parametrize("page", ["2", "999", "-1", "x", "1e9"])
def test_every_number_of_a_page_leads_somewhere(moderator: User, page: str) -> None:
    assert sign_in(moderator).get(reverse("queue"), {"page": page}).status_code == 200


def test_the_next_one_is_claimed_with_one_press(area: ResilienceArea, moderator: User) -> None:
    waits("Second", area=area)
    first = waits("First", area=area, brag="red")

    answer = sign_in(moderator).post(reverse("take_next"))

    assert answer.url == reverse("review", args=[first.pk])
    first.refresh_from_db()
    assert first.claimed_by == moderator


def test_the_next_one_is_never_ones_own(area: ResilienceArea, moderator: User) -> None:
    waits("Mine", area=area, author=moderator, brag="red")
    waits("Edited by me", area=area, editors=[moderator], brag="red")
    other = waits("Another's", area=area)
    client = sign_in(moderator)

    assert client.post(reverse("take_next")).url == reverse("review", args=[other.pk])
    nothing = client.post(reverse("take_next"), follow=True)
    assert "Nothing is waiting that you can take" in nothing.content.decode()


def test_the_queue_takes_as_many_queries_for_fifty_lessons_as_for_one(area: ResilienceArea, moderator: User) -> None:
    client = sign_in(moderator)

    counts = []
    for more in (1, 49):
        for number in range(more):
            if number % 3:
                waits(f"Waits {number}", area=area, history=False)
            else:
                in_review(area=area, title=f"With somebody {number}", history=False)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse("queue"))
        counts.append(len(queries))

    assert answer.context["page"].paginator.count == 50
    assert counts[0] == counts[1] <= 15


def test_an_empty_queue_says_so(moderator: User) -> None:
    assert "The queue is empty" in sign_in(moderator).get(reverse("queue")).content.decode()


# -- filters that stay -------------------------------------------------------------------------------------
def test_filters_stay_until_they_are_cleared(area: ResilienceArea, moderator: User) -> None:
    waits("Amber", area=area, brag="amber")
    waits("Green", area=area)
    client = sign_in(moderator)
    panel = {"whose": "", "kind": "", "brag": "amber", "marking": ""}

    assert titles(client, **panel) == ["Amber"]
    assert titles(client) == ["Amber"]
    assert titles(client, page="1") == ["Amber"]
    assert len(titles(client, clear="1")) == 2
    assert len(titles(client)) == 2


def test_a_link_to_a_part_of_the_queue_is_for_once(area: ResilienceArea, moderator: User) -> None:
    waits("Free", area=area)
    client = sign_in(moderator)

    assert titles(client, whose="mine") == []
    assert titles(client) == ["Free"]


def test_the_next_one_is_taken_from_what_the_filters_leave(area: ResilienceArea, moderator: User) -> None:
    waits("Red", area=area, brag="red")
    amber = waits("Amber", area=area, brag="amber")
    client = sign_in(moderator)
    titles(client, whose="", kind="", brag="amber", marking="")

    assert client.post(reverse("take_next")).url == reverse("review", args=[amber.pk])


def test_areas_are_a_filter_for_those_who_moderate_several(area: ResilienceArea, moderator: User) -> None:
    other = ResilienceAreaFactory(code="kent")
    waits("Here", area=area)
    waits("There", area=other)
    secretariat = sign_in(person(Role.SECRETARIAT))

    assert titles(secretariat, area="kent") == ["There"]
    assert "area" not in sign_in(moderator).get(reverse("queue")).context["filters"].fields


def test_the_queue_counts_warnings_of_the_owners_text_and_then_of_the_moderators(
    area: ResilienceArea, moderator: User
) -> None:
    lesson = LessonFactory(area=area, why="Ring 07700 900123 or 07700 900124.", status=Status.SUBMITTED)
    look_again(lesson)
    client = sign_in(moderator)

    def counted() -> int:
        (row,) = client.get(reverse("queue")).context["page"]
        return row.open_warnings

    assert counted() == 2
    assert "2 warnings" in client.get(reverse("queue")).content.decode()

    move_lesson(lesson=lesson, move=Move.CLAIM, by=moderator, at=timezone.now())
    lesson.refresh_from_db()
    save_working_text(
        lesson=lesson,
        by=moderator,
        at=timezone.now(),
        row_version=lesson.row_version,
        values={"why": "Ring 07700 900124."},
    )
    assert counted() == 1


@pytest.mark.slow
def test_five_thousand_waiting_lessons_are_no_more_work_than_a_page(area: ResilienceArea, moderator: User) -> None:
    first = waits("First", area=area)
    client = sign_in(moderator)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("queue"))
    Lesson.objects.bulk_create(
        Lesson(
            kind=first.kind,
            title=f"Waits {number}",
            brag="green",
            event=first.event,
            organisation=first.organisation,
            area=area,
            author=first.author,
            status=Status.SUBMITTED,
            reference=f"LI-2031-{number:05d}",
            submitted_at=NOON,
            due_on=first.due_on,
        )
        for number in range(5_000)
    )

    began = time.monotonic()
    with CaptureQueriesContext(connection) as many:
        answer = client.get(reverse("queue"))
    took = time.monotonic() - began

    assert answer.context["page"].paginator.count == 5_001
    assert len(many) == len(few) <= 15
    assert took < 10, "ten times what is promised"
