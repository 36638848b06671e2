"""Small things a moderator does to a text while working on it: each a button, after which the page is shown again."""

from datetime import datetime

from django.utils.translation import gettext

from accounts.models import User
from govuk.numbers import number_sent
from lessons import publishing
from lessons.actions.comments import add_comment, delete_comment
from lessons.actions.recurrences import link_recurrence, unlink_recurrence
from lessons.actions.review import discard_working_text, remove_words
from lessons.actions.warnings import answer_warning
from lessons.errors import WrongStatus
from lessons.forms.review.decisions import RemovalForm
from lessons.forms.review.text import ReviewForm
from lessons.models import Answer, Lesson, Publication, WarningKind
from lessons.removals import REMOVAL_TYPES, marker_of
from lessons.warnings.check import spot

#: What a find is taken out as.
AS_TYPE = {WarningKind.MARKING: "security"}


def touch(
    name: str, *, lesson: Lesson, form: ReviewForm, removal: RemovalForm, by: User, at: datetime
) -> tuple[str, str]:
    """Do what the button `name` says to the text as it was just saved.

    :return: words on what was done, and where on the page it was (an id); ("", "") if the button is another one
    :raises LessonError: it cannot be done; the text stays saved
    """
    what, _, code = name.partition(":")
    match what:
        case "remove":
            sent = removal.cleaned_data
            words, field, kind = sent["remove_words"], sent["remove_field"], sent["remove_type"]
            remove_words(lesson=lesson, field=field, words=words, code=kind, by=by, at=at)
            return gettext("Taken out, with “%(marker)s” in its place.") % {"marker": marker_of(kind)}, f"row-{field}"
        case "take_out":
            return _take_out(lesson, code, by, at)
        case "false_alarm" | "needed":
            text = publishing.working_text_of(lesson)
            because = form.cleaned_data.get(f"because_{code}", "") if what == "needed" else ""
            kept = answer_warning(text=text, code=code, answer=what, because=because, by=by, at=at)
            return gettext("Answered: %(answer)s.") % {"answer": Answer(kept.answer).label.lower()}, f"row-{kept.field}"
        case "same":
            target = _published(code, by)
            link_recurrence(lesson=lesson, target=target, by=by, at=at)
            return gettext("It is called a recurrence of %(reference)s.") % {
                "reference": target.reference
            }, "same-again"
        case "not_same":
            target = _published(code, by)
            unlink_recurrence(lesson=lesson, target=target, by=by, at=at)
            return gettext("It is no longer called a recurrence of %(reference)s.") % {
                "reference": target.reference
            }, "same-again"
        case "uncomment":
            delete_comment(lesson=lesson, pk=number_sent(code) or 0, by=by, at=at)
            return gettext("The comment is deleted."), "main-content"
        case "discard":
            discard_working_text(lesson=lesson, by=by, at=at)
            return gettext("The text you were preparing is given up."), "main-content"
    return "", ""


def _take_out(lesson: Lesson, code: str, by: User, at: datetime) -> tuple[str, str]:
    text = publishing.working_text_of(lesson)
    one = next((one for one in spot(text) if f"{one.field}-{one.found.kind}-{one.found.digest[:16]}" == code), None)
    if one is None:
        raise WrongStatus(gettext("These words are not in the text any more."))
    kind = AS_TYPE.get(one.found.kind, "personal_data")
    remove_words(lesson=lesson, field=one.field, words=one.found.words, code=kind, by=by, at=at)
    return gettext("Taken out as %(type)s.") % {"type": gettext(REMOVAL_TYPES[kind])}, f"row-{one.field}"


def _published(reference: str, by: User) -> Lesson:
    found = Publication.objects.readable_by(by).filter(lesson__reference=reference).select_related("lesson").first()
    if found is None:
        raise WrongStatus(gettext("That lesson is not published any more."))
    return found.lesson


def keep_comments(lesson: Lesson, form: ReviewForm, *, by: User, at: datetime) -> None:
    for field, words in form.comments.items():
        add_comment(lesson=lesson, field=field, text=words, by=by, at=at)
