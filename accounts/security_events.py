"""What a guard of the site looks for in the log: sign-ins, refusals, throttles.  Codes, never what was typed."""

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.rates import coded, network_address_of

logger = logging.getLogger("security")


def note(event: str, request: HttpRequest | None = None, *, level: int = logging.WARNING, **facts: Any) -> None:
    """Write one line.

    :param event: what it is about and what happened, such as "sign_in.failed"
    :param facts: numbers and codes; anything else is hidden by the formatter of the lines
    """
    if request is not None and "REMOTE_ADDR" in request.META:  # some are signed in without a request of theirs
        user = getattr(getattr(request, "user", None), "pk", None)
        facts = {"place": network_address_of(request), "user": user} | facts
    logger.log(level, event, extra={"facts": facts})


def code_of(typed: str) -> str:
    """Return what stands for a typed address: the same for the same one, and nobody reads it back.

    It may be anything, such as a password in the wrong box.
    """
    return coded(typed.strip().lower())


@receiver(user_logged_in)
def signed_in(*, request: HttpRequest | None = None, user: Any, **_: object) -> None:
    note("sign_in.done", request, level=logging.INFO, user=user.pk)


@receiver(user_login_failed)
def sign_in_failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    note("sign_in.failed", request, who=code_of(str(credentials.get("email") or credentials.get("username") or "")))


@receiver(user_logged_out)
def signed_out(*, request: HttpRequest | None = None, user: Any, **_: object) -> None:
    if request is not None:
        request.was_signed_out = True  # type: ignore[attr-defined]  # the answer has the browser forget the pages
    if user is not None:
        note("sign_out", request, level=logging.INFO, user=user.pk)
