"""How allauth behaves here: no open registration, our own throttle, our own drawing of QR codes."""

import base64
import hashlib
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.invitations import link_lasts
from accounts.known_browsers import TRIES, known_browser_of
from accounts.languages import language_of
from accounts.models import User
from accounts.notices import send_plain
from accounts.rates import WRONG_SIGN_INS, network_address_of
from accounts.second_factor import needs_second_factor
from accounts.security_events import code_of, note
from accounts.step_up import has_confirmed_lately
from accounts.tries import PASSWORDS


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try, by the mail address that was typed and by where it comes from.

        Where those are used up, a browser in which that person signed in before has some of its own.

        :raises ValidationError: too many; the words are the same for an address that has no account
        """
        at = timezone.now()
        used = WRONG_SIGN_INS.count(network_address_of(request), at)
        if not used.is_too_much and PASSWORDS.may_try(_typed(credentials), at):
            return
        # Who is signed in already is asked again: a browser left open must not be a way to guess.
        is_signing_in = not request.user.is_authenticated
        browser = known_browser_of(request, str(credentials.get("email", ""))) if is_signing_in else ""
        if not (browser and TRIES.may_try(browser, at)):
            note("sign_in.throttled", request, who=_typed(credentials))
            raise self.validation_error("too_many_login_attempts")
        request.tried_as_known = browser  # type: ignore[attr-defined]

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user:
            if browser := getattr(request, "tried_as_known", ""):
                TRIES.forget(browser)  # those of the address stay: they are somebody else's
            else:
                PASSWORDS.forget(_typed(credentials))
            WRONG_SIGN_INS.take_back(network_address_of(request), timezone.now())
        return user

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> Any:
        """Stop whose account is closed, asleep or opens nothing; they learn it after the right password only."""
        if not user.may_sign_in:
            note("sign_in.closed", request, user=user.pk)
            clear_login(request)
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **more)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        with language_of(user):
            words = {"url": context["password_reset_url"], "link_lasts": link_lasts(), "site_name": settings.SITE_NAME}
            send_plain(email, gettext("Set a new password"), render_to_string("emails/password_reset.txt", words))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Those whose provider asks for the password have to sign in again there."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        again = {"id": "elsewhere", "description": gettext("Sign in again"), "url": reverse("sign_in_again")}
        return methods or [again]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not has_confirmed_lately(self.request)


def _typed(credentials: dict[str, Any]) -> str:
    return code_of(str(credentials.get("email", "")))


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: secrets are stored encrypted, and the last one stays where one must be had."""

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def build_totp_svg(self, url: str) -> str:
        drawn = segno.make(url, error="m")
        return drawn.svg_inline(omitsize=True, border=2, svgclass="jol-qr__code", lineclass="")

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = User.objects.get(pk=authenticator.user_id)
        others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
        return others.exists() or not needs_second_factor(user)


def _box() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(b"accounts.second_factor" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
