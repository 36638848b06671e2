"""Choosing the language: of a person for all pages and mails, of anybody else for this browser."""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.languages import SPOKEN
from accounts.models import User
from accounts.ways_back import page_before

KEPT = timedelta(days=365)


@csrf_exempt  # of a stranger nothing but the language of this browser changes, and no page has to set a cookie for that
@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Take the language into use and go back to the page on which it was chosen."""
    return _of_person(request, request.user.pk) if isinstance(request.user, User) else _of_browser(request)


@csrf_protect
def _of_person(request: HttpRequest, pk: int) -> HttpResponse:
    response = _of_browser(request)  # signing out must not change the language of the page that follows
    if response.status_code == HTTPStatus.FOUND:
        User.objects.filter(pk=pk).update(language=request.POST["language"])
    return response


def _of_browser(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    if chosen not in SPOKEN:
        return HttpResponseBadRequest()
    back = request.POST.get("next") or page_before(request)
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if is_ours and back.startswith("/") else "/")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
