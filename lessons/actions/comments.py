"""What moderators say about single fields."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from accounts import audit
from accounts.models import User
from lessons.errors import NotYourClaim
from lessons.holds import refuse_if_kept
from lessons.models import Comment, Lesson, Move, Status

HANDED_IN = (Move.SUBMIT, Move.RESUBMIT)


def open_comments(lesson: Lesson) -> QuerySet[Comment]:
    """Return what was said since the owner handed the text in, oldest first: what they are to change."""
    handed_in_later = lesson.moves.filter(move__in=HANDED_IN, at__gt=OuterRef("at"))
    comments = Comment.objects.filter(lesson=lesson).exclude(Exists(handed_in_later))
    return comments.select_related("by").order_by("pk")


def comments_for_owner(lesson: Lesson) -> QuerySet[Comment]:
    """Return what the owner is asked to change, field by field, while the lesson is with them; else nothing."""
    return open_comments(lesson) if lesson.status == Status.CHANGES_REQUESTED else Comment.objects.none()


@transaction.atomic
def add_comment(*, lesson: Lesson, field: str, text: str, by: User, at: datetime) -> Comment:
    """Say something about a field; its owner sees it when they are asked for changes.

    :raises PermissionDenied: `by` does not moderate the lesson
    :raises NotYourClaim: somebody else has it, or nobody
    """
    _ask(lesson, by)
    comment = Comment.objects.create(lesson=lesson, field=field, text=text, by=by, at=at)
    audit.record(action="comment.add", subject=lesson, by=by, at=at, reason=field)
    return comment


@transaction.atomic
def delete_comment(*, lesson: Lesson, pk: int, by: User, at: datetime) -> None:
    """Take a comment back that the owner has not seen yet.  A second call does nothing.

    :raises PermissionDenied: `by` does not moderate the lesson
    :raises NotYourClaim: somebody else has it, or nobody
    :raises OnHold: a legal hold keeps what was said about the lesson
    """
    _ask(lesson, by)
    refuse_if_kept(lesson, at)
    if open_comments(lesson).filter(pk=pk).delete()[0]:
        audit.record(action="comment.delete", subject=lesson, by=by, at=at)


def _ask(lesson: Lesson, by: User) -> None:
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
    if not by.has_perm("lessons.review_lesson", lesson):
        raise PermissionDenied
    if lesson.status != Status.IN_REVIEW or lesson.claimed_by_id != by.pk:
        raise NotYourClaim(gettext("Only the moderator who has claimed a lesson comments on it."))
