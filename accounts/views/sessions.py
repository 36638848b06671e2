"""Where somebody is signed in, and the buttons that end it there."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import OpenSession, User
from accounts.sessions import end_session, end_sessions, sessions_of
from accounts.step_up import ask_to_confirm, has_confirmed_lately


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    found = sessions_of(cast("User", request.user), request.session, timezone.now())
    return render(request, "accounts/sessions.html", {"sessions": found, "others": len(found) - 1})


@require_POST
def end_one(request: HttpRequest, pk: int) -> HttpResponse:
    """End a session of one's own on another device."""
    user = cast("User", request.user)
    if not has_confirmed_lately(request):
        return ask_to_confirm(reverse("sessions"))
    others = OpenSession.objects.filter(user=user).exclude(session=request.session.session_key)
    end_session(session=get_object_or_404(others, pk=pk), by=user, at=timezone.now())
    messages.success(request, gettext("You are signed out there."))
    return redirect("sessions")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if not has_confirmed_lately(request):
        return ask_to_confirm(reverse("sessions"))
    end_sessions(user=user, by=user, at=timezone.now(), reason="others, asked for", keep=request)
    messages.success(request, gettext("You are signed out everywhere but here."))
    return redirect("sessions")
