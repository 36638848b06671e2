"""A lesson beside a published one that may say the same: called a recurrence of it, or merged into it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from lessons import publishing
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson, wrong_status
from lessons.actions.recurrences import link_recurrence
from lessons.conditions import decides_tier
from lessons.errors import LessonError
from lessons.forms.review.moves import MergeForm
from lessons.in_words import ORDER, in_words, values_of
from lessons.labels import label_of
from lessons.models import Lesson, LessonLink, Move, Publication, Status
from lessons.views.reading import SignedInRequest
from lessons.views.review.queue import REVIEW
from lessons.workflow import rule_for


@require_http_methods(["GET", "POST"])
def merge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for the published lesson, show both, and do on POST what was pressed.

    :raises WrongStatus: the lesson cannot be merged from where it is
    """
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    if rule_for(Move.MERGE, lesson.status) is None:
        raise wrong_status(lesson)
    sent = request.POST if request.method == "POST" else request.GET if "into" in request.GET else None
    form = MergeForm(sent)
    stays = _published(form, lesson, request.user) if form.is_valid() else None
    refusal = ""
    if stays and request.method == "POST":
        try:
            return _decide(request, lesson, stays.lesson)
        except LessonError as error:
            refusal = str(error)
    context = {
        "lesson": lesson,
        "stays": stays,
        "form": form,
        "rows": side_by_side(lesson, stays) if stays else [],
        "may_merge": stays and may_merge_into(stays.lesson, request.user),
        "is_same_again": stays and LessonLink.objects.filter(source=lesson, target=stays.lesson).exists(),
        "refusal": refusal,
    }
    return render(request, "lessons/review/merge.html", context, status=409 if refusal else 422 if form.errors else 200)


def _decide(request: SignedInRequest, lesson: Lesson, stays: Lesson) -> HttpResponse:
    by, at = request.user, timezone.now()
    if request.POST.get("decision") == "same":
        link_recurrence(lesson=lesson, target=stays, by=by, at=at)
        messages.success(
            request,
            gettext("%(lesson_reference)s is called a recurrence of %(reference)s. Both say so.")
            % {"lesson_reference": lesson.reference, "reference": stays.reference},
        )
    else:
        move_lesson(lesson=lesson, move=Move.MERGE, by=by, at=at, target=stays)
        messages.success(
            request,
            gettext("%(lesson_reference)s is merged into %(reference)s. Both owners are told.")
            % {"lesson_reference": lesson.reference, "reference": stays.reference},
        )
    return redirect("review", lesson.pk)


def _published(form: MergeForm, lesson: Lesson, user: User) -> Publication | None:
    """Return what readers see of the lesson that is named, or None with the reason in the form."""
    reference = form.cleaned_data["into"].upper()
    texts = Publication.objects.readable_by(user).filter(lesson__status=Status.PUBLISHED, lesson__reference=reference)
    found = texts.select_related("lesson__organisation", "lesson__area").first()
    if found is None:
        form.add_error("into", gettext("Enter the reference of a published lesson that you may read"))
    elif found.lesson_id == lesson.pk:
        form.add_error("into", gettext("Enter another reference: a lesson cannot be compared with itself"))
        return None
    return found


def may_merge_into(target: Lesson, user: User) -> bool:
    return user.has_perm(REVIEW, target) and decides_tier(target, user)


def side_by_side(lesson: Lesson, stays: Publication) -> list[tuple[str, str, str]]:
    """Return (label, what this one says, what the published one says) for all that either says."""
    text: Lesson | Publication = publishing.text_in_hand(lesson)
    here, there = in_words(values_of(text), values_of(stays))
    return [(label_of(name, lesson.kind), here[name], there[name]) for name in ORDER if here[name] or there[name]]
