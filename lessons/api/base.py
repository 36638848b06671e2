"""What all views of the API share: rates in headers, answers that a program need not fetch twice."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from rest_framework import exceptions
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken, TokenScope, User


@dataclass(frozen=True)
class Deprecation:
    """That an address goes (docs/api/deprecation.md).

    :ivar what: the address, as programs know it
    :ivar since: when that was said
    :ivar ends: the first day on which it answers 410
    :ivar instead: the address that tells what to use
    """

    what: str
    since: date
    ends: date
    instead: str

    @property
    def headers(self) -> dict[str, str]:
        """As in RFC 9745 and RFC 8594."""
        since, ends = (datetime.combine(day, time(), UTC) for day in (self.since, self.ends))
        return {
            "Deprecation": f"@{int(since.timestamp())}",
            "Sunset": http_date(ends.timestamp()),
            "Link": f'<{self.instead}>; rel="deprecation"',
        }


class Ended(exceptions.APIException):
    status_code = 410
    default_detail = "This address is no more."
    default_code = "ended"


class ApiView(GenericAPIView[Any]):
    """The base of every view."""

    deprecation: Deprecation | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """:raises Ended: the address was deprecated, and its time is up"""
        super().initial(request, *args, **kwargs)
        if self.deprecation and timezone.now().date() >= self.deprecation.ends:
            raise Ended

    def finalize_response(  # type: ignore[override]  # a download is a stream
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Tell the rate, and give what was read an `ETag`: the digest of its bytes."""
        answer = super().finalize_response(request, cast("Response", response), *args, **kwargs)
        response = cast("HttpResponseBase", answer)
        if used := getattr(request, "rate_used", None):
            for name, value in used.headers.items():
                response.headers[name] = value
        if self.deprecation:
            for name, value in self.deprecation.headers.items():
                response.headers[name] = value
        patch_vary_headers(response, ["Authorization", "Cookie"])
        if isinstance(response, Response) and request.method in {"GET", "HEAD"} and response.status_code == 200:
            # A program may keep what it read and ask whether it still holds.  A shared browser may keep nothing, and
            # nobody may keep what could be OFFICIAL-SENSITIVE.
            if isinstance(request.auth, ApiToken) and TokenScope.READ_SENSITIVE not in request.auth.scopes:
                response.headers["Cache-Control"] = "private, no-cache"
            response.add_post_render_callback(lambda rendered: _unless_known(request, rendered))
        return response


def caller(request: Request) -> User:
    """Return whose request it is: nobody gets to a view of ours without a token or a session."""
    return cast("User", request.user)


def _unless_known(request: Request, response: Response) -> HttpResponse | None:
    """Return 304 if the caller has these very bytes."""
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    answer = get_conditional_response(cast("HttpRequest", request), etag=etag, response=response)
    if answer is not None:
        for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
    return answer
