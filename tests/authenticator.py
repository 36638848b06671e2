"""An authenticator app, and people who have one."""

from datetime import datetime

from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.utils import timezone

from accounts.models import User
from accounts.second_factor import STEP_SECONDS, set_up_app


class App:
    """What shows the codes of one account."""

    def __init__(self, secret: str | None = None) -> None:
        self.secret = secret or generate_totp_secret()

    def code(self, at: datetime | None = None, *, steps: int = 0) -> str:
        step = int((at or timezone.now()).timestamp()) // STEP_SECONDS + steps
        return format_hotp_value(hotp_value(self.secret, step))


def app_of(user: User) -> App:
    """Set up an app for `user`, by a code of the step before: the one that it shows now is unused."""
    app = App()
    assert set_up_app(user=user, secret=app.secret, code=app.code(steps=-1), at=timezone.now())
    return app
