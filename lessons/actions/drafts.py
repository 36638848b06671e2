"""Beginning a draft, and saving the step about its event."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.models import Organisation, ResilienceArea, User
from lessons.actions.writing import (
    EVENT_FIELDS,
    create_event,
    create_lesson,
    locked_events,
    locked_for_owner,
    save_event,
    save_lesson,
    stale,
)
from lessons.errors import StaleText
from lessons.holds import event_is_kept
from lessons.look_alikes import events_seen_by
from lessons.models import Event, Lesson
from lessons.models.lessons import OWNER_WRITES
from lessons.models.wording import digest_of


@transaction.atomic
def begin_draft(
    *, by: User, at: datetime, organisation: Organisation, kind: str, title: str, event: Event | None
) -> Lesson:
    """Begin a draft, of a new event if `event` is None.  Its area is filled in where there is only one.

    :raises PermissionDenied: `by` may not write for `organisation`
    """
    areas = list((event or organisation).areas.all()[:2])
    area = areas[0] if len(areas) == 1 else None
    if event is None:
        here = [area] if area else []
        event = create_event(by=by, at=at, organisation=organisation, areas=here, organisations=[organisation])
    return create_lesson(
        by=by,
        at=at,
        event=event,
        organisation=organisation,
        kind=kind,
        area=area,
        title=title,
        contact=organisation.mailbox,
    )


def event_may_change(lesson: Lesson) -> bool:
    """Whether the event is the organisation's own, and no other lesson of it was submitted."""
    event = lesson.event
    others = event.lessons.exclude(pk=lesson.pk).exclude(status__in=OWNER_WRITES)
    return event.organisation_id == lesson.organisation_id and not others.exists()


@transaction.atomic
def use_event(*, lesson: Lesson, event: Event, by: User, at: datetime) -> Lesson:
    """Let `lesson` be of an event that is recorded already; its own goes if nothing else comes from it.

    :raises PermissionDenied: `by` may not write the lesson, or does not see the event
    :raises WrongStatus: the lesson is not open to its owner now, or the event is gone
    :raises OnHold: a legal hold keeps the lesson as it is
    """
    lesson = locked_for_owner(lesson, by, at)
    before = lesson.event
    if event.pk == before.pk:
        return lesson
    locked_events(event.pk, before.pk)
    if not events_seen_by(by).filter(pk=event.pk).exists():
        raise PermissionDenied
    lesson.event = event
    lesson.row_version += 1
    lesson.save(update_fields=["event", "row_version"])
    lesson.editors.add(by)
    audit.record(action="lesson.change", subject=lesson, by=by, at=at, reason="event")
    is_used = before.lessons.exists() or before.debriefs.exists() or event_is_kept(before, at)
    if before.organisation_id == lesson.organisation_id and not is_used:
        audit.record(action="event.delete", subject=before, by=by, at=at)
        before.delete()
    return lesson


def version_of(event: Event) -> str:
    """Return a digest of all that the step about the event shows."""
    return digest_of({name: str(value) for name, value in _stored(event).items()})


@transaction.atomic
def save_event_step(
    *,
    lesson: Lesson,
    by: User,
    at: datetime,
    row_version: int,
    event_version: str,
    by_itself: bool = False,
    area: ResilienceArea | None,
    areas: Iterable[ResilienceArea],
    organisations: Iterable[Organisation],
    **fields: Any,
) -> Lesson:
    """Save the event of `lesson` and the area it belongs to.

    :param event_version: `version_of` the event that was shown; another lesson of it may have been saved since
    :param fields: any of `EVENT_FIELDS`
    :raises PermissionDenied: `by` may not write the lesson
    :raises WrongStatus: the lesson, or another one of the event, is with moderators or beyond
    :raises StaleText: somebody saved lesson or event in between; nothing is stored
    """
    areas, organisations = list(areas), list(organisations)
    yours = {"area": area, "areas": areas, "organisations": organisations, **fields}
    try:
        saved = save_lesson(lesson=lesson, by=by, at=at, row_version=row_version, by_itself=by_itself, area=area)
    except StaleText as error:
        theirs = _stored(Event.objects.get(pk=lesson.event_id)) | error.theirs
        raise stale(lesson, yours, theirs, error.row_version) from error
    event = Event.objects.select_for_update(of=("self",)).get(pk=saved.event_id)
    if version_of(event) != event_version:
        raise stale(lesson, yours, _stored(event) | {"area": saved.area}, row_version)
    save_event(lesson=saved, by=by, at=at, by_itself=by_itself, areas=areas, organisations=organisations, **fields)
    return saved


def _stored(event: Event) -> dict[str, object]:
    linked = {name: sorted(getattr(event, name).all(), key=str) for name in ("areas", "organisations")}
    return {name: getattr(event, name) for name in EVENT_FIELDS} | linked
