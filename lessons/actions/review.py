"""Working on the text to be published."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.models import User
from lessons import conditions, publishing
from lessons.actions.warnings import look_again, note_removed
from lessons.actions.writing import stale
from lessons.attempt import Attempt
from lessons.errors import NotYourClaim, ReasonMissing, WrongStatus
from lessons.holds import HAS_CURRENT, refuse_if_kept
from lessons.models import Lesson, Move, Publication, Status
from lessons.models.wording import WORDING_FIELDS
from lessons.readiness import Tags
from lessons.removals import removals_in, take_out
from lessons.warnings.check import spot

EDITED_BY_MODERATORS = (*WORDING_FIELDS, "event_name")


@transaction.atomic
def save_working_text(
    *,
    lesson: Lesson,
    by: User,
    at: datetime,
    row_version: int,
    values: dict[str, Any],
    tags: Tags | None = None,
    checklist: dict[str, bool] | None = None,
) -> Publication:
    """Save the text to be published; a claim is counted from here anew.

    :param row_version: the version of the lesson that was shown to the moderator
    :param values: any of `EDITED_BY_MODERATORS`
    :raises PermissionDenied: `by` does not moderate this lesson
    :raises LessonError: another holds the claim (NotYourClaim), the moderator wrote it (OwnLesson), it is no longer in
        review (WrongStatus), it is published and held (OnHold), or somebody saved in between (StaleText:
        nothing is stored)
    """
    lesson = _locked(lesson, by, at)
    text = publishing.working_text_of(lesson)
    if lesson.row_version != row_version:
        chosen = vars(tags) if tags else {}
        theirs = {name: getattr(text, name) for name in values} | {name: vars(Tags.of(text))[name] for name in chosen}
        raise stale(lesson, values | chosen, theirs, lesson.row_version)
    if unknown := set(values) - set(EDITED_BY_MODERATORS):
        raise TypeError(f"not to be written here: {', '.join(sorted(unknown))}")
    for name, value in values.items():
        setattr(text, name, value)
    if tags is not None:
        text.terms = tags.as_terms()
    if checklist is not None:
        text.checklist = checklist
    text.removals = removals_in(text)
    text.save()
    look_again(text)
    lesson.row_version += 1
    if lesson.status == Status.IN_REVIEW:
        lesson.claimed_at = at
    lesson.save(update_fields=["row_version", "claimed_at"])
    audit.record(action="publication.change", subject=text, by=by, at=at, digest=conditions.digest_of_text(text))
    return text


@transaction.atomic
def remove_words(*, lesson: Lesson, field: str, words: str, code: str, by: User, at: datetime) -> Publication:
    """Put a typed marker in place of `words` in one field of the text to be published.

    :param code: one of `REMOVAL_TYPES`
    :raises PermissionDenied, LessonError: as `save_working_text`
    :raises ReasonMissing: the words are not in that field, or the marker does not fit into it
    """
    lesson = _locked(lesson, by, at)
    text = publishing.working_text_of(lesson)
    before = {one.key: one for one in spot(text)}
    value = _without(getattr(text, field), words, code)
    if value == getattr(text, field):
        raise ReasonMissing(gettext("These words are not in that field. Copy them from the text to be published."))
    longest = getattr(Publication._meta.get_field(field), "max_length", None)
    if longest and len(value) > longest:
        raise ReasonMissing(
            gettext("With the marker it would be longer than %(longest)s characters. Shorten it first.")
            % {"longest": longest}
        )
    text = save_working_text(lesson=lesson, by=by, at=at, row_version=lesson.row_version, values={field: value})
    left = {one.key for one in spot(text)}
    note_removed(text=text, removed=[one for key, one in before.items() if key not in left], by=by, at=at)
    return text


def _without(value: Any, words: str, code: str) -> Any:
    if isinstance(value, list):  # recommendations
        return [{part: take_out(said, words, code) for part, said in one.items()} for one in value]
    return take_out(value, words, code)


@transaction.atomic
def discard_working_text(*, lesson: Lesson, by: User, at: datetime) -> None:
    """Give up the new version that is being prepared of something published.

    What somebody approved stays on record, so such a text is set back to the version in force instead.

    :raises PermissionDenied, LessonError: as `save_working_text`
    """
    lesson = _locked(lesson, by, at)
    if lesson.status not in HAS_CURRENT:
        raise WrongStatus(
            gettext("The text of a lesson in review cannot be given up: give the lesson back, or decline it.")
        )
    text = lesson.publications.working().first()
    if text is None:
        return
    if text.moves.exists():
        current = lesson.publications.current().get()
        values = {name: getattr(current, name) for name in EDITED_BY_MODERATORS}
        tags = Tags.of(current)
        save_working_text(lesson=lesson, by=by, at=at, row_version=lesson.row_version, values=values, tags=tags)
    else:
        text.warnings.all().delete()
        text.delete()
        audit.record(action="publication.discard", subject=lesson, by=by, at=at)


def check_may_write(lesson: Lesson, by: User, at: datetime) -> None:
    """Say why `by` may not write the text to be published, if so.

    :raises PermissionDenied: `by` does not moderate this lesson
    :raises LessonError: it is not theirs to decide on, or not now
    """
    if not by.has_perm("lessons.review_lesson", lesson):
        raise PermissionDenied
    attempt = Attempt(lesson, Move.CLAIM, by, at)
    conditions.in_remit(attempt)
    conditions.not_own(attempt)
    if lesson.status == Status.IN_REVIEW:
        # A claim that lapsed but that nobody took goes on: what was typed is not lost.
        if lesson.claimed_by_id != by.pk:
            raise NotYourClaim(gettext("Another moderator has claimed this lesson meanwhile."))
    elif lesson.status not in HAS_CURRENT:
        raise WrongStatus(gettext("This lesson is not in review."))
    else:
        refuse_if_kept(lesson, at)


def _locked(lesson: Lesson, by: User, at: datetime) -> Lesson:
    lesson = Lesson.objects.select_for_update(of=("self",)).select_related("event", "area").get(pk=lesson.pk)
    check_may_write(lesson, by, at)
    return lesson
