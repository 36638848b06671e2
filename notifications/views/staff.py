"""Who gets to the pages about all mail."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse

from notifications.access import SignedInRequest
from notifications.models.replays import LOOK_AFTER_MAIL


def for_staff(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hide a page from all but those who look after the mail: to others there is none."""

    @wraps(view)
    def only_for_staff(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(LOOK_AFTER_MAIL):
            raise Http404
        return view(request, *args, **kwargs)

    return only_for_staff
