"""The way back to the page on which a button was pressed."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def page_before(request: HttpRequest) -> str:
    """Return the path and the query of the page that the browser says it came from, or "/" if it was none of ours."""
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # brackets that hold no address
        return "/"
    back = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    # A path of ours may begin with two slashes, and as an address of its own would lead elsewhere.
    is_ours = came_from.netloc == request.get_host() and url_has_allowed_host_and_scheme(back, None)
    return back if is_ours else "/"
