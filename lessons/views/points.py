"""The one page that the code of a debrief opens, without an account: add a point on a phone in under a minute."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.middleware import leaves_no_trace
from accounts.models import User
from accounts.rates import Rate, network_address_of, too_many
from lessons.actions.debriefs import DebriefClosed, add_point
from lessons.forms.points import CodeForm, PointForm, plain_code
from lessons.models import Debrief

#: Codes that open nothing, by address: nobody mistypes so often.
WRONG_CODES = Rate("debrief-code", 30, timedelta(minutes=10))
#: Said in the address: a message in the session would tell who added a point.
ADDED = "added"
#: Points of one debrief.  Counted by debrief and not by address, so that nothing tells where a point came from.
POINTS = Rate("debrief-points", 120, timedelta(minutes=1))


@login_not_required
@require_http_methods(["GET", "POST"])
def debrief_enter(request: HttpRequest) -> HttpResponse:
    """Ask for a code, for those who were told it."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "lessons/debriefs/enter.html", {"form": form}, status=status)
    code = form.cleaned_data["code"]
    now = timezone.now()
    if WRONG_CODES.is_used_up(network_address_of(request), now):
        return too_many(request, int(WRONG_CODES.period.total_seconds()))
    if not Debrief.objects.filter(code=code).exists():
        return _opens_nothing(request, code, now, status=422)
    return redirect("debrief_code", code)


def _opens_nothing(request: HttpRequest, code: str, at: datetime, status: int) -> HttpResponse:
    """Count a wrong code, and ask for the right one."""
    WRONG_CODES.count(network_address_of(request), at)
    form = CodeForm({"code": code})
    form.add_error("code", gettext("No debrief has this code. Check it with the person who runs the debrief"))
    return render(request, "lessons/debriefs/enter.html", {"form": form}, status=status)


@login_not_required
@require_http_methods(["GET", "POST"])
@leaves_no_trace
def debrief_code(request: HttpRequest, code: str) -> HttpResponse:
    """Show the form for a point; POST adds it.  A code that is none is asked for again, with 404."""
    now = timezone.now()
    if WRONG_CODES.is_used_up(network_address_of(request), now):
        return too_many(request, int(WRONG_CODES.period.total_seconds()))
    code = plain_code(code)
    debrief = Debrief.objects.filter(code=code).select_related("event", "organisation").first()
    if debrief is None:
        return _opens_nothing(request, code, now, status=404)
    somebody = _taking_part(request, debrief)
    if request.method != "POST":
        if not debrief.is_open(now):
            return _page(request, debrief, None)
        return _page(request, debrief, PointForm(may_be_named=somebody is not None))
    form = PointForm(request.POST, may_be_named=somebody is not None)
    if not form.is_valid():
        return _page(request, debrief, form, status=422)
    if POINTS.is_used_up(debrief.code, now):
        form.add_error(
            None, gettext("Very many points arrive just now. Your text is still here: try again in a minute")
        )
        return _page(request, debrief, form, status=429)
    POINTS.count(debrief.code, now)
    author = somebody if form.cleaned_data.get("named") else None
    try:
        add_point(debrief=debrief, author=author, on=timezone.localdate(now), at=now, **form.values())
    except DebriefClosed as error:
        form.add_error(None, str(error))
        return _page(request, debrief, form, status=409)
    return redirect(f"{reverse('debrief_code', args=[debrief.code])}?{ADDED}")


def _taking_part(request: HttpRequest, debrief: Debrief) -> User | None:
    """Return the person who is signed in, if their organisation runs the debrief or takes part."""
    user = request.user
    if not isinstance(user, User):
        return None
    organisations = {debrief.organisation_id, *debrief.organisations.values_list("pk", flat=True)}
    return user if organisations & {m.organisation_id for m in user.active_memberships} else None


def _page(request: HttpRequest, debrief: Debrief, form: PointForm | None, status: int = 200) -> HttpResponse:
    context: dict[str, object] = {
        "debrief": debrief,
        "form": form,
        "may_be_named": form is not None and "named" in form.fields,
    }
    if ADDED in request.GET and request.method != "POST":
        thanks = gettext("Thank you: your point is in. Is there another one?")
        context["messages"] = [Message(messages.SUCCESS, thanks)]
    response = render(request, "lessons/debriefs/code.html", context, status=status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
