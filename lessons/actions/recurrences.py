"""Saying that a lesson was seen before: it is a recurrence of a published one."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.models import User
from lessons.errors import WrongStatus
from lessons.holds import refuse_if_kept
from lessons.models import Lesson, LessonLink, Publication

RECURRENCE_OF = LessonLink.LinkKind.RECURRENCE_OF


@transaction.atomic
def link_recurrence(*, lesson: Lesson, target: Lesson, by: User, at: datetime) -> LessonLink:
    """Say that `lesson` is a recurrence of `target`.  Saying it again changes nothing.

    Readers see the link once both are published.

    :raises PermissionDenied: `by` neither writes nor moderates `lesson`, or may not read `target`
    :raises WrongStatus: they are the same, or it was said the other way round already
    """
    _ask(lesson, by)
    if target.pk == lesson.pk:
        raise WrongStatus(gettext("A lesson is no recurrence of itself."))
    if not Publication.objects.readable_by(by).filter(lesson=target).exists():
        raise PermissionDenied
    if LessonLink.objects.filter(source=target, target=lesson, kind=RECURRENCE_OF).exists():
        raise WrongStatus(gettext("%(target)s is a recurrence of this lesson already.") % {"target": target})
    link, is_new = LessonLink.objects.get_or_create(
        source=lesson, target=target, kind=RECURRENCE_OF, defaults={"by": by, "at": at}
    )
    if is_new:
        audit.record(action="lesson.link", subject=lesson, by=by, at=at, reason=str(target))
    return link


@transaction.atomic
def unlink_recurrence(*, lesson: Lesson, target: Lesson, by: User, at: datetime) -> None:
    """Take back that `lesson` is a recurrence of `target`.  A second call changes nothing.

    :raises PermissionDenied: `by` neither writes nor moderates `lesson`
    :raises OnHold: a legal hold keeps the lesson as it is
    """
    _ask(lesson, by)
    refuse_if_kept(lesson, at)
    gone, _ = LessonLink.objects.filter(source=lesson, target=target, kind=RECURRENCE_OF).delete()
    if gone:
        audit.record(action="lesson.unlink", subject=lesson, by=by, at=at, reason=str(target))


def _ask(lesson: Lesson, by: User) -> None:
    writes = lesson.is_open_to_owner and by.has_perm("lessons.change_lesson", lesson)
    if not (writes or by.has_perm("lessons.review_lesson", lesson)):
        raise PermissionDenied
