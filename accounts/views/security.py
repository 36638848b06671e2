"""What a person sees of their own account, and the clock of their session."""

from typing import cast

from allauth.account.views import password_change as change_password
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import sessions
from accounts.models import User
from accounts.roles import GIVES
from accounts.second_factor import has_second_factor, needs_second_factor
from accounts.ways_back import page_before


@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """The person's account: how they sign in, and what it opens."""
    user = cast("User", request.user)
    context = {
        "memberships": user.active_memberships,
        "providers": settings.OIDC_PROVIDERS,
        "linked": set(SocialAccount.objects.filter(user=user).values_list("provider", flat=True)),
        "has_second_factor": has_second_factor(user),
        "needs_second_factor": needs_second_factor(user),
        "looks_after_people": user.has_role(*GIVES),
        "idle_minutes": int(sessions.idle_time_of(user).total_seconds()) // 60,
    }
    return render(request, "accounts/security.html", context)


@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """Whoever signs in with their organisation has none here to change; allauth's page would set them one."""
    if not cast("User", request.user).has_usable_password():
        return redirect("security")
    answer: HttpResponse = change_password(request)
    return answer


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    sessions.end_sessions(user=user, by=user, at=timezone.now(), reason="asked for")
    logout(request)
    messages.success(request, gettext("You are signed out on every device."))
    return redirect("account_login")


@require_GET
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """For those who have no password here and no second factor: their provider asks them."""
    return render(request, "accounts/sign_in_again.html")


@login_not_required
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Tell how many seconds are left, which does not count as use; POST begins the idle time anew."""
    user, now = request.user, timezone.now()
    if not isinstance(user, User):
        return JsonResponse({"seconds": 0}, status=401)
    if request.method == "POST":
        sessions.begin_idle_time(request.session, now)
        if request.POST.get("then"):
            return redirect(page_before(request))
    left = sessions.ends_at(request.session, user) - now
    is_last = sessions.ends_at(request.session, user) == sessions.last_end(request.session)
    return JsonResponse({"seconds": int(left.total_seconds()), "last": is_last})
