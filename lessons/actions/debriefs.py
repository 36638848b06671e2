"""Opening a debrief, adding points, and deciding what becomes of them."""

import secrets
from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.models import Organisation, User
from lessons.actions.moves import move_lesson
from lessons.actions.writing import create_lesson, locked_events
from lessons.errors import LessonError
from lessons.holds import refuse_if_point_is_kept
from lessons.models import Debrief, Disposition, Event, Lesson, Move, Observation, Status, Theme
from lessons.models.debriefs import RUNS
from lessons.promoting import wording_from

#: No letter that is taken for another, and no vowel that makes a word; 10 of 27 are 47 bits.
CODE_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
CODE_LENGTH = 10
#: More than any debrief gathers: beyond it somebody plays with the page.
MOST_POINTS = 1_000


class DebriefClosed(LessonError):
    """Points cannot be added any more."""


class AlreadyDecided(LessonError):
    """What becomes of the point was decided in between."""


@transaction.atomic
def open_debrief(
    *,
    event: Event,
    organisation: Organisation,
    kind: str,
    held_on: date,
    closes_at: datetime,
    organisations: Iterable[Organisation] = (),
    by: User,
    at: datetime,
) -> Debrief:
    """Begin a debrief, with a code of its own.

    :param organisations: those that take part: their members may read it
    :raises PermissionDenied: `by` may not write for `organisation`
    """
    if not by.has_perm(RUNS, organisation):
        raise PermissionDenied
    locked_events(event.pk)
    debrief = Debrief.objects.create(
        event=event,
        organisation=organisation,
        opened_by=by,
        opened_at=at,
        kind=kind,
        held_on=held_on,
        closes_at=closes_at,
        code=_new_code(),
    )
    debrief.organisations.set(organisations)
    audit.record(action="debrief.open", subject=debrief, by=by, at=at)
    return debrief


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


@transaction.atomic
def change_code(*, debrief: Debrief, by: User, at: datetime) -> Debrief:
    """Give `debrief` another code: the old one opens nothing any more."""
    debrief = _locked(debrief, by)
    debrief.code = _new_code()
    debrief.save(update_fields=["code"])
    audit.record(action="debrief.change_code", subject=debrief, by=by, at=at)
    return debrief


@transaction.atomic
def set_closing(*, debrief: Debrief, closes_at: datetime, by: User, at: datetime) -> Debrief:
    """Close `debrief` for points at another time; at `at`, it is closed now."""
    debrief = _locked(debrief, by)
    debrief.closes_at = max(closes_at, debrief.opened_at)
    debrief.save(update_fields=["closes_at"])
    audit.record(action="debrief.set_closing", subject=debrief, by=by, at=at)
    return debrief


def add_point(
    *, debrief: Debrief, kind: str, text: str, principle: Theme | None, author: User | None, on: date, at: datetime
) -> Observation:
    """Add a point to an open debrief.  Nothing but the row is written, so that nobody can tell who made it.

    :param author: only if that person wished to be named
    :param on: the day in London; the time of day is not kept
    :raises DebriefClosed: the debrief was closed, or holds as many points as it can
    """
    if not debrief.is_open(at):
        raise DebriefClosed(
            gettext("This debrief is closed. Copy your text, and give it to the person who ran the debrief.")
        )
    return _add(debrief, kind, text, principle, author, on)


def note_point(*, debrief: Debrief, kind: str, text: str, principle: Theme | None, on: date, by: User) -> Observation:
    """Add a point that was made in the room, by those who run the debrief, open or not.

    :raises PermissionDenied: `by` does not run this debrief
    """
    if not by.has_perm(RUNS, debrief):
        raise PermissionDenied
    return _add(debrief, kind, text, principle, None, on)


def _add(debrief: Debrief, kind: str, text: str, principle: Theme | None, author: User | None, on: date) -> Observation:
    if debrief.observations.count() >= MOST_POINTS:
        raise DebriefClosed(gettext("This debrief holds as many points as it can."))
    return Observation.objects.create(
        debrief=debrief, kind=kind, text=text, principle=principle, author=author, given_on=on
    )


@transaction.atomic
def reword_point(*, point: Observation, kind: str, text: str, principle: Theme | None, by: User, at: datetime) -> None:
    """Correct a point, for example take out a name.  The earlier words are not kept anywhere.

    :raises AlreadyDecided: something became of it already
    :raises OnHold: a legal hold keeps it as it is
    """
    (point,) = _undecided(point.debrief, [point.pk], by)
    refuse_if_point_is_kept(point, at)
    point.kind, point.text, point.principle = kind, text, principle
    point.save(update_fields=["kind", "text", "principle"])
    audit.record(action="observation.reword", subject=point, by=by, at=at)


