"""A code of the second factor, or the answer of a passkey."""

import json
import struct
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.rates import WRONG_SIGN_INS, network_address_of
from accounts.second_factor import note_second_factor, set_up_app, use_code
from accounts.security_events import note
from accounts.tries import CODES
from govuk.look import Look

WRONG = _("This code is not right, or was used already. Wait for the next one")
TOO_MANY = _("There were too many wrong codes. Wait a few minutes, then try again")


class CodeField(forms.CharField):
    def __init__(self, **more: Any) -> None:
        digits = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"})
        super().__init__(max_length=20, widget=digits, error_messages={"required": gettext("Enter the code")}, **more)


class CodeForm(forms.Form):
    """A code of the person's app, or a recovery code.  Tries are counted apart from those of the password."""

    looks = {"code": Look(width=10)}

    code = CodeField(label=_("Code"), help_text=_("6 digits from your app, or one of your recovery codes"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_code(self) -> str:
        at, request = timezone.now(), context.request
        used = WRONG_SIGN_INS.count(network_address_of(request), at)
        if used.is_too_much or not CODES.may_try(str(self.user.pk), at):
            note("second_factor.throttled", request, user=self.user.pk)
            raise ValidationError(TOO_MANY)
        self.kind = self.check_code(self.cleaned_data["code"])
        if not self.kind:
            note("second_factor.failed", request, user=self.user.pk)
            _record_wrong(self.user)
            raise ValidationError(WRONG)
        CODES.forget(str(self.user.pk))
        WRONG_SIGN_INS.take_back(network_address_of(request), at)
        return str(self.cleaned_data["code"])

    def check_code(self, code: str) -> str:
        """Return the kind of factor that `code` used up, or ""."""
        return use_code(user=self.user, code=code, at=timezone.now())

    def save(self) -> None:
        note_second_factor(context.request, self.user, self.kind)


class SignInCodeForm(CodeForm):
    """After the password."""


class AgainCodeForm(CodeForm):
    """Once more, before something that a screen left alone should not allow."""


class AppForm(CodeForm):
    """The first code of a new app."""

    code = CodeField(label=_("Code that your app shows now"), help_text=_("6 digits"))

    def __init__(self, *args: Any, secret: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = secret

    def check_code(self, code: str) -> str:
        return "totp" if set_up_app(user=self.user, secret=self.secret, code=code, at=timezone.now()) else ""


# -- passkeys: allauth checks the answer; the session gets a new id ---------------------------------
#: What its parsers raise where a browser, or what stands in for one, says something odd.
ODD = (AttributeError, LookupError, NotImplementedError, RecursionError, TypeError, ValueError, struct.error)


class CredentialField(forms.JSONField):
    """What a browser says of a passkey."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            said = super().to_python(value)
            text = json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
        except ODD:
            raise _incorrect() from None
        if b"\\u0000" in text:  # the database stores none
            raise _incorrect()
        return said

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Nothing is shown again: each answer is to a question of its own."""
        return InvalidJSONInput("")


class PasskeyForm(AddWebAuthnForm):
    looks = {"name": Look(width="two-thirds")}

    credential = CredentialField()
    name = forms.CharField(
        required=False, max_length=60, label=_("Name"), help_text=_("So that you know it again: “Blue key”")
    )

    def clean(self) -> dict[str, Any]:
        try:
            values: dict[str, Any] = super().clean()
        except ODD:
            raise _incorrect() from None
        return values


class SignInPasskeyForm(AuthenticateWebAuthnForm):
    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except (ValidationError, *ODD):
            _record_wrong(self.user)
            raise _incorrect() from None

    def save(self) -> None:
        super().save()
        context.request.session.cycle_key()


class AgainPasskeyForm(SignInPasskeyForm):
    reauthenticated = True


def _incorrect() -> ValidationError:
    error: ValidationError = get_adapter().validation_error("incorrect_code")
    return error


def _record_wrong(user: User) -> None:
    audit.record(action="factor.wrong", subject=user, by=None, at=timezone.now())
