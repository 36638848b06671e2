"""Pages of single moves: each says what will happen and what can be done about it afterwards, then asks."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from govuk.look import Words as Text
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson, wrong_status
from lessons.conditions import approved_text
from lessons.errors import LessonError
from lessons.forms.review.moves import ArchiveForm, MoveForm, NoteForm, ReassignForm
from lessons.models import Move
from lessons.views.reading import SignedInRequest
from lessons.views.review.record import waits_for_a_second_person
from lessons.workflow import rule_for


@dataclass(frozen=True)
class MovePage:
    """:ivar after: what can be done about it once it is done"""

    move: Move
    heading: Text
    explanation: Text
    after: Text
    button: Text
    done: Text
    form: type[MoveForm]
    back_to: str = "review"
    is_warning: bool = False
    shows_text: bool = False


ESCALATE = MovePage(
    Move.ESCALATE,
    _("Escalate to the national team"),
    _("The JOL Secretariat decides on it, with a new date. What you prepared is kept and handed on."),
    _("It stays with the national team. If that was a mistake, tell the Secretariat: they can decide on it at once."),
    _("Escalate"),
    _("%(reference)s is with the national team now."),
    NoteForm,
    back_to="queue",
)
REASSIGN = MovePage(
    Move.REASSIGN,
    _("Give it to another moderator"),
    _("They have it at once, with the text as it was prepared, and are told by email."),
    _("Any moderator who may decide on it can give it to somebody else again."),
    _("Give it to them"),
    _("%(reference)s is passed on."),
    ReassignForm,
    back_to="queue",
)
ARCHIVE = MovePage(
    Move.ARCHIVE,
    _("Archive it"),
    _("It can still be read by its address, but lists, counts and emails leave it out."),
    _("It can be brought back at any time, on this lesson’s page for moderators."),
    _("Archive"),
    _("%(reference)s is archived."),
    ArchiveForm,
    is_warning=True,
)
RESTORE = MovePage(
    Move.RESTORE,
    _("Bring it back"),
    _(
        "Readers find it again at once. Those who were told to stop using it are told that they may use it. If a new "
        "version was prepared meanwhile, that is what comes back."
    ),
    _("It can be suspended again at any time."),
    _("Publish it again"),
    _("%(reference)s is published again."),
    NoteForm,
    shows_text=True,
)
APPROVE = MovePage(
    Move.APPROVE,
    _("Approve it as the second person"),
    _(
        "You confirm exactly the text below. "
        "It comes into force when another moderator publishes or restores it as it is."
    ),
    _("An approval lapses by itself as soon as anybody changes the text."),
    _("Approve this text"),
    _("You approved %(reference)s. Another moderator has to agree."),
    MoveForm,
    shows_text=True,
)
GIVE_BACK = MovePage(
    Move.GIVE_BACK,
    _("Put it back into the queue"),
    _("Whoever has it loses it. What they prepared is kept for the next moderator."),
    _("They, or anybody else, can claim it again."),
    _("Put it back"),
    _("%(reference)s is back in the queue."),
    MoveForm,
    back_to="queue",
)

TAKE_BACK = MovePage(
    Move.TAKE_BACK,
    _("Take the decision back"),
    _("It is in your hands again, as it was before you declined it, with the date by which it was due."),
    _(
        "Its owner gets the email about your decision ten minutes after it. Before that they get none at all; "
        "after that they are told that you are looking at it again."
    ),
    _("Take it back"),
    _("%(reference)s is in your hands again."),
    MoveForm,
)


def _move_page(request: SignedInRequest, pk: int, page: MovePage) -> HttpResponse:
    """Say what will happen and, on POST, make the move.

    :raises WrongStatus: the lesson is not where this move begins
    """
    lesson = get_lesson(user=request.user, pk=pk)
    rule = rule_for(page.move, lesson.status)
    if rule is None:
        get_lesson(user=request.user, pk=pk, permission="lessons.review_lesson")
        raise wrong_status(lesson)
    get_lesson(user=request.user, pk=pk, permission=rule.permission)
    form = page.form(request.POST if request.method == "POST" else None, lesson=lesson, user=request.user)
    refusal = ""
    if form.is_valid():
        try:
            move_lesson(lesson=lesson, move=page.move, by=request.user, at=timezone.now(), **form.given)
        except LessonError as error:
            refusal = str(error)
        else:
            messages.success(request, page.done % {"reference": lesson.reference})
            return redirect("queue") if page.back_to == "queue" else redirect(page.back_to, pk)
    context = {
        "lesson": lesson,
        "form": form,
        "page": page,
        "refusal": refusal,
        "text": approved_text(lesson) if page.shows_text else None,
        "is_needless": page is APPROVE and not waits_for_a_second_person(lesson),
    }
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "lessons/review/move.html", context, status=status)


def _view(page: MovePage) -> Callable[[SignedInRequest, int], HttpResponse]:
    @require_http_methods(["GET", "POST"])
    def view(request: SignedInRequest, pk: int) -> HttpResponse:
        return _move_page(request, pk, page)

    view.__doc__ = f"The page of the move {page.move}."
    return view


escalate, reassign, archive = _view(ESCALATE), _view(REASSIGN), _view(ARCHIVE)
restore, approve, give_back = _view(RESTORE), _view(APPROVE), _view(GIVE_BACK)
take_back = _view(TAKE_BACK)
