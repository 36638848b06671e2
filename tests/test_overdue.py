"""Items that wait longer than was promised: once per promise and person, to those who can act."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import ResilienceArea, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, Move, Status, Tier
from notifications.models import Delivery, DeliveryKind
from notifications.overdue import tell_of_overdue
from tests.factories import NOON, LessonFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db

DUE = NOON.date() + timedelta(days=1)
LATE = NOON + timedelta(days=2)


def waiting(area: ResilienceArea, **values: Any) -> Lesson:
    values = {"status": Status.SUBMITTED, "due_on": DUE, "organisation": OrganisationFactory(areas=[area])} | values
    lesson: Lesson = LessonFactory(area=area, **values)
    return lesson


def told(kind: str = DeliveryKind.OVERDUE) -> list[str]:
    return sorted(Delivery.objects.filter(kind=kind).values_list("address", flat=True))


def moderators(area: ResilienceArea, count: int = 2) -> list[User]:
    return [person(Role.LRF_MODERATOR, area=area) for _ in range(count)]


def test_the_moderators_of_the_area_are_told_once_however_often_one_looks() -> None:
    area = ResilienceAreaFactory()
    people = moderators(area)
    waiting(area)

    assert tell_of_overdue(at=LATE) == 1
    assert tell_of_overdue(at=LATE) == 0
    assert tell_of_overdue(at=LATE + timedelta(days=30)) == 0

    assert told() == sorted(one.email for one in people)


def test_the_areas_mailbox_is_told_instead_and_whoever_has_the_item() -> None:
    area = ResilienceAreaFactory(mailbox="Forum@Area.example")
    holder, _ = moderators(area)
    waiting(area, status=Status.IN_REVIEW, claimed_by=holder)

    tell_of_overdue(at=LATE)

    assert told() == sorted(["forum@area.example", holder.email])


def test_a_national_item_is_told_to_the_secretariat() -> None:
    area = ResilienceAreaFactory()
    moderators(area)
    secretariat = person(Role.SECRETARIAT)
    waiting(area, tier=Tier.NATIONAL)

    tell_of_overdue(at=LATE)

    assert told() == [secretariat.email]


@pytest.mark.parametrize(
    ("at", "late"),
    [
        (datetime.fromisoformat("2026-03-03T23:59:00+00:00"), False),  # the day itself, to its end
        (datetime.fromisoformat("2026-03-04T00:01:00+00:00"), True),
    ],
)
def test_an_item_is_overdue_from_the_day_after_it_was_due(at: datetime, late: bool) -> None:
    area = ResilienceAreaFactory()
    moderators(area)
    waiting(area)

    assert tell_of_overdue(at=at) == late


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SUBMITTED, Status.IN_REVIEW}))
def test_what_waits_for_no_moderator_is_never_overdue(status: str) -> None:
    area = ResilienceAreaFactory()
    moderators(area)
    waiting(area, status=status)

    assert tell_of_overdue(at=LATE) == 0


def test_a_new_promise_that_is_broken_is_told_of_again() -> None:
    area = ResilienceAreaFactory()
    holder, other = moderators(area)
    secretariat = person(Role.SECRETARIAT)
    lesson = waiting(area, status=Status.IN_REVIEW, claimed_by=holder)
    tell_of_overdue(at=LATE)

    move_lesson(lesson=lesson, move=Move.ESCALATE, by=holder, at=NOON + timedelta(hours=1), note="It is wider.")
    assert tell_of_overdue(at=LATE) == 0
    assert tell_of_overdue(at=LATE + timedelta(days=60)) == 1

    assert told() == sorted([holder.email, other.email, secretariat.email])


def test_an_area_that_has_lost_its_moderators_blocks_nothing_the_secretariat_is_told() -> None:
    area = ResilienceAreaFactory()
    waiting(area)
    secretariat = person(Role.SECRETARIAT)

    assert tell_of_overdue(at=LATE) == 1
    assert told() == [secretariat.email]


def test_nobody_to_tell_is_no_fault_and_whoever_comes_is_told() -> None:
    area = ResilienceAreaFactory()
    waiting(area)
    assert tell_of_overdue(at=LATE) == 0

    (newcomer,) = moderators(area, 1)
    assert tell_of_overdue(at=LATE) == 1
    assert told() == [newcomer.email]


def test_the_database_holds_one_mail_per_promise_and_address() -> None:
    area = ResilienceAreaFactory()
    moderators(area, 1)
    lesson = waiting(area)
    tell_of_overdue(at=LATE)
    mail = Delivery.objects.get(kind=DeliveryKind.OVERDUE)

    assert mail.move == lesson.moves.get(move=Move.SUBMIT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(
            address=mail.address, kind=mail.kind, priority=mail.priority, move=mail.move, due_at=LATE, date=LATE
        )
