"""Partner organisations of a draft: let in to read or to write, and out again."""

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.models import Organisation
from govuk.look import Look
from lessons.access import get_lesson
from lessons.actions.sharing import share_lesson, unshare_lesson
from lessons.models import Lesson
from lessons.partners import Partner, partners_of
from lessons.views.reading import SignedInRequest

SHARE = "lessons.share_lesson"


class Leave(forms.Form):
    """Whom to let in, and to do what."""

    looks = {
        "organisation": Look(label_size="m", called=_("an organisation")),
        "may": Look(
            label_size="m",
            called=_("what they may do"),
            hints={
                "read": _("They see the draft and what becomes of it."),
                "write": _(
                    "They also change the text until it is submitted, and when changes are asked for. "
                    "Submitting stays with you."
                ),
            },
        ),
    }
    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        to_field_name="code",
        label=_("Which organisation do you let in?"),
        help_text=_("Everybody who works there can then find the draft under “Our lessons”."),
        empty_label="",
        widget=forms.Select(attrs={"data-autocomplete": ""}),
    )
    may = forms.ChoiceField(
        choices=[("read", _("Read it")), ("write", _("Read and write it"))],
        widget=forms.RadioSelect,
        label=_("What may they do?"),
    )

    def __init__(self, data: object = None, *, lesson: Lesson) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        others = Organisation.objects.current().exclude(pk=lesson.organisation_id).order_by("name")
        self.fields["organisation"].queryset = others  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def partners(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say who is in; POST lets an organisation in, changes what it may do, or lets it out."""
    lesson = get_lesson(user=request.user, pk=pk, permission=SHARE)
    if request.method != "POST":
        return _page(request, lesson, Leave(lesson=lesson))
    if leaving := request.POST.get("out"):
        return _let_out(request, lesson, leaving)
    form = Leave(request.POST, lesson=lesson)
    if not form.is_valid():
        return _page(request, lesson, form, status=422)
    organisation, may = form.cleaned_data["organisation"], form.cleaned_data["may"]
    before = _partner(lesson, organisation.code)
    share_lesson(lesson=lesson, organisation=organisation, may_write=may == "write", by=request.user, at=timezone.now())
    return _done(lesson, "in", organisation, before)


def _let_out(request: SignedInRequest, lesson: Lesson, code: str) -> HttpResponse:
    partner = _partner(lesson, code)
    if partner is None:  # pressed twice
        return redirect("partners", lesson.pk)
    unshare_lesson(lesson=lesson, organisation=partner.organisation, by=request.user, at=timezone.now())
    return _done(lesson, "out", partner.organisation, partner)


def _partner(lesson: Lesson, code: str) -> Partner | None:
    return next((one for one in partners_of(lesson) if one.organisation.code == code), None)


def _done(lesson: Lesson, what: str, organisation: Organisation, before: Partner | None) -> HttpResponseRedirect:
    query = {"done": what, "organisation": organisation.code, "before": before.may if before else ""}
    return HttpResponseRedirect(f"{reverse('partners', args=[lesson.pk])}?{urlencode(query)}")


def _page(request: SignedInRequest, lesson: Lesson, form: Leave, status: int = 200) -> HttpResponse:
    done, before = request.GET.get("done", ""), request.GET.get("before", "")
    context = {
        "lesson": lesson,
        "form": form,
        "partners": partners_of(lesson),
        "done": done if done in {"in", "out"} else "",
        "before": before if before in {"read", "write"} else "",
        "changed": Organisation.objects.filter(code=request.GET.get("organisation", "")).first() if done else None,
    }
    return render(request, "lessons/partners.html", context, status=status)
