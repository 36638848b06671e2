"""The host that hands out attachments and does nothing else (FILES_URL): no file is of the site's own origin."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from jol.overload import READS
from lessons.attachments.links import URLCONF

LINKS = "/attachments/"


class FilesHostMiddleware:
    """Show requests to that host nothing but its own addresses, and take their cookies away.

    Before anything that answers or reads cookies.  The port does not count: by no port is the site reached there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.FILES_URL and _host_of(request) == urlsplit(settings.FILES_URL).hostname:
            request.urlconf = URLCONF
            request.COOKIES = {}
            request.META.pop("HTTP_COOKIE", None)
            if request.method not in READS or not request.path_info.startswith(LINKS):
                # Where nothing is: neither static files nor the check of forms get to see such a request.
                request.path = request.path_info = "/"
        return self.get_response(request)


def _host_of(request: HttpRequest) -> str:
    """Return the name without port, in small letters; whether it is one of ours is checked by Django."""
    domain, _ = split_domain_port(request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", ""))
    return domain
