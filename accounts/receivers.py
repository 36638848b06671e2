"""What happens when somebody signs in or out, or tries to: Django and allauth tell it by a signal."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import authentication_step_completed, password_changed, password_reset, password_set
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, sessions
from accounts.known_browsers import remember
from accounts.models import User
from accounts.rates import coded


@receiver(user_logged_in)
def begin_session(*, request: HttpRequest, user: User, **_: object) -> None:
    """Start the clock of the session."""
    methods: list[str] = []
    if hasattr(request, "session"):
        sessions.begin(request.session, timezone.now())
        sessions.enlist(request, user)
        remember(request, user)
        methods = [record["method"] for record in get_authentication_records(request, user)]
    _record("session.sign_in", user, reason=" ".join(methods))


@receiver(user_login_failed)
def record_wrong_sign_in(*, credentials: dict[str, Any], **_: object) -> None:
    """The same is done for an address that nobody has; the row holds a code for it, not the address."""
    address = str(credentials.get("email", "")).strip().lower()
    user = User.objects.filter(email__iexact=address).first()
    audit.record(
        action="session.wrong_password",
        subject=user,
        by=None,
        at=timezone.now(),
        digest=coded(address) if address else "",
    )


@receiver(user_logged_out)
def record_sign_out(*, user: User | None, **_: object) -> None:
    if user is not None:
        _record("session.sign_out", user)


@receiver(authentication_step_completed)
def record_step(*, user: User | None, method: str, **more: object) -> None:
    """A second factor, or the password once more; a password at first is a sign-in, or comes before its factor."""
    if user is None:
        return
    if method == "mfa":
        _record("factor.use", user, reason=str(more.get("type", "")))
    elif more.get("reauthenticated"):
        _record("session.confirm", user, reason=method)


@receiver(password_reset)
def record_reset(*, user: User, **_: object) -> None:
    _record("password.reset", user)


@receiver([password_changed, password_set])
def record_new_password(*, user: User, **_: object) -> None:
    _record("password.change", user)


def _record(action: str, user: User, *, reason: str = "") -> None:
    audit.record(action=action, subject=user, by=user, at=timezone.now(), reason=reason)
