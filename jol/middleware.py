"""What every request passes through."""

import logging
import re
import secrets
from collections.abc import Callable

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from accounts.trace import request_id
from jol.away import away, database_is_away
from lessons.access import Moved, Suspended
from lessons.errors import LessonError

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
#: Files that are the same for everyone.
PUBLIC_PATHS = ("/static/",)


class RequestIdMiddleware:
    """Give each request a number, for its log lines and audit rows; a proxy's own is kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8))
        try:
            return self.get_response(request)
        finally:
            request_id.reset(token)


class KnownMethodsMiddleware:
    """Refuse methods that no page has, above all TRACE."""

    KNOWN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if request.method in self.KNOWN else HttpResponseNotAllowed(self.KNOWN)


class HeadMiddleware:
    """Answer HEAD as GET: no page needs to know of it, and none can take it for something that is sent.

    The server leaves out the body; a stream is not even begun.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD":
            return self.get_response(request)
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"  # for the log
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = ()
        return response


class PrivateByDefaultMiddleware:
    """Keep pages out of every cache, and keep the browser to itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(PUBLIC_PATHS):
            response.headers.setdefault("Cache-Control", "no-store, private")
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class DatabaseAwayMiddleware:
    """Answer 503 with a plain page while the database is away, full, out of connections, or waits for a lock."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return away(request, exception) if database_is_away(exception) else None


class ButtonAddressMiddleware:
    """Say on a page that an address only takes what a button sends: signing in again leads there, with GET."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_blank = response.status_code == 405 and not response.content
        if not is_blank or request.method != "GET" or request.path.startswith("/api/"):
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class LessonErrorMiddleware:
    """Turn refusals of the workflow into pages: 409, 410, or a redirect to where a lesson went."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, LessonError):
            record = _record_of(request)
            context = {"message": str(exception), "record": record, "typed": _typed(request) if record else []}
            return render(request, "409.html", context, status=409)
        if isinstance(exception, Suspended):
            return render(request, "410.html", status=410)
        if isinstance(exception, Moved):
            return HttpResponseRedirect(reverse("lesson", args=[exception.reference]))
        return None


def _record_of(request: HttpRequest) -> int | None:
    """Return the key of the lesson that a page is about."""
    match = request.resolver_match
    is_of_lesson = match is not None and match.route.startswith(("records/<int:pk>", "review/<int:pk>"))
    return int(match.kwargs["pk"]) if match and is_of_lesson else None


def _typed(request: HttpRequest) -> list[str]:
    """Return the words that somebody typed into a form that cannot be taken any more."""
    return [str(value) for value in request.POST.values() if len(str(value).split()) > 1]
