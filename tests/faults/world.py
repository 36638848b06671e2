"""Who reads what while faults strike: readers who asked for everything, at once, and lessons of both markings."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, LessonMove, Marking, Move, Status
from notifications.models import Delivery, Subscription
from tests.factories import (
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    SubscriptionFactory,
    UserFactory,
    person,
)

#: Stands in every text of a lesson that is OFFICIAL-SENSITIVE.
CANARY = "zinfandel"
#: Of the other lessons.
HARMLESS = "sandbags"


class World:
    """What the tests did, for the oracles: they ask whether the mails are those that follow from it."""

    def __init__(self) -> None:
        self.readers: list[str] = []
        self.moves: list[LessonMove] = []
        self.suspended: dict[int, float] = {}  # seconds since 1970 when it was committed, by lesson

    def subscribe(self, number: int, *, addresses: str = "") -> None:
        """Add readers who may read everything and ask for everything.

        :param addresses: how theirs begin
        """
        organisation = OrganisationFactory()
        readers = [UserFactory.build(password="!") for _ in range(number)]
        for reader in readers:
            reader.email = addresses + reader.email
        readers = User.objects.bulk_create(readers)
        Membership.objects.bulk_create(
            MembershipFactory.build(user=reader, organisation=organisation, area=None, cleared=True)
            for reader in readers
        )
        Subscription.objects.bulk_create(SubscriptionFactory.build(person=reader) for reader in readers)
        self.readers += [reader.email for reader in readers]

    def publish(self, *, marking: Marking = Marking.SENSITIVE) -> Lesson:
        """Publish a lesson; only readers' mails stay, so that they can be counted."""
        word = CANARY if marking == Marking.SENSITIVE else HARMLESS
        lesson = LessonFactory(
            status=Status.IN_REVIEW,
            at=timezone.now(),
            marking=marking,
            title=f"Keep {word} in one place {time.time_ns()}",
            what_happened=f"Nobody knew where the {word} were.",
            statement=f"Partners keep {word} in one place.",
            recommendations=[{"text": f"Keep {word}", "by_whom": "Local resilience forum"}],
        )
        self.move(lesson, Move.PUBLISH, lesson.claimed_by)
        return lesson

    def suspend(self, lesson: Lesson) -> None:
        self.move(lesson, Move.SUSPEND, person(Role.SECRETARIAT), note="A name was left in.")
        self.suspended[lesson.pk] = time.time()

    def move(self, lesson: Lesson, move: Move, by: User, **given: str) -> None:
        """Make a move.  The mails to its owner are left out: tests count those to readers."""
        with transaction.atomic():
            move_lesson(lesson=lesson, move=move, by=by, at=timezone.now(), **given)
            entry = LessonMove.objects.filter(lesson=lesson).latest("pk")
            Delivery.objects.filter(move=entry).delete()
        self.moves.append(entry)
