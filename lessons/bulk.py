"""One move for several lessons: each by itself, so that one that is refused keeps no other from being done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lessons.actions.moves import move_lesson
from lessons.errors import LessonError
from lessons.models import Lesson, Move, Status

NOT_ALLOWED = _("You may not do this with it.")


@dataclass(frozen=True)
class Outcome:
    """What came of the move, or would: `refusal` says why it is not made."""

    lesson: Lesson
    refusal: str = ""


def move_several(
    *, lessons: Iterable[Lesson], move: Move, by: User, at: datetime, rehearse: bool = False, **given: Any
) -> list[Outcome]:
    """Make `move` with each of the lessons; what has to be claimed first is claimed.

    :param rehearse: do it and undo it: what is returned is what would happen
    :param given: as `move_lesson` takes it
    """

    def make(lesson: Lesson) -> None:
        if move == Move.DECLINE and not (lesson.status == Status.IN_REVIEW and lesson.claimed_by_id == by.pk):
            lesson = move_lesson(lesson=lesson, move=Move.CLAIM, by=by, at=at)
        move_lesson(lesson=lesson, move=move, by=by, at=at, **given)

    return each_by_itself(lessons, make, rehearse=rehearse)


def each_by_itself(lessons: Iterable[Lesson], do: Callable[[Lesson], None], *, rehearse: bool) -> list[Outcome]:
    """Do it to each lesson in a transaction of its own, or undo it where it is only rehearsed."""
    return [_outcome(lesson, do, rehearse) for lesson in lessons]


def _outcome(lesson: Lesson, do: Callable[[Lesson], None], rehearse: bool) -> Outcome:
    try:
        with transaction.atomic():
            do(lesson)
            transaction.set_rollback(rehearse)
    except LessonError as error:
        return Outcome(lesson, str(error))
    except PermissionDenied:
        return Outcome(lesson, str(NOT_ALLOWED))
    return Outcome(lesson)
