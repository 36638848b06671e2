"""Warnings about a draft, answered by its owner before it is submitted."""

from dataclasses import dataclass

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from lessons.access import get_lesson
from lessons.actions.warnings import answer_warning
from lessons.errors import WrongStatus
from lessons.forms.warnings import WarningsForm
from lessons.holds import is_kept
from lessons.labels import label_of
from lessons.models import Lesson
from lessons.views.mending import place_of
from lessons.views.reading import SignedInRequest
from lessons.views.steps import CHANGE
from lessons.warnings.answers import Warned, warnings_in


@dataclass(frozen=True)
class ToAnswer:
    warned: Warned
    label: str
    url: str
    answer: BoundField


@require_http_methods(["GET", "POST"])
def submit_warnings(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what was found and where; POST keeps the answers, as many as there are."""
    lesson = get_lesson(user=request.user, pk=pk, permission=CHANGE)
    if not lesson.is_open_to_owner or (request.method == "GET" and is_kept(lesson, timezone.now())):
        return redirect(lesson)
    warnings = warnings_in(lesson)
    if request.method != "POST":
        return _page(request, lesson, WarningsForm(warnings=warnings))
    form = WarningsForm(request.POST, warnings=warnings)
    if not form.is_valid():
        return _page(request, lesson, form, status=422)
    at = timezone.now()
    for code, answer, because in form.answers():
        try:
            answer_warning(text=lesson, code=code, answer=answer, because=because, by=request.user, at=at)
        except WrongStatus as error:  # the text was changed meanwhile
            messages.info(request, str(error))
    if any(warned.is_open for warned in warnings_in(lesson)):
        messages.info(request, gettext("Your answers are saved. Some warnings have none yet."))
        return redirect("submit_warnings", pk)
    return redirect("submit_check", pk)


def _page(request: SignedInRequest, lesson: Lesson, form: WarningsForm, status: int = 200) -> HttpResponse:
    asked = [
        ToAnswer(
            warned,
            label_of(warned.spotted.field, lesson.kind),
            place_of(lesson, warned.spotted.field),
            answer,
        )
        for warned, answer in form.asked()
    ]
    return render(
        request, "lessons/writing/warnings.html", {"lesson": lesson, "form": form, "asked": asked}, status=status
    )
