"""The owner's look at the edited text, where the organisation asks for it."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lessons.attempt import Attempt
from lessons.clocks import sight_until
from lessons.conditions import digest_of_text, last_move, working_text
from lessons.errors import NotSeenByOwner, ReasonMissing, WrongStatus
from lessons.models import Lesson, LessonMove, Move, Publication, Status
from lessons.models.wording import WORDING_FIELDS
from lessons.readiness import Tags

AGREES, OBJECTS = "agrees", "objects"
SIGHT_ANSWERS = {AGREES: _("It can be published like this"), OBJECTS: _("Something has to change")}


def is_edited(text: Publication) -> bool:
    """Whether readers would get anything else than the owner wrote."""
    lesson = text.lesson
    if text.event_name != lesson.event.name or sorted(text.terms) != sorted(Tags.of(lesson).as_terms()):
        return True
    return any(getattr(text, name) != getattr(lesson, name) for name in WORDING_FIELDS)


def wants_sighting(lesson: Lesson, text: Publication | None) -> bool:
    return lesson.organisation.wants_sighting and text is not None and is_edited(text)


def shown_to_owner(lesson: Lesson) -> LessonMove | None:
    """Return the move by which the owner was shown the text as it is now; None if it was changed since."""
    return _last(lesson, Move.SHOW_OWNER)


def answer_of_owner(lesson: Lesson) -> LessonMove | None:
    """Return what the owner said about the text as it is now."""
    return _last(lesson, Move.SIGHT)


def may_answer(lesson: Lesson) -> bool:
    """Whether a text lies before the owner about which they said nothing yet."""
    is_open = lesson.status in {Status.SUBMITTED, Status.IN_REVIEW}
    return is_open and shown_to_owner(lesson) is not None and answer_of_owner(lesson) is None


def _last(lesson: Lesson, move: Move) -> LessonMove | None:
    text, entry = working_text(lesson), last_move(lesson, move)
    return entry if text and entry and entry.text_digest == digest_of_text(text) else None


# -- conditions of moves ---------------------------------------------------------------------------
def owner_wants_to_see_it(attempt: Attempt) -> None:
    if not wants_sighting(attempt.lesson, working_text(attempt.lesson)):
        raise WrongStatus(
            gettext("The owner need not see this text: their organisation does not ask for it, or it is theirs.")
        )


def was_shown(attempt: Attempt) -> None:
    if shown_to_owner(attempt.lesson) is None:
        raise WrongStatus(gettext("The text is being changed. You are shown it when it is ready."))


def sight_answer_given(attempt: Attempt) -> None:
    if attempt.reason not in SIGHT_ANSWERS:
        raise ReasonMissing(gettext("Say whether it can be published like this."))
    if attempt.reason == OBJECTS and not attempt.note.strip():
        raise ReasonMissing(gettext("Say what has to change."))


def seen_by_owner(attempt: Attempt) -> None:
    """Silence counts as seen after some working days, so that nobody can hold a lesson up for ever."""
    lesson = attempt.lesson
    if not wants_sighting(lesson, working_text(lesson)):
        return
    shown, answer = shown_to_owner(lesson), answer_of_owner(lesson)
    if shown is None:
        raise NotSeenByOwner(
            gettext("%(organisation)s wants to see an edited text first. Show it to the owner.")
            % {"organisation": lesson.organisation}
        )
    if answer is not None and answer.reason == OBJECTS:
        raise NotSeenByOwner(
            gettext("The owner asks for a change. Change the text and show it again, or ask for changes.")
        )
    until = sight_until(lesson, shown.at)
    if answer is None and timezone.localdate(attempt.at) <= until:
        raise NotSeenByOwner(
            gettext("The owner has until %(until)s to look at this text, or until they answer.")
            % {"until": date_format(until, "j F Y")}
        )


# -- what is recorded ------------------------------------------------------------------------------
def name_what_is_shown(attempt: Attempt) -> None:
    text = working_text(attempt.lesson)
    if text:
        attempt.publication, attempt.text_digest = text, digest_of_text(text)
