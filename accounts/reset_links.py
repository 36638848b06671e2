"""The keys in links to a new password: bound to the account as it was when the link was mailed.

allauth loads this module while it loads its own forms, so nothing else may import it.
"""

from datetime import UTC, datetime

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from django.contrib.auth.base_user import AbstractBaseUser


class ResetLinks(EmailAwarePasswordResetTokenGenerator):
    """A key ends with its hour, its use, a new password, a sign-in, another address, and the closing of the account."""

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}|{user.is_active}"

    def _now(self) -> datetime:
        """In local time, as Django has it, the hour would be two or none in the nights when clocks change."""
        return datetime.now(UTC).replace(tzinfo=None)
