"""The review of one lesson: the submitted text beside the text to be published, and the decision."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from lessons import publishing
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.conditions import decides_tier, wants_two_people
from lessons.differences import Piece
from lessons.errors import LessonError, NotReady, StaleText, WrongStatus
from lessons.forms.review.decisions import DecisionForm
from lessons.forms.review.rows import changes, rows_of
from lessons.forms.review.text import ReviewForm
from lessons.in_words import in_words, values_of
from lessons.labels import label_of
from lessons.models import Lesson, Move, Status
from lessons.views.reading import SignedInRequest
from lessons.views.review.queue import REVIEW

#: The buttons of the page, besides "save".
DECISIONS = {
    "publish": Move.PUBLISH,
    "approve": Move.APPROVE,
    "ask_for_changes": Move.ASK_FOR_CHANGES,
    "decline": Move.DECLINE,
    "give_back": Move.GIVE_BACK,
}
DONE = {
    Move.PUBLISH: "{} is published. Everyone who subscribed to it will be emailed.",
    Move.APPROVE: "You approved {}. Another moderator has to publish it.",
    Move.ASK_FOR_CHANGES: "{} went back to its owner with your words.",
    Move.DECLINE: "{} is declined. Its owner is told why.",
    Move.GIVE_BACK: "{} is back in the queue. The text you prepared is kept.",
}


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: SignedInRequest, pk: int) -> HttpResponse:
    """The page of a lesson that I claimed; for others, the lesson to read.  A decision saves the text first."""
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    if request.method == "POST":
        return _decide(request, lesson)
    if lesson.claimed_by_id != request.user.pk:
        return _read(request, lesson)
    return _page(request, lesson, ReviewForm(text=publishing.text_in_hand(lesson)))


def _read(request: SignedInRequest, lesson: Lesson) -> HttpResponse:
    context = {"lesson": lesson, "now": timezone.now(), "is_in_remit": decides_tier(lesson, request.user)}
    return render(request, "lessons/review/read.html", context)


def _decide(request: SignedInRequest, lesson: Lesson) -> HttpResponse:
    decision = request.POST.get("decision", "save")
    form = ReviewForm(request.POST, text=publishing.text_in_hand(lesson))
    said = DecisionForm(request.POST, decision=decision, kind=lesson.kind)
    if not (form.is_valid() and said.is_valid()):
        return _page(request, lesson, form, said, status=422)
    try:
        if lesson.status != Status.IN_REVIEW:
            raise WrongStatus(f"This lesson is {lesson.get_status_display().lower()} now. Nothing was saved.")
        _save(request, lesson, form)
        if decision not in DECISIONS:
            messages.success(request, f"Saved. {lesson.reference} stays with you.")
            return redirect("review", lesson.pk)
        move = DECISIONS[decision]
        move_lesson(lesson=lesson, move=move, by=request.user, at=timezone.now(), **said.words)
    except StaleText as stale:
        form = _with_version(request, lesson, stale.row_version)
        return _page(request, lesson, form, said, stale=stale, status=409)
    except NotReady as error:
        lesson.refresh_from_db()
        form = _with_version(request, lesson, lesson.row_version)
        form.is_valid()
        form.show_problems(error.problems)
        return _page(request, lesson, form, said, status=422)
    except LessonError as error:
        lesson.refresh_from_db()
        form = _with_version(request, lesson, lesson.row_version)
        return _page(request, lesson, form, said, refusal=str(error), status=409)
    messages.success(request, DONE[move].format(lesson.reference))
    return redirect("queue")


def _save(request: SignedInRequest, lesson: Lesson, form: ReviewForm) -> None:
    save_working_text(
        lesson=lesson,
        by=request.user,
        at=timezone.now(),
        row_version=form.row_version_sent,
        values=form.values,
        tags=form.tags,
        checklist=form.checklist,
    )


def _with_version(request: SignedInRequest, lesson: Lesson, row_version: int) -> ReviewForm:
    """Return the form as it was sent, ready to be saved upon the version that is stored now."""
    sent = request.POST.copy()
    sent["row_version"] = str(row_version)
    return ReviewForm(sent, text=publishing.text_in_hand(lesson))


def _page(
    request: SignedInRequest,
    lesson: Lesson,
    form: ReviewForm,
    said: DecisionForm | None = None,
    *,
    stale: StaleText | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "lesson": lesson,
        "form": form,
        "said": said or DecisionForm(kind=lesson.kind),
        "rows": list(rows_of(form, values_of(lesson))),
        "refusal": refusal,
        "conflicts": conflicts(stale, lesson.kind) if stale else [],
        "today": timezone.localdate(),
        "wants_two_people": wants_two_people(lesson, form.text),
    }
    return render(request, "lessons/review/review.html", context, status=status)


def conflicts(stale: StaleText, kind: str) -> list[tuple[str, str, list[Piece]]]:
    """Return (label, what is stored, how what was typed differs from it) of the fields that differ."""
    theirs, yours = in_words(stale.theirs, stale.yours)
    return [
        (label_of(name, kind), theirs[name], changes(name, theirs[name], yours[name]))
        for name in theirs
        if theirs[name] != yours[name]
    ]
