"""A log line for each request: which page, for whom, what came of it.  No path, query or address: they tell content."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.csrf import csrf_failure

from accounts.models import User
from accounts.security_events import note

logger = logging.getLogger("jol.requests")

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
#: Asked every few seconds by machines; a line for each would hide the rest.
QUIET = {"health", "live", "ready", "metrics"}
#: What a guard looks for, by the status.
REFUSALS = {401: "authn.refused", 403: "authz.denied", 429: "throttled"}


class RequestLogMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        route = request.resolver_match.view_name if request.resolver_match else ""
        event = _event(request, response.status_code)
        if route in QUIET and event in ("request", "request.failed"):  # jol.health says what is wrong
            return response
        facts = {
            "method": request.method if request.method in METHODS else "other",
            "route": route,
            "status": response.status_code,
            "ms": round((time.monotonic() - began) * 1000),
            "user": _user(request),
        }
        logger.log(logging.INFO if event == "request" else logging.WARNING, event, extra={"facts": facts})
        return response


def _event(request: HttpRequest, status: int) -> str:
    if status >= 500:
        return "request.failed"
    # What is hidden answers 404: to somebody who is signed in that is a refusal, whatever the reason.
    if status == 404 and request.resolver_match and _user(request):
        return "authz.denied"
    return REFUSALS.get(status, "request")


def _user(request: HttpRequest) -> int | None:
    """Return who was found out to ask; nobody is looked up for the sake of the log.

    Of a page that leaves no trace nobody is named: its line would tell whose the point of a debrief is.
    """
    if request.resolver_match and getattr(request.resolver_match.func, "leaves_no_trace", False):
        return None
    by_token = request.__dict__.get("user")  # or a promise to look somebody up
    found = by_token if type(by_token) is User else getattr(request, "_cached_user", None)  # of the session
    return found.pk if found else None


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without its token, or from elsewhere."""
    note("csrf.refused", request)
    return csrf_failure(request, reason)
