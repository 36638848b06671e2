"""Lessons for a plan: a text is pasted, read and forgotten."""

from typing import ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from govuk.look import Look
from lessons.forms.fields import Words
from lessons.models import Publication
from lessons.named import with_names
from lessons.plan import LONGEST_TEXT, lessons_for
from lessons.views.reading import SignedInRequest


class PlanForm(forms.Form):
    looks: ClassVar = {"text": Look(label_size="m", called=_("the text"))}

    text = Words(
        label=_("Your text"),
        help_text=_(
            "It is read once and forgotten: nothing of it is stored or logged. OFFICIAL and "
            "OFFICIAL-SENSITIVE only; nothing marked above may be pasted here."
        ),
        max_length=LONGEST_TEXT,
        rows=12,
        required=True,
        error_messages={"required": _("Paste or type the text")},
    )


@sensitive_variables()
@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
def plan(request: SignedInRequest) -> HttpResponse:
    form = PlanForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        readable = Publication.objects.readable_by(request.user).unarchived()
        context["fits"] = lessons_for(form.cleaned_data["text"], readable)
        with_names(fit.publication for fit in context["fits"])  # type: ignore[attr-defined]
    return render(request, "lessons/plan.html", context, status=422 if form.errors else 200)
