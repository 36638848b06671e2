"""What somebody has access to, asking to be let in, and sponsorships."""

import time
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.passwords import ANSWER_SECONDS
from accounts.forms.people import AccessForm, SponsorForm
from accounts.models import ApiToken, User
from accounts.oidc import NEWCOMER, is_vouched_for
from accounts.people import ask_for_access
from accounts.places import access_of, lessons_let_into
from accounts.roles import Role
from accounts.sponsorships import SponsorshipError, end_sponsorship, sponsor, sponsors_of, sponsorships_of
from accounts.step_up import ask_to_confirm, has_confirmed_lately


@require_GET
def access(request: HttpRequest) -> HttpResponse:
    """What the person who is signed in has access to, by which role, and who gave it."""
    user = cast("User", request.user)
    held = list(user.memberships.active().select_related("organisation", "area", "given_by").order_by("pk"))
    tokens = ApiToken.objects.filter(user=user, expiry__gt=timezone.now()).order_by("created")
    works_for = {membership.organisation_id for membership in held if membership.role != Role.SYSTEM_ADMIN}
    context = {"accesses": access_of(held), "tokens": tokens, "grants": lessons_let_into(works_for)}
    return render(request, "accounts/access.html", context)


@login_not_required
@require_http_methods(["GET", "POST"])
def access_request(request: HttpRequest) -> HttpResponse:
    """The answer is the same, and takes the same time, whether the address has an account or not."""
    newcomer = request.session.get(NEWCOMER, {})
    form = AccessForm(request.POST if request.method == "POST" else None, initial=newcomer)
    if request.method == "POST" and form.is_valid():
        began, values = time.monotonic(), form.cleaned_data
        vouched = newcomer if is_vouched_for(newcomer, values["email"], values["organisation"]) else {}
        ask_for_access(
            email=values["email"],
            name=values["name"],
            organisation=values["organisation"],
            reason=values["reason"],
            provider=vouched.get("provider", ""),
            uid=vouched.get("uid", ""),
            at=timezone.now(),
        )
        request.session.pop(NEWCOMER, None)
        time.sleep(max(0.0, began + ANSWER_SECONDS - time.monotonic()))
        return redirect("access_request_done")
    return render(
        request, "accounts/request.html", {"form": form, "newcomer": newcomer}, status=422 if form.is_bound else 200
    )


@login_not_required
@require_GET
def access_request_done(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/request_done.html")


@require_http_methods(["GET", "POST"])
def sponsorships(request: HttpRequest) -> HttpResponse:
    """The sponsorships of one's organisation (nationally: all), and a form for a new one."""
    user = cast("User", request.user)
    sponsors, found = list(sponsors_of(user)), sponsorships_of(user).filter(ended_at=None)
    if not (sponsors or found.exists()):
        raise PermissionDenied
    form = SponsorForm(request.POST if request.method == "POST" else None, sponsors=sponsors)
    if request.method == "POST":
        if not has_confirmed_lately(request):
            return ask_to_confirm(request.path)
        if form.is_valid():
            try:
                made = sponsor(by=user, at=timezone.now(), **form.cleaned_data)
            except SponsorshipError as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request,
                    gettext("%(organisation)s is admitted until %(day)s.")
                    % {
                        "organisation": made.organisation.name,
                        "day": date_format(made.ends_on, "j F Y"),
                    },
                )
                return redirect("sponsorships")
    shown = found.select_related("organisation", "sponsor").order_by("-ends_on", "pk")
    context = {"form": form, "sponsorships": shown, "today": timezone.localdate()}
    return render(request, "accounts/sponsorships.html", context)


@require_POST
def sponsorship_end(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast("User", request.user)
    sponsorship = get_object_or_404(sponsorships_of(user), pk=pk)
    end_sponsorship(sponsorship=sponsorship, by=user, at=timezone.now())
    said = gettext("%(name)s is not admitted any more. If that was a mistake, sponsor it again.")
    messages.success(request, said % {"name": sponsorship.organisation.name})
    return redirect("sponsorships")
