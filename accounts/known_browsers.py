"""Browsers in which somebody has signed in: guesses of strangers do not keep their people out.

A signed cookie (the "device cookie" of OWASP) says whose browser it is.  It opens nothing: where the tries of an
address are used up, by whomever, such a browser has a few of its own.  A new password, and signing out everywhere, end
it.
"""

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from accounts.tries import Tries

SALT = "accounts.known_browsers"
LASTS = timedelta(days=90)
#: People of one browser, such as that of a control room, the last to sign in first.
MOST_PEOPLE = 5
#: Of one person in one browser, beyond those of the address: two, then one after each wait, ten a day at most.
TRIES = Tries("known-browser", free=1, limit=10, period=timedelta(days=1), first_wait=timedelta(seconds=5))


def cookie_name() -> str:
    return "__Host-browser" if settings.SESSION_COOKIE_SECURE else "browser"


def known_browser_of(request: HttpRequest, address: str) -> str:
    """Return under which name the tries of this browser count, "" if who has the address never signed in with it."""
    people = _people_of(request)
    user = User.objects.filter(email__iexact=address.strip()).first() if people else None
    for pk, number, bound in people:
        if user and pk == user.pk and any(constant_time_compare(bound, one) for one in _bonds_of(user)):
            return str(number)
    return ""


def remember(request: HttpRequest, user: User) -> None:
    """Have the answer to this request make the browser one of `user`'s; all factors were shown."""
    request.is_browser_of = user  # type: ignore[attr-defined]


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    user: User | None = getattr(request, "is_browser_of", None)
    if user is None:
        return
    others = [one for one in _people_of(request) if one[0] != user.pk]
    people = [(user.pk, secrets.token_hex(8), _bonds_of(user)[0]), *others][:MOST_PEOPLE]
    response.set_cookie(
        cookie_name(),
        signing.dumps(people, salt=SALT, compress=True),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _people_of(request: HttpRequest) -> list[tuple[int, str, str]]:
    """Return who signed in: number of the account, that of the browser for it, and what it is bound to."""
    try:
        kept: Any = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return []
    return [(pk, number, bound) for pk, number, bound in kept]


def _bonds_of(user: User) -> list[str]:
    """Return codes of what ends it: the password, and how often all sessions were ended; the one in use first."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return [salted_hmac(SALT, one, secret="").hexdigest()[:32] for one in hashes]
