"""What is answered while something the portal needs is missing, or while too many ask at once: 503, plain and quick."""

import logging

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.log import log_response

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
#: SQLSTATE, or the beginning of some.  A disk that is full, no memory and no free connection begin with 53.
AWAY = ("08", "53", "57P")
#: Waited too long for a lock, and took too long.
TOO_SLOW = ("55P03", "57014")


def database_is_away(exception: BaseException | None) -> bool:
    """Whether the database cannot do its work now, though nothing is wrong with what it was asked.

    Told by the error, since the next connection may be well.
    """
    if not isinstance(exception, (OperationalError, InterfaceError)):
        return False
    code = getattr(exception.__cause__, "pgcode", None)
    return code is None or code.startswith((*AWAY, *TOO_SLOW))


def away(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Return the answer for a time without a database: it needs none, nor a context."""
    connection.close()
    logger.warning("The database did not do its work: %s", error)
    return _try_again(request, "503.html", "The database cannot be reached, or it took too long.", seconds=10)


def busy(request: HttpRequest) -> HttpResponse:
    """Return the answer for a time in which more is asked than can be answered."""
    return _try_again(request, "busy.html", "Too many requests are waiting.", seconds=5)


def _try_again(request: HttpRequest, page: str, detail: str, *, seconds: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Service unavailable", "status": 503, "detail": detail}
        response: HttpResponse = JsonResponse(body, status=503, content_type=PROBLEM_JSON)
    else:
        response = HttpResponse(loader.get_template(page).render({}), status=503)
    response.headers["Retry-After"] = str(seconds)
    # Told as a warning by jol.request_log.  Django would add an error, one for each of very many, and nothing erred.
    log_response(detail, response=response, request=request, level="warning")
    return response
