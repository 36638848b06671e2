"""The owner's look at the text that a moderator edited, before it is published."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from govuk.look import Look
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson
from lessons.clocks import sight_until
from lessons.errors import LessonError, WrongStatus
from lessons.forms.fields import Words
from lessons.forms.review.rows import changes
from lessons.in_words import ORDER, in_words, values_of
from lessons.labels import label_of
from lessons.models import Move
from lessons.sighting import OBJECTS, SIGHT_ANSWERS, shown_to_owner
from lessons.views.reading import SignedInRequest

SUBMIT = "lessons.submit_lesson"


class SightForm(forms.Form):
    looks = {"answer": Look(label_size="m", reveals={OBJECTS: "note"})}

    answer = forms.ChoiceField(
        choices=[*SIGHT_ANSWERS.items()],
        widget=forms.RadioSelect,
        label=_("Can it be published like this?"),
        error_messages={"required": _("Select whether it can be published like this")},
    )
    note = Words(max_length=2000, rows=4, label=_("What has to change?"))

    def clean(self) -> None:
        sent = self.cleaned_data
        if sent.get("answer") == OBJECTS and not sent.get("note") and "note" not in self.errors:
            self.add_error("note", gettext("Enter what has to change"))


@require_http_methods(["GET", "POST"])
def sight(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what was edited, and ask.

    :raises WrongStatus: nothing is shown to the owner now
    """
    lesson = get_lesson(user=request.user, pk=pk, permission=SUBMIT)
    shown = shown_to_owner(lesson)
    if shown is None or shown.publication is None:
        raise WrongStatus(gettext("There is no edited text to look at now."))
    form = SightForm(request.POST if request.method == "POST" else None)
    refusal = ""
    if form.is_valid():
        answer, note = form.cleaned_data["answer"], form.cleaned_data["note"]
        try:
            move_lesson(lesson=lesson, move=Move.SIGHT, by=request.user, at=timezone.now(), reason=answer, note=note)
        except LessonError as error:
            refusal = str(error)
        else:
            messages.success(request, gettext("Thank you. The moderator is told."))
            return redirect(lesson)
    before, after = in_words(values_of(lesson), values_of(shown.publication))
    edited = [
        (label_of(name, lesson.kind), pieces) for name in ORDER if (pieces := changes(name, before[name], after[name]))
    ]
    context = {
        "lesson": lesson,
        "form": form,
        "text": shown.publication,
        "edited": edited,
        "until": sight_until(lesson, shown.at),
        "refusal": refusal,
    }
    return render(request, "lessons/sight.html", context, status=409 if refusal else 422 if form.errors else 200)
