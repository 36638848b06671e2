"""Merging a lesson into a published one: both side by side first."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from lessons import publishing
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson
from lessons.errors import LessonError, WrongStatus
from lessons.forms.review.moves import MergeForm
from lessons.in_words import ORDER, in_words, values_of
from lessons.labels import label_of
from lessons.models import Lesson, Move, Publication, Status
from lessons.views.reading import SignedInRequest
from lessons.views.review.queue import REVIEW
from lessons.workflow import rule_for


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for the lesson that stays, show both, and merge on POST.

    :raises WrongStatus: the lesson cannot be merged from where it is
    """
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    if rule_for(Move.MERGE, lesson.status) is None:
        raise WrongStatus(f"This lesson is {lesson.get_status_display().lower()} now, so it cannot be merged.")
    sent = request.POST if request.method == "POST" else request.GET if "into" in request.GET else None
    form = MergeForm(sent)
    target = _target(form, lesson, request.user) if form.is_valid() else None
    refusal = ""
    if target and request.method == "POST":
        try:
            move_lesson(lesson=lesson, move=Move.MERGE, by=request.user, at=timezone.now(), target=target)
        except LessonError as error:
            refusal = str(error)
        else:
            messages.success(request, f"{lesson.reference} is merged into {target.reference}. Both owners are told.")
            return redirect("review", lesson.pk)
    context = {
        "lesson": lesson,
        "target": target,
        "form": form,
        "rows": side_by_side(lesson, target) if target else [],
        "refusal": refusal,
    }
    return render(request, "lessons/review/merge.html", context, status=409 if refusal else 422 if form.errors else 200)


def _target(form: MergeForm, lesson: Lesson, user: User) -> Lesson | None:
    """Return the published lesson that is named, or None with the reason in the form."""
    reference = form.cleaned_data["into"].upper()
    target = Lesson.objects.visible_to(user).filter(reference=reference).for_list().first()
    if target is None or target.status != Status.PUBLISHED:
        form.add_error("into", "Enter the reference of a published lesson that you moderate")
        return None
    if target.pk == lesson.pk:
        form.add_error("into", "Enter another reference: a lesson cannot be merged into itself")
        return None
    return target


def side_by_side(lesson: Lesson, target: Lesson) -> list[tuple[str, str, str]]:
    """Return (label, what this one says, what the one that stays says) for all that either says."""
    text: Lesson | Publication = publishing.text_in_hand(lesson)
    stays = target.publications.current().select_related("lesson").get()
    here, there = in_words(values_of(text), values_of(stays))
    return [(label_of(name, lesson.kind), here[name], there[name]) for name in ORDER if here[name] or there[name]]
