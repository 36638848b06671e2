"""How long records are kept, what is held, a person's records: pages of the Secretariat that others do not find."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.records import EraseForm, HoldForm, PeriodForm, PersonForm
from accounts.models import LegalHold, RetentionRule, User
from accounts.records import erasure, holds, retention
from accounts.records.holds import LOOK_AFTER_RECORDS
from accounts.step_up import ask_to_confirm, has_confirmed_lately
from accounts.trail.search import name_of

#: So many lessons that are due for review are listed.
SHOWN = 50


def for_keepers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def only_for_keepers(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not cast("User", request.user).has_perm(LOOK_AFTER_RECORDS):
            raise Http404
        return view(request, *args, **kwargs)

    return only_for_keepers


# -- how long --------------------------------------------------------------------------------------
@require_GET
@for_keepers
def records(request: HttpRequest) -> HttpResponse:
    """Every class, its period, and how much is due."""
    due = retention.what_is_due(at=timezone.now(), counts_large=False)
    context = {
        "rows": [(done, period) for done, (_kept, period) in zip(due, retention.periods(), strict=True)],
        "held": LegalHold.objects.in_force(timezone.now()).count(),
        "to_review": retention.to_review(at=timezone.now(), most=SHOWN),
    }
    return render(request, "accounts/records/records.html", context)


@require_http_methods(["GET", "POST"])
@for_keepers
def records_period(request: HttpRequest, code: str) -> HttpResponse:
    """Change the period of a class.

    :raises Http404: there is no such class
    """
    kept = next((one for one in retention.CLASSES if one.code == code), None)
    if kept is None:
        raise Http404
    rule = RetentionRule.objects.filter(pk=code).first() or kept
    now = {"number": rule.number, "unit": rule.unit}
    form = PeriodForm(request.POST) if request.method == "POST" else PeriodForm(initial=now)
    if request.method == "POST" and form.is_valid():
        retention.set_rule(code=code, by=cast("User", request.user), at=timezone.now(), **form.cleaned_data)
        messages.success(request, gettext("The period is changed."))
        return redirect("records")
    status = 422 if form.errors else 200
    return render(request, "accounts/records/period.html", {"form": form, "kept": kept}, status=status)


# -- holds -----------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@for_keepers
def records_holds(request: HttpRequest) -> HttpResponse:
    form = HoldForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        holds.hold(by=cast("User", request.user), at=now, **form.cleaned_data)
        messages.success(request, gettext("It is held: nothing of it is removed."))
        return redirect("records_holds")
    found = LegalHold.objects.select_related("by").order_by("lifted_at", "-pk")[:200]
    today = timezone.localdate(now)
    rows = [(one, name_of(one.object_type, str(one.object_id)), one.is_in_force(today)) for one in found]
    context = {"form": form, "rows": rows}
    return render(request, "accounts/records/holds.html", context, status=422 if form.errors else 200)


@require_POST
@for_keepers
def records_lift(request: HttpRequest, pk: int) -> HttpResponse:
    holds.lift(held=get_object_or_404(LegalHold, pk=pk), by=cast("User", request.user), at=timezone.now())
    messages.success(request, gettext("The hold is lifted. The periods apply again."))
    return redirect("records_holds")


# -- a person --------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@for_keepers
def records_person(request: HttpRequest) -> HttpResponse:
    """Give somebody's records out as a file, which asks for the password or a code first."""
    form = PersonForm(request.POST if request.method == "POST" else None)
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    if request.method == "POST" and form.is_valid():
        user = form.cleaned_data["person"]
        found = erasure.give_out(user=user, by=cast("User", request.user), at=timezone.now())
        answer = JsonResponse(found, json_dumps_params={"indent": 1, "ensure_ascii": False})
        answer.headers["Content-Disposition"] = f'attachment; filename="records-of-person-{user.pk}.json"'
        return answer
    return render(request, "accounts/records/person.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_keepers
def records_erase(request: HttpRequest) -> HttpResponse:
    """Look once more at whose account it is, then erase it."""
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    asked = PersonForm(request.GET or None)
    form, problem = EraseForm(request.POST if request.method == "POST" else None, initial=request.GET), ""
    person = asked.cleaned_data["person"] if asked.is_valid() else None
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        try:
            erasure.erase(user=person, by=cast("User", request.user), at=timezone.now())
        except erasure.ErasureError as error:
            problem = str(error)
        else:
            messages.success(request, gettext("The account is erased. What stays is of a pseudonym."))
            return redirect("records_person")
    status = 409 if problem else 422 if form.errors else 200
    context = {"form": form, "asked": asked, "person": person, "problem": problem}
    return render(request, "accounts/records/erase.html", context, status=status)
