"""Asking for a link to set a new password, and changing the one in use."""

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, ResetPasswordForm
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.rates import MAILS_TO_ADDRESS, coded

#: So long it takes whether there is an account or not: the answer shall not tell.
ANSWER_SECONDS = 0.4


class ChangeForm(ChangePasswordForm):
    """Takes a new password of whoever knows the one in use; guesses are counted with those at sign-in."""

    def clean_oldpassword(self) -> str:
        """:raises ValidationError: it is wrong, or there were too many"""
        given: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, given):
            raise get_adapter().validation_error("enter_current_password")
        return given


class ResetForm(ResetPasswordForm):
    """Mails the link if the address has an account that may be used; the page looks the same otherwise."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        began = time.monotonic()
        address: str = self.cleaned_data["email"]
        used = MAILS_TO_ADDRESS.count(coded(address.lower()), timezone.now())
        self.users: list[User] = [user for user in self.users if user.dormant_at is None and not used.is_too_much]
        for user in self.users:
            audit.record(action="password.ask_reset", subject=user, by=None, at=timezone.now())
        super().save(request, **kwargs)
        time.sleep(max(0.0, began + ANSWER_SECONDS - time.monotonic()))
        return address
