"""Mails about items that wait longer than was promised: once for each promise, to those who can act."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from lessons.effects import STARTS_THE_CLOCK
from lessons.models import Lesson, LessonMove, LessonQuerySet
from notifications.duties import News, Recipient, claimer_now, deciders
from notifications.models import Delivery, DeliveryKind, Priority
from notifications.models.deliveries import message_id_for

#: Items told of in one run; the next run goes on.
MOST_AT_ONCE = 500


def tell_of_overdue(*, at: datetime) -> int:
    """Write the mails about items that became overdue; return how many items that were.  A second call adds nothing.

    An item is told of once after each move that set its date, and not every day: those who can act see it at the top of
    their queue, and a mail that comes daily is soon read by nobody.
    """
    keys = list(_not_told_of(at).order_by("due_on", "pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_tell_of(key, at) for key in keys)


def _not_told_of(at: datetime) -> LessonQuerySet:
    """Keep what is overdue, with the move that set its date as `promise`, unless mails about that were written."""
    promises = LessonMove.objects.filter(lesson=OuterRef("pk"), move__in=STARTS_THE_CLOCK).order_by("-pk")
    overdue = Lesson.objects.waiting().filter(due_on__lt=timezone.localdate(at))
    overdue = overdue.annotate(promise=Subquery(promises.values("pk")[:1])).filter(promise__isnull=False)
    told = Delivery.objects.filter(move=OuterRef("promise"), kind=DeliveryKind.OVERDUE)
    return overdue.exclude(Exists(told))


@transaction.atomic
def _tell_of(key: int, at: datetime) -> bool:
    """Whatever is decided in this moment waits for this, or is left out."""
    free = Lesson.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=key)
    if not free.exists():
        return False
    lesson = _not_told_of(at).select_related("area", "organisation", "claimed_by").filter(pk=key).first()
    if lesson is None:
        return False
    move = LessonMove.objects.get(pk=lesson.promise)  # type: ignore[attr-defined]
    mails = {one.address.strip().lower(): one for one in _recipients(lesson)}
    rows = [
        Delivery(
            address=address,
            person=one.person,
            kind=DeliveryKind.OVERDUE,
            priority=Priority.DUTY,
            move=move,
            message_id=message_id_for(f"overdue {move.pk} {move.at.timestamp():.6f}", address),
            due_at=at,
            date=at,
        )
        for address, one in mails.items()
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(rows)


def _recipients(lesson: Lesson) -> Iterator[Recipient]:
    news = News(LessonMove(lesson=lesson), None)  # made by nobody: nobody is left out
    yield from claimer_now(news)
    yield from deciders(news)
