"""The queue of moderators: its filters, and taking the next one."""

from datetime import datetime

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from lessons.actions.moves import move_lesson
from lessons.errors import LessonError
from lessons.models import Kind, Lesson, LessonQuerySet, Move, Status


class QueueFilters(forms.Form):
    """The filters of the queue; a wrong value filters nothing."""

    whose = forms.ChoiceField(
        required=False,
        label="Show",
        choices=[("", "Everything"), ("free", "Not taken yet"), ("mine", "With me"), ("late", "Late")],
    )
    kind = forms.ChoiceField(required=False, label="Kind", choices=[("", "Any"), *Kind.choices])

    def apply(self, waiting: LessonQuerySet, *, user: User, at: datetime) -> LessonQuerySet:
        self.is_valid()
        if kind := self.cleaned_data.get("kind"):
            waiting = waiting.filter(kind=kind)
        match self.cleaned_data.get("whose"):
            case "free":
                waiting = waiting.filter(status=Status.SUBMITTED)
            case "mine":
                waiting = waiting.filter(claimed_by=user)
            case "late":
                waiting = waiting.filter(due_on__lt=timezone.localdate(at))
        return waiting


def claim_next(waiting: LessonQuerySet, *, by: User, at: datetime) -> Lesson | None:
    """Claim the first lesson of the queue that `by` may take; None if there is none.

    What somebody else takes in the same moment, and what `by` wrote, is passed over.
    """
    free = waiting.filter(status=Status.SUBMITTED).exclude(author=by).exclude(editors=by).in_queue_order()
    for lesson in free.iterator(chunk_size=20):
        try:
            return move_lesson(lesson=lesson, move=Move.CLAIM, by=by, at=at)
        except (LessonError, PermissionDenied):
            continue
    return None
