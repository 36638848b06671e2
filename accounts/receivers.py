"""What happens when somebody signs in: Django and allauth tell it by a signal."""

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions


@receiver(user_logged_in)
def begin_session(*, request: HttpRequest, **_: object) -> None:
    """Start the clock of the session."""
    if hasattr(request, "session"):
        sessions.begin(request.session, timezone.now())
