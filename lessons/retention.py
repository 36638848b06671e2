"""How long lessons and what led to them are kept."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from accounts.models.records import Unit
from accounts.records.erasure import FATES, Fate
from accounts.records.holds import Held
from accounts.records.retention import CLASSES, Kept, Outcome
from lessons.attachments import store
from lessons.models import Disposition, Event, IdempotencyKey, Lesson, Move, Observation, Status
from lessons.models.debriefs import OPEN_AGAIN

#: Moves in which a moderator looked at what is published.
REVIEWS = (Move.PUBLISH, Move.PUBLISH_AGAIN, Move.RESTORE, Move.ARCHIVE, Move.APPROVE)
#: What is left of a point that was removed: the table wants a text.
REMOVED = "–"


def publications_due(before: datetime, at: datetime, held: Held) -> "QuerySet[Lesson]":
    """Published lessons that no moderator has looked at since that time."""
    published = Lesson.objects.filter(status__in=[Status.PUBLISHED, Status.ARCHIVED])
    looked_at = published.annotate(looked_at=Max("moves__at", filter=Q(moves__move__in=REVIEWS)))
    return looked_at.filter(looked_at__lt=before).exclude(lesson_is_held(held))


def points_due(before: datetime, at: datetime, held: Held) -> "QuerySet[Observation]":
    """Raw points of debriefs, once they are too old or their debrief is closed: all decided, and shut for good."""
    undecided = Observation.objects.filter(debrief=OuterRef("debrief"), disposition=Disposition.UNDECIDED)
    is_closed = Q(debrief__closes_at__lt=at - OPEN_AGAIN) & ~Exists(undecided)
    old = Q(given_on__lt=timezone.localdate(before))
    lessons, events, people = (held.in_class(kind) for kind in (Lesson, Event, User))
    is_held = Q(lesson__in=lessons) | Q(debrief__event__in=events) | Q(author__in=people)
    kept = Observation.objects.exclude(text=REMOVED)
    return kept.filter(old | is_closed).exclude(pk__in=Observation.objects.filter(is_held).values("pk"))


def forget_points(points: "QuerySet[Any]", at: datetime) -> None:
    points.update(text=REMOVED, author=None, note="", group="")


def drafts_due(before: datetime, at: datetime, held: Held) -> "QuerySet[Lesson]":
    """Drafts that were never submitted, and that nobody has written in since that time."""
    key = Cast(OuterRef("pk"), models.CharField())
    written = AuditEvent.objects.filter(object_type=Lesson._meta.label_lower, object_id=key, at__gte=before)
    drafts = Lesson.objects.filter(status=Status.DRAFT, moves=None, publications=None, created_at__lt=before)
    return drafts.exclude(Exists(written.exclude(action="lesson.read"))).exclude(lesson_is_held(held))


def delete_drafts(drafts: "QuerySet[Any]", at: datetime) -> None:
    """Delete them with their files; a point that was made into one counts as one without action."""
    points = Observation.objects.filter(lesson__in=drafts)
    points.update(lesson=None, disposition=Disposition.NO_ACTION)
    keys = [key for key in drafts.values_list("attachments__key", flat=True) if key]
    drafts.delete()
    for key in keys:
        transaction.on_commit(partial(store.delete, key))


def keys_due(before: datetime, at: datetime, held: Held) -> "QuerySet[IdempotencyKey]":
    """Keys of programs, which are of use only while a request may come a second time."""
    return IdempotencyKey.objects.filter(created_at__lt=before).exclude(user__in=held.in_class(User))


def delete_keys(keys: "QuerySet[Any]", at: datetime) -> None:
    keys.delete()


def lesson_is_held(held: Held) -> Q:
    lessons, events, people = (held.in_class(kind) for kind in (Lesson, Event, User))
    return Q(pk__in=lessons) | Q(event__in=events) | Q(author__in=people)


CLASSES += [
    Kept(
        "publications", _("Published lessons, after their last review"), 6, Unit.YEAR, Outcome.REVIEW, publications_due
    ),
    Kept(
        "points",
        _("Raw points of debriefs; sooner if the debrief is closed"),
        2,
        Unit.YEAR,
        Outcome.ANONYMISE,
        points_due,
        forget_points,
    ),
    # Twenty-four hours are promised (api/drafts.py); a week leaves room for a program that stood still over a weekend.
    Kept(
        "idempotency_keys",
        _("Keys by which programs ask twice for one draft"),
        7,
        Unit.DAY,
        Outcome.DELETE,
        keys_due,
        delete_keys,
    ),
    Kept("drafts", _("Drafts that were never submitted"), 12, Unit.MONTH, Outcome.DELETE, drafts_due, delete_drafts),
]
FATES |= dict.fromkeys(
    (
        "lessons.lesson.author",
        "lessons.lesson.claimed_by",
        "lessons.lesson_editors.user",
        "lessons.lessonlink.by",
        "lessons.lessonmove.by",
        "lessons.attachment.added_by",
        "lessons.debrief.opened_by",
        "lessons.observation.author",
        "lessons.exportrecord.by",
        "lessons.publication.published_by",
        "lessons.textwarning.by",
        "lessons.comment.by",
        "lessons.foirequest.closed_by",
        "lessons.foirequest.opened_by",
    ),
    Fate.KEEP,
)
FATES |= dict.fromkeys(("lessons.openpage.user", "lessons.idempotencykey.user"), Fate.DELETE)
