"""The text to be published as readers would see it: who could, who could not, and the mail; and publishing it so."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from lessons import preview as looks
from lessons import publishing
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.checklist import CHECKLIST, all_ticked
from lessons.conditions import approvals_of, wants_two_people
from lessons.errors import LessonError
from lessons.forms.review.previewing import PreviewForm
from lessons.models import Lesson, Move, Publication, Status
from lessons.named import with_names
from lessons.readiness import missing_to_publish, wider_than_owner
from lessons.views.reading import SignedInRequest
from lessons.views.review.bench import done
from lessons.views.review.queue import REVIEW

#: Without these nobody can tell who could read it.
DECIDE_READERS = ("audience", "audience_sectors", "audience_areas")
DECISIONS = {"publish": Move.PUBLISH, "approve": Move.APPROVE}


@require_http_methods(["GET", "POST"])
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show it; POST publishes exactly what was shown, or approves it as the first of two people."""
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    if request.method != "POST":
        return _page(request, lesson, PreviewForm(lesson=lesson))
    form = PreviewForm(request.POST, lesson=lesson)
    if not form.is_valid():
        return _page(request, lesson, form, status=422)
    move = DECISIONS.get(request.POST.get("decision", ""), Move.PUBLISH)
    try:
        _carry_out(request, lesson, form, move)
    except LessonError as error:
        lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
        return _page(request, lesson, PreviewForm(lesson=lesson), refusal=str(error), status=409)
    messages.success(request, done(move, lesson))
    return redirect("queue")


@transaction.atomic
def _carry_out(request: SignedInRequest, lesson: Lesson, form: PreviewForm, move: Move) -> None:
    """:raises StaleText: somebody saved since the text was shown; nothing is published"""
    by, at = request.user, timezone.now()
    checklist = all_ticked() if form.cleaned_data["all_checked"] else None
    save_working_text(
        lesson=lesson, by=by, at=at, row_version=form.cleaned_data["row_version"], values={}, checklist=checklist
    )
    move_lesson(lesson=lesson, move=move, by=by, at=at)


def _page(
    request: SignedInRequest, lesson: Lesson, form: PreviewForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    text = publishing.text_in_hand(lesson)
    missing = missing_to_publish(text)
    context: dict[str, Any] = {
        "lesson": lesson,
        "missing": {name: words for name, words in missing.items() if name != "checklist"},
        "unticked": "checklist" in missing,
        "checklist": CHECKLIST.values(),
        "back": _back(lesson),
        "form": form,
        "refusal": refusal,
        "in_hand": lesson.status == Status.IN_REVIEW and lesson.claimed_by_id == request.user.pk,
        "to_approve": wants_two_people(lesson, text) and not approvals_of(lesson).exclude(by=request.user).exists(),
    }
    if text.audience and not any(name in missing and not _is_too_wide(name, text) for name in DECIDE_READERS):
        publishing.complete(text)
        context |= {
            "publication": with_names([text])[0],
            "readers": looks.who_could_read(text),
            "people": looks.people_in_all(text),
            "left_out": looks.who_could_not(text),
            "mailings": looks.mailings(text),
        }
    return render(request, "lessons/review/preview.html", context, status=status)


def _is_too_wide(name: str, text: Publication) -> bool:
    """Whether the audience is known, but wider than the owner's: a reason not to publish, not a reason not to look."""
    return name in wider_than_owner(text)


def _back(lesson: Lesson) -> str:
    return "review" if lesson.status in {Status.IN_REVIEW, Status.SUBMITTED} else "new_version"
