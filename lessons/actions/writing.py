"""Writing events and lessons for their owner."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.models import AuditEvent, Organisation, ResilienceArea, User
from lessons.errors import OnHold, StaleText, WrongStatus
from lessons.holds import EVENT_IS_KEPT, event_is_kept, refuse_if_kept
from lessons.models import Capability, Event, Lesson, NationalRisk, Theme
from lessons.models.wording import WORDING_FIELDS

EVENT_FIELDS = (
    "name",
    "kind",
    "started_on",
    "ended_on",
    "precision",
    "place",
    "scale",
    "major_incident",
    "legal_contexts",
    "marking",
)
#: Fields of a lesson that its owner writes, besides the tags.
OWNER_FIELDS = (*WORDING_FIELDS, "area", "contact")
TAGS = ("risks", "themes", "capabilities")
#: Pages save by themselves every few seconds; of these the audit trail has one row in this time.
AUDITED_EVERY = timedelta(minutes=10)


@transaction.atomic
def create_event(
    *,
    by: User,
    at: datetime,
    organisation: Organisation,
    areas: Iterable[ResilienceArea] = (),
    organisations: Iterable[Organisation] = (),
    **fields: Any,
) -> Event:
    """Record what the learning comes from.

    :param fields: any of `EVENT_FIELDS`
    :raises PermissionDenied: `by` may not write for `organisation`
    """
    if not by.has_perm("lessons.add_event", organisation):
        raise PermissionDenied
    event = Event.objects.create(organisation=organisation, **_only(fields, EVENT_FIELDS))
    event.areas.set(areas)
    event.organisations.set(organisations)
    audit.record(action="event.create", subject=event, by=by, at=at)
    return event


@transaction.atomic
def save_event(
    *,
    lesson: Lesson,
    by: User,
    at: datetime,
    by_itself: bool = False,
    areas: Iterable[ResilienceArea] | None = None,
    organisations: Iterable[Organisation] | None = None,
    **fields: Any,
) -> Event:
    """Change the event of a lesson that its owner may still write.

    :param by_itself: the page saves while somebody types
    :raises PermissionDenied: `by` may not write the lesson, or the event was recorded by another organisation
    :raises WrongStatus: the lesson, or another lesson of the event, is with moderators or beyond
    :raises OnHold: a legal hold keeps one of them as it is
    """
    lesson = locked_for_owner(lesson, by, at)
    event = Event.objects.select_for_update(of=("self",)).get(pk=lesson.event_id)
    if event.organisation_id != lesson.organisation_id:
        raise PermissionDenied
    if event_is_kept(event, at):
        raise OnHold(EVENT_IS_KEPT)
    if any(not other.is_open_to_owner for other in event.lessons.exclude(pk=lesson.pk)):
        raise WrongStatus(
            gettext("Another lesson of this event was submitted, so the event cannot be changed any more.")
        )
    for name, value in _only(fields, EVENT_FIELDS).items():
        setattr(event, name, value)
    event.save()
    if areas is not None:
        event.areas.set(areas)
    if organisations is not None:
        event.organisations.set(organisations)
    _audit_change("event.change", event, by, at, by_itself=by_itself)
    return event


@transaction.atomic
def create_lesson(
    *,
    by: User,
    at: datetime,
    event: Event,
    organisation: Organisation,
    kind: str,
    area: ResilienceArea | None = None,
    risks: Iterable[NationalRisk] = (),
    themes: Iterable[Theme] = (),
    capabilities: Iterable[Capability] = (),
    external_id: str = "",
    **fields: Any,
) -> Lesson:
    """Begin a draft.

    :param fields: any of `OWNER_FIELDS`
    :raises PermissionDenied: `by` may not write for `organisation`
    :raises WrongStatus: the event is gone
    """
    if not by.has_perm("lessons.add_lesson", organisation):
        raise PermissionDenied
    locked_events(event.pk)
    lesson = Lesson.objects.create(
        event=event,
        organisation=organisation,
        kind=kind,
        area=area,
        author=by,
        external_id=external_id,
        **_only(fields, OWNER_FIELDS),
    )
    lesson.editors.add(by)
    lesson.risks.set(risks)
    lesson.themes.set(themes)
    lesson.capabilities.set(capabilities)
    audit.record(action="lesson.create", subject=lesson, by=by, at=at)
    return lesson


@transaction.atomic
def save_lesson(
    *, lesson: Lesson, by: User, at: datetime, row_version: int, by_itself: bool = False, **values: Any
) -> Lesson:
    """Save what the owner wrote.

    :param row_version: the version that was shown to the writer
    :param by_itself: the page saves while somebody types
    :param values: any of `OWNER_FIELDS` and `TAGS`
    :raises PermissionDenied: `by` may not write this lesson
    :raises WrongStatus: it is not open to its owner now
    :raises StaleText: somebody saved in between; nothing is stored
    """
    lesson = locked_for_owner(lesson, by, at)
    if lesson.row_version != row_version:
        raise stale(lesson, values, _shown(lesson, values), lesson.row_version)
    tags = {name: values.pop(name) for name in TAGS if name in values}
    values = _only(values, OWNER_FIELDS)
    for name, value in values.items():
        setattr(lesson, name, value)
    lesson.row_version += 1
    lesson.save(update_fields=[*values, "row_version"])
    for name, chosen in tags.items():
        getattr(lesson, name).set(chosen)
    lesson.editors.add(by)
    _audit_change("lesson.change", lesson, by, at, by_itself=by_itself)
    return lesson


def _audit_change(action: str, subject: models.Model, by: User, at: datetime, *, by_itself: bool) -> None:
    if by_itself:
        rows = AuditEvent.objects.filter(object_type=subject._meta.label_lower, object_id=str(subject.pk))
        if rows.filter(action=action, actor=by, at__gt=at - AUDITED_EVERY).exists():
            return
    audit.record(action=action, subject=subject, by=by, at=at)


def stale(lesson: Lesson, yours: dict[str, object], theirs: dict[str, object], row_version: int) -> StaleText:
    return StaleText(
        gettext(
            "Somebody else saved %(lesson)s while you were writing. Nothing of yours is lost: compare, and save again."
        )
        % {"lesson": lesson},
        theirs=theirs,
        yours=yours,
        row_version=row_version,
    )


def _shown(lesson: Lesson, values: dict[str, Any]) -> dict[str, object]:
    return {n: list(getattr(lesson, n).all()) if n in TAGS else getattr(lesson, n) for n in values}


def locked_for_owner(lesson: Lesson, by: User, at: datetime) -> Lesson:
    """Return the lesson as it is now, locked.

    :raises PermissionDenied: `by` may not write it
    :raises WrongStatus: it is not open to its owner now
    :raises OnHold: a legal hold keeps it as it is
    """
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
    if not by.has_perm("lessons.change_lesson", lesson):
        if by.has_perm("lessons.view_lesson", lesson) and not lesson.is_open_to_owner:
            raise WrongStatus(gettext("This lesson is not open to changes now."))
        raise PermissionDenied
    if not lesson.is_open_to_owner:
        raise WrongStatus(gettext("This lesson is not open to changes now."))
    refuse_if_kept(lesson, at)
    return lesson


def locked_events(*keys: int) -> None:
    """Hold these events where they are: one that nothing comes from any more goes (`use_event`).

    :raises WrongStatus: one is gone
    """
    locked = Event.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
    if len(locked.values_list("pk", flat=True)) < len(set(keys)):
        raise WrongStatus(gettext("This event is not recorded any more. Choose another one, or record it anew."))


def _only(fields: dict[str, Any], allowed: Iterable[str]) -> dict[str, Any]:
    """Return `fields`, having checked that each may be written.

    :raises TypeError: one may not: a fault of the caller, never of the user
    """
    if unknown := set(fields) - set(allowed):
        raise TypeError(f"not to be written here: {', '.join(sorted(unknown))}")
    return fields
