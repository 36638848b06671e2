"""Working on the text to be published."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.models import User
from lessons import conditions, publishing
from lessons.actions.warnings import look_again
from lessons.actions.writing import stale
from lessons.attempt import Attempt
from lessons.errors import NotYourClaim, WrongStatus
from lessons.models import Lesson, Move, Publication, Status
from lessons.models.wording import WORDING_FIELDS
from lessons.readiness import Tags
from lessons.removals import removals_in

#: States in which a new version of what is published can be prepared.
HAS_CURRENT = (Status.PUBLISHED, Status.SUSPENDED, Status.ARCHIVED)
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
        review (WrongStatus), or somebody saved in between (StaleText: nothing is stored)
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


def _locked(lesson: Lesson, by: User, at: datetime) -> Lesson:
    lesson = Lesson.objects.select_for_update(of=("self",)).select_related("event", "area").get(pk=lesson.pk)
    if not by.has_perm("lessons.review_lesson", lesson):
        raise PermissionDenied
    attempt = Attempt(lesson, Move.CLAIM, by, at)
    conditions.in_remit(attempt)
    conditions.not_own(attempt)
    if lesson.status == Status.IN_REVIEW:
        # A claim that lapsed but that nobody took goes on: what was typed is not lost.
        if lesson.claimed_by_id != by.pk:
            raise NotYourClaim("Another moderator has claimed this lesson meanwhile.")
    elif lesson.status not in HAS_CURRENT:
        raise WrongStatus("This lesson is not in review.")
    return lesson
