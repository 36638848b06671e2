"""What a session has to meet at each request: an open account, time left, a second factor where one is needed."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from accounts import sessions
from accounts.known_browsers import set_cookie
from accounts.languages import API
from accounts.models import User
from accounts.rates import PAGE_WRITES, too_many
from accounts.second_factor import has_second_factor, needs_second_factor, used_second_factor

GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponse]
#: Looking at the clock is not being busy.
CLOCK = "session"
#: For everybody, but the page to which signing in leads.
HOME = "home"
#: A page sends this with what it asks by itself, without anybody doing anything.
BY_ITSELF = "X-By-Itself"


class SessionMiddleware:
    """Sign out whose account was closed or gave no rights any more, and whose time ran out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user, now = request.user, timezone.now()
        if isinstance(user, User):
            if not user.may_sign_in:
                logout(request)
            elif sessions.is_over(request.session, user, now):
                logout(request)
                messages.info(
                    request, gettext("You were signed out, since nothing happened for a while. Sign in to go on.")
                )
            else:
                is_use = request.path != reverse(CLOCK) and BY_ITSELF not in request.headers
                sessions.note_use(request.session, now, is_use=is_use)
        response = self.get_response(request)
        # By now the API may have put the person of a token there, who has no session.
        if isinstance(request.user, User) and request.session.get(SESSION_KEY) == str(request.user.pk):
            sessions.enlist(request, request.user)
        set_cookie(request, response)
        if getattr(request, "was_signed_out", False):  # see accounts.security_events
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class PaceMiddleware:
    """Answer 429 to whoever sends from pages faster than hands can; they go on reading."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_: Any) -> HttpResponse | None:
        if request.method != "POST" or not isinstance(request.user, User):
            return None
        # Programs have rates of their own.
        if request.path.startswith(API) or getattr(view, "leaves_no_trace", False):
            return None
        used = PAGE_WRITES.count(str(request.user.pk), timezone.now())
        return too_many(request, used.wait_seconds) if used.is_too_much else None


def leaves_no_trace(view: View) -> View:
    """Neither count nor log who sends this page, as that would tell who sent it and when; it has a rate of its own."""
    view.leaves_no_trace = True  # type: ignore[attr-defined]
    return view


class SecondFactorMiddleware:
    """Lead people who must show a second factor to where they do; until then nothing else is open to them."""

    #: Where one shows a factor, or leaves.
    OPEN = frozenset(
        {
            "account_logout",
            "account_reauthenticate",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "language",
            CLOCK,
        }
    )
    #: Open only to those who have none yet: a password alone must not put another factor in the place of one.
    SETS_UP = frozenset({"mfa_add_webauthn", "second_factor", "second_factor_app"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *args: object) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User) or used_second_factor(request) or not needs_second_factor(user):
            return None
        request.lacks_second_factor = True  # type: ignore[attr-defined]  # no menu, see jol.context
        match = request.resolver_match
        if match and match.url_name in self.OPEN:
            return None
        is_home = match is not None and match.url_name == HOME
        if not getattr(view, "login_required", True) and not is_home:  # a page for everybody is shown as to a stranger
            request.user = AnonymousUser()
            return None
        if not has_second_factor(user):
            return None if match and match.url_name in self.SETS_UP else redirect("second_factor")
        back = request.path if request.method == "GET" else "/"
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")