@transaction.atomic
def group_points(*, debrief: Debrief, points: Iterable[int], name: str, by: User, at: datetime) -> None:
    """Put points under one heading; an empty `name` takes them out again.

    :raises OnHold: a legal hold keeps one of them as it is
    """
    for point in _undecided(debrief, points, by):
        refuse_if_point_is_kept(point, at)
        point.group = name
        point.save(update_fields=["group"])
    audit.record(action="debrief.group", subject=debrief, by=by, at=at)


@transaction.atomic
def promote_points(*, debrief: Debrief, points: Iterable[int], kind: str, by: User, at: datetime) -> Lesson:
    """Begin a draft that holds what the points say, tagged with their principles.

    :raises PermissionDenied: `by` does not run this debrief
    :raises AlreadyDecided: something became of one of them in between
    """
    chosen = _undecided(debrief, points, by)
    event = debrief.event
    areas = list(event.areas.all()[:2]) or list(debrief.organisation.areas.all()[:2])
    lesson = create_lesson(
        by=by,
        at=at,
        event=event,
        organisation=debrief.organisation,
        kind=kind,
        area=areas[0] if len(areas) == 1 else None,
        themes={point.principle for point in chosen if point.principle},
        contact=debrief.organisation.mailbox,
        **wording_from(chosen, kind),
    )
    lesson.debrief = debrief
    lesson.save(update_fields=["debrief"])
    for point in chosen:
        _decide(point, Disposition.PROMOTED, lesson=lesson)
    audit.record(action="debrief.promote", subject=debrief, by=by, at=at, reason=f"lesson {lesson.pk}")
    return lesson


@transaction.atomic
def settle_points(
    *,
    debrief: Debrief,
    points: Iterable[int],
    disposition: str,
    by: User,
    at: datetime,
    note: str = "",
    system: str = "",
    system_reference: str = "",
    same_as: Observation | None = None,
) -> None:
    """Say what becomes of points that do not become a lesson.

    :param disposition: any of `Disposition` but undecided and promoted
    :param same_as: for a duplicate: the point of this debrief that says the same
    :raises AlreadyDecided: something became of one of them in between
    """
    for point in _undecided(debrief, points, by):
        if same_as and same_as.pk == point.pk:
            raise LessonError(gettext("A point cannot say the same as itself. Untick the one that stays."))
        _decide(point, disposition, note=note, system=system, system_reference=system_reference, same_as=same_as)
    audit.record(action="debrief.settle", subject=debrief, by=by, at=at, reason=disposition)


@transaction.atomic
def reconsider_point(*, point: Observation, by: User, at: datetime) -> None:
    """Undo what became of a point.  A draft without any point left is withdrawn, and can be reopened.

    :raises PermissionDenied: `by` does not run this debrief, or may not withdraw the draft
    :raises LessonError: the lesson was submitted already, or a legal hold keeps the point or its lesson as it is
    """
    debrief = _locked(point.debrief, by)
    point = debrief.observations.select_for_update(of=("self",)).select_related("lesson").get(pk=point.pk)
    refuse_if_point_is_kept(point, at)
    lesson = point.lesson
    if lesson and lesson.status not in {Status.DRAFT, Status.WITHDRAWN}:
        raise LessonError(
            gettext("%(lesson)s was submitted already. Withdraw it there if it should not go on.") % {"lesson": lesson}
        )
    _decide(point, Disposition.UNDECIDED)
    if lesson and lesson.status == Status.DRAFT and not lesson.observations.exists():
        move_lesson(lesson=lesson, move=Move.WITHDRAW, by=by, at=at)
    audit.record(action="observation.reconsider", subject=point, by=by, at=at)


def _decide(
    point: Observation,
    disposition: str,
    *,
    lesson: Lesson | None = None,
    note: str = "",
    system: str = "",
    system_reference: str = "",
    same_as: Observation | None = None,
) -> None:
    point.disposition, point.lesson, point.note = disposition, lesson, note
    point.system, point.system_reference, point.same_as = system, system_reference, same_as
    point.save(update_fields=["disposition", "lesson", "note", "system", "system_reference", "same_as"])


def _locked(debrief: Debrief, by: User) -> Debrief:
    if not by.has_perm(RUNS, debrief):
        raise PermissionDenied
    return Debrief.objects.select_for_update(of=("self",)).get(pk=debrief.pk)


def _undecided(debrief: Debrief, points: Iterable[int], by: User) -> list[Observation]:
    """Return the points of `debrief` with these keys, locked."""
    _locked(debrief, by)
    wanted = set(points)
    found = debrief.observations.select_for_update(of=("self",)).filter(pk__in=wanted).select_related("principle")
    chosen = [point for point in found.order_by("pk") if point.is_undecided]
    if not chosen or len(chosen) != len(wanted):
        raise AlreadyDecided(gettext("Somebody decided about one of these points in between. Look at the list again."))
    return chosen
