"""Moving a lesson: the only code that writes its status."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.backends import acting_role
from accounts.models import User
from lessons.attempt import Attempt
from lessons.errors import WrongStatus
from lessons.models import Lesson, LessonMove, Move, Status
from lessons.signals import lesson_moved
from lessons.workflow import RULES, Rule, rule_for


@transaction.atomic
def move_lesson(
    *,
    lesson: Lesson,
    move: Move,
    by: User,
    at: datetime,
    note: str = "",
    reason: str = "",
    fields: Iterable[str] = (),
    to: User | None = None,
    target: Lesson | None = None,
    change: str = "",
    quiet: bool = False,
) -> Lesson:
    """Make one move and record it; all of it or nothing.

    :param at: an aware datetime, the same for the lesson and its entry
    :param note: words for others: what to change, why it was declined, what a new version changes
    :param reason: a code: of a decline or an archiving
    :param fields: names of the fields that are to be changed
    :param to: who gets a reassigned lesson
    :param target: the lesson that another is merged into
    :param change: `minor` or `substantive`, for a new version
    :param quiet: an import: nobody is mailed
    :return: the lesson as it is now
    :raises PermissionDenied: `by` may not make this move
    :raises LessonError: a rule of the workflow forbids it; nothing is changed
    """
    # Lock the row: two people may press the button at the same time.  A merge locks both, in one order.
    both = {lesson.pk, target.pk} if target else {lesson.pk}
    list(Lesson.objects.select_for_update().filter(pk__in=both).order_by("pk").values_list("pk"))
    locked = Lesson.objects.select_for_update(of=("self",)).select_related("organisation__type", "area", "event")
    lesson = locked.get(pk=lesson.pk)
    rule = _rule_for(lesson, move, by)
    attempt = Attempt(lesson, move, by, at, note, reason, tuple(fields), to, target, change)
    for condition in rule.conditions:
        condition(attempt)
    return _carry_out(rule, attempt, role=acting_role(by, rule.permission, lesson), quiet=quiet)


@transaction.atomic
def suspend_again(*, lesson: Lesson, at: datetime, note: str) -> bool:
    """Suspend what a backup brought back although it must not be read; say whether it was readable.

    It is nobody's move: no permission is asked.
    """
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
    rule = rule_for(Move.SUSPEND, lesson.status)
    if rule is None:
        return False
    nobody: Any = None
    _carry_out(rule, Attempt(lesson, Move.SUSPEND, nobody, at, note), role="", quiet=False)
    return True


def _carry_out(rule: Rule, attempt: Attempt, *, role: str, quiet: bool) -> Lesson:
    lesson = attempt.lesson
    claimer, from_status = lesson.claimed_by, lesson.status
    # The target first: effects ask where the lesson goes.
    lesson.status = rule.target(attempt) if callable(rule.target) else rule.target
    for effect in rule.effects:
        effect(attempt)
    lesson.row_version += 1
    lesson.save(update_fields=["status", "row_version", *attempt.changed])
    entry = _record(attempt, from_status=from_status, role=role)
    lesson_moved.send(sender=Lesson, entry=entry, quiet=quiet, claimer=claimer)
    return lesson


def _rule_for(lesson: Lesson, move: Move, by: User) -> Rule:
    """Return the row of the table that applies.

    :raises PermissionDenied: the mover lacks its permission (or that of every row, where the state is wrong too)
    :raises WrongStatus: the move is not made from here
    """
    rule = rule_for(move, lesson.status)
    permissions = {rule.permission} if rule else {row.permission for row in RULES[move]}
    if not any(by.has_perm(permission, lesson) for permission in permissions):
        raise PermissionDenied
    if rule is None:
        raise wrong_status(lesson)
    return rule


def wrong_status(lesson: Lesson) -> WrongStatus:
    said = gettext("The status of this lesson is “%(status)s” now, so this cannot be done.")
    return WrongStatus(said % {"status": Status(lesson.status).label})


def _record(attempt: Attempt, *, from_status: str, role: str) -> LessonMove:
    lesson = attempt.lesson
    entry = LessonMove.objects.create(
        lesson=lesson,
        move=attempt.move,
        from_status=from_status,
        to_status=lesson.status,
        by=attempt.by,
        role=role,
        at=attempt.at,
        note=attempt.note.strip(),
        reason=attempt.reason,
        fields=list(attempt.fields),
        publication=attempt.publication,
        text_digest=attempt.text_digest,
        snapshot=attempt.snapshot,
    )
    audit.record(
        action=f"lesson.{attempt.move}",
        subject=lesson,
        by=attempt.by,
        at=attempt.at,
        role=role,
        reason=attempt.reason,
        digest=attempt.text_digest,
    )
    return entry
