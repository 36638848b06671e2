"""Letting a partner organisation into a draft, and out again (django-guardian)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from accounts import audit
from accounts.models import Organisation, User
from lessons.models import Lesson
from lessons.partners import SHARED


@transaction.atomic
def share_lesson(*, lesson: Lesson, organisation: Organisation, may_write: bool, by: User, at: datetime) -> None:
    """Let the people of `organisation` read `lesson`, and write it while it is open.  Saying it again changes it.

    :raises PermissionDenied: `by` is neither its author nor an owner lead
    """
    _ask(lesson, by)
    assign_perm("lessons.view_lesson", organisation, lesson)
    if may_write:
        assign_perm("lessons.change_lesson", organisation, lesson)
    else:
        remove_perm("lessons.change_lesson", organisation, lesson)
    audit.record(action=SHARED, subject=lesson, by=by, at=at, reason=organisation.code)


@transaction.atomic
def unshare_lesson(*, lesson: Lesson, organisation: Organisation, by: User, at: datetime) -> None:
    """End what was granted to `organisation`.

    :raises PermissionDenied: `by` is neither its author nor an owner lead
    """
    _ask(lesson, by)
    remove_perm("lessons.view_lesson", organisation, lesson)
    remove_perm("lessons.change_lesson", organisation, lesson)
    audit.record(action="lesson.unshare", subject=lesson, by=by, at=at, reason=organisation.code)


def _ask(lesson: Lesson, by: User) -> None:
    if not by.has_perm("lessons.share_lesson", lesson):
        raise PermissionDenied
