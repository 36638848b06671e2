"""Pages for what goes wrong; under /api/ the same as problem details (RFC 9457)."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.template import loader
from django.views import defaults

from jol.away import PROBLEM_JSON, away, database_is_away


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a page to people who are not signed in."""
    return login_not_required(view)


def problem(status: int, title: str, detail: str = "", **more: object) -> JsonResponse:
    """Return problem details.

    :param more: further members, such as `errors`
    """
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail} | more
    return JsonResponse(body, status=status, content_type=PROBLEM_JSON)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem(400, "Bad request", "The request cannot be read.")
    if isinstance(exception, BadRequest):  # Django's page asks for the form, which cannot be read, once more
        request._mark_post_parse_error()  # type: ignore[attr-defined]  # noqa: SLF001 - as Django does for others
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem(403, "Forbidden", "You may not do this.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem(404, "Not found", "There is nothing here that you may read.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a fault of ours; the page needs no database and no context."""
    import sys

    error = sys.exc_info()[1]
    if database_is_away(error):
        return away(request, error)
    if _is_api(request):
        return problem(500, "Server error", "Something went wrong. It was not your request.")
    return HttpResponseServerError(loader.get_template("500.html").render({}))
