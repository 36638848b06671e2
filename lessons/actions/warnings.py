"""Keeping what was found in a text, and the answers to it."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from lessons.actions.writing import locked_for_owner
from lessons.errors import ReasonMissing, WrongStatus
from lessons.models import Answer, Lesson, Publication, TextWarning, WarningKind
from lessons.warnings.answers import LETS_STAY, warnings_in, warnings_kept
from lessons.warnings.check import Spotted, spot

LONGEST_REASON = 500
NEVER_KEPT = _("Nothing that is marked above OFFICIAL-SENSITIVE may be kept here. Take it out.")


@transaction.atomic
def look_again(text: Lesson | Publication) -> None:
    """Bring the warnings kept of a stored text in line with its words.  Answers stay for as long as the words do.

    A second call changes nothing.  The caller's transaction holds the lesson.
    """
    known = {(one.field, one.kind, one.digest): one for one in warnings_kept(text)}
    new = []
    for one in spot(text):
        warning = known.pop(one.key, None)
        if warning is None:
            new.append(_warning_of(text, one))
        elif warning.answer == Answer.REMOVED:  # it stands there again, so it has to be answered again
            TextWarning.objects.filter(pk=warning.pk).update(answer="", **_place(one))
        elif (warning.start, warning.end) != (one.found.start, one.found.end):
            TextWarning.objects.filter(pk=warning.pk).update(**_place(one))
    TextWarning.objects.bulk_create(new)
    gone = [warning.pk for warning in known.values() if warning.answer != Answer.REMOVED]
    if gone:
        TextWarning.objects.filter(pk__in=gone).delete()


def _place(one: Spotted) -> dict[str, int]:
    return {"start": one.found.start, "end": one.found.end}


def _warning_of(text: Lesson | Publication, one: Spotted) -> TextWarning:
    field, kind, digest = one.key
    of = {"publication": text} if isinstance(text, Publication) else {"lesson": text}
    return TextWarning(**of, field=field, kind=kind, digest=digest, **_place(one))


@transaction.atomic
def answer_warning(
    *, text: Lesson | Publication, code: str, answer: str, by: User, at: datetime, because: str = ""
) -> TextWarning:
    """Say that words which a rule found may stay.  A later answer replaces an earlier one.

    :param code: `Warned.code` of a warning of `text`
    :param answer: `false_alarm` or `needed`
    :param because: why the words are needed
    :raises PermissionDenied: `by` may not write `text`
    :raises ReasonMissing: there is no such answer, or the words are needed and nothing says why
    :raises WrongStatus: the words are not there any more, a marking that may not be stored is said to be needed, or
        the lesson is not open to its owner now
    """
    _ask(text, by, at)
    warned = next((one for one in warnings_in(text) if one.code == code), None)
    if warned is None:
        raise WrongStatus(gettext("These words are not in the text any more."))
    if answer not in LETS_STAY:
        raise ReasonMissing(gettext("Say whether it is a false alarm, or why the words are needed."))
    if answer == Answer.NEEDED and not because.strip():
        raise ReasonMissing(gettext("Say why the words are needed."))
    if answer == Answer.NEEDED and warned.spotted.found.kind == WarningKind.MARKING:
        raise WrongStatus(NEVER_KEPT)
    return _keep(text, warned.spotted, answer, because=because, by=by, at=at)


@transaction.atomic
def note_removed(*, text: Publication, removed: list[Spotted], by: User, at: datetime) -> None:
    """Record that words which a rule had found were taken out.  The caller's transaction took them out."""
    for one in removed:
        _keep(text, one, Answer.REMOVED, because="", by=by, at=at)


@transaction.atomic
def answer_all(*, text: Lesson | Publication, because: str, by: User, at: datetime) -> int:
    """Answer whatever is open with one reason, for an import that somebody vouches for as a whole.

    :return: how many there were
    :raises PermissionDenied: `by` may not write `text`
    :raises WrongStatus: one is a marking that may not be stored
    """
    _ask(text, by, at)
    found = [one for one in warnings_in(text) if one.is_open]
    for one in found:
        if one.spotted.found.kind == WarningKind.MARKING:
            raise WrongStatus(NEVER_KEPT)
        _keep(text, one.spotted, Answer.NEEDED, because=because, by=by, at=at)
    return len(found)


def _keep(
    text: Lesson | Publication, one: Spotted, answer: str, *, because: str, by: User, at: datetime
) -> TextWarning:
    field, kind, digest = one.key
    warning = warnings_kept(text).filter(field=field, kind=kind, digest=digest).first() or _warning_of(text, one)
    warning.answer, warning.because, warning.by, warning.at = answer, because.strip()[:LONGEST_REASON], by, at
    warning.save()
    lesson = text.lesson if isinstance(text, Publication) else text
    audit.record(action="warning.answer", subject=lesson, by=by, at=at, reason=f"{answer}: {kind}")
    return warning


def _ask(text: Lesson | Publication, by: User, at: datetime) -> None:
    """Refuse who may not write `text`, and hold the lesson: two answers at once become one row."""
    if not isinstance(text, Publication):
        locked_for_owner(text, by, at)
        return
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=text.lesson_id)
    if not by.has_perm("lessons.review_lesson", lesson):
        raise PermissionDenied
