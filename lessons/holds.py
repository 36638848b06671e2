"""What a legal hold keeps as it is: all there was of a lesson, an event or a person's writing when it was placed.

What is begun later under such an event, or by such a person, can be written; it is only kept from being removed
(`retention.py`).  Moves change no words, so they stay open; those that put other words in the place of published ones
do not (`conditions.not_held`).
"""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import LegalHold, User
from accounts.models.records import LegalHoldQuerySet
from lessons.errors import OnHold
from lessons.models import Debrief, Event, Lesson, Observation, Status

#: There is a version that readers have, or had.
HAS_CURRENT = (Status.PUBLISHED, Status.SUSPENDED, Status.ARCHIVED)
LESSON_IS_KEPT = _(
    "This lesson is kept unchanged under a legal hold, so nothing was saved. The JOL Secretariat placed the hold: ask "
    "them if you need to change something. What you want to add can go into a new draft."
)
PUBLISHED_IS_KEPT = _(
    "This lesson is kept unchanged under a legal hold, so no other words can take its place. The JOL Secretariat "
    "placed the hold: ask them. If the lesson must not be used any more, it can be suspended."
)
EVENT_IS_KEPT = _(
    "This event, or a lesson of it, is kept unchanged under a legal hold, so nothing was saved. The JOL Secretariat "
    "placed the hold: ask them if you need to change something."
)
POINT_IS_KEPT = _(
    "This point is kept unchanged under a legal hold, so nothing was saved. The JOL Secretariat placed the hold: ask "
    "them if you need to change something. What you want to add can be a new point."
)


def _on(at: datetime, *things: tuple[type[models.Model], int | None]) -> LegalHoldQuerySet:
    """Return the holds in force on any of these."""
    on = Q(pk=None)
    for kind, key in things:
        on |= Q(object_type=kind._meta.label_lower, object_id=key)
    return LegalHold.objects.in_force(at).filter(on)


def is_kept(lesson: Lesson, at: datetime) -> bool:
    """Whether nobody may change the words, tags and files of `lesson`."""
    itself = _on(at, (Lesson, lesson.pk))
    around = _on(at, (Event, lesson.event_id), (User, lesson.author_id)).filter(at__gte=lesson.created_at)
    return (itself | around).exists()


def refuse_if_kept(lesson: Lesson, at: datetime) -> None:
    """:raises OnHold: a legal hold keeps it as it is"""
    if is_kept(lesson, at):
        raise OnHold(PUBLISHED_IS_KEPT if lesson.status in HAS_CURRENT else LESSON_IS_KEPT)


def may_be_written(lesson: Lesson, at: datetime) -> bool:
    """Whether its owner may write in it now."""
    return lesson.is_open_to_owner and not is_kept(lesson, at)


def event_is_kept(event: Event, at: datetime) -> bool:
    """Whether a hold is on the event, or on a lesson whose event it is."""
    return _on(at, (Event, event.pk)).exists() or any(is_kept(lesson, at) for lesson in event.lessons.all())


def refuse_if_point_is_kept(point: Observation, at: datetime) -> None:
    """:raises OnHold: a legal hold keeps it as it is; of a point only the day is known, so that day counts"""
    promoted = _on(at, (Lesson, point.lesson_id)) if point.lesson_id else LegalHold.objects.none()
    around = _on(at, (Event, point.debrief.event_id), *([(User, point.author_id)] if point.author_id else []))
    if promoted.exists() or any(timezone.localdate(hold.at) >= point.given_on for hold in around):
        raise OnHold(POINT_IS_KEPT)


def wait_for_writers(subject: models.Model) -> None:
    """Lock what a hold on `subject` keeps: who writes in it is done before the hold is there, or finds it."""
    lessons, debriefs, events = Lesson.objects.none(), Debrief.objects.none(), Event.objects.none()
    if isinstance(subject, Lesson):
        lessons = Lesson.objects.filter(pk=subject.pk)
        debriefs = Debrief.objects.filter(observations__lesson=subject)
        events = Event.objects.filter(pk=subject.event_id)
    elif isinstance(subject, Event):
        lessons, debriefs, events = subject.lessons.all(), subject.debriefs.all(), Event.objects.filter(pk=subject.pk)
    elif isinstance(subject, User):
        lessons = subject.lessons.all()
        debriefs = Debrief.objects.filter(observations__author=subject)
    in_order: tuple[QuerySet[Any], ...] = (debriefs, lessons, events)  # as the actions do: nobody waits in a ring
    for rows in in_order:
        keys = rows.order_by().values("pk").distinct()
        list(rows.model.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk").values_list("pk"))
