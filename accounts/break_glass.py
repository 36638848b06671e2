"""Sign-ins past the usual door: by password where a provider should ask, or as an administrator of the site.

They are allowed, for the day on which the provider is away, and never unseen: the Secretariat is mailed at once.
"""

from typing import Any

from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import Membership, User
from accounts.notices import send_notice
from accounts.roles import Role
from accounts.security_events import note

PASSWORD_DESPITE_PROVIDER, ADMINISTRATOR = "password despite provider", "administrator"


@receiver(user_logged_in)
def tell_of_unusual_sign_in(*, request: Any, user: User, **more: Any) -> None:
    """Look at each sign-in that is complete; allauth passes what the provider said, if one was asked."""
    reason = "" if more.get("sociallogin") else reason_to_tell(user)
    if not reason:
        return
    at = timezone.now()
    note("sign_in.break_glass", request, user=user.pk)
    with transaction.atomic():
        audit.record(action="account.break_glass", subject=user, by=user, at=at, reason=reason)
        for one in User.objects.filter(memberships__in=_secretariat()).exclude(pk=user.pk).distinct():
            _tell(one, user, reason)


def reason_to_tell(user: User) -> str:
    """Return why a sign-in with a password is unusual, or ""."""
    provided = {one.get("organisation") for one in settings.OIDC_PROVIDERS} - {None, ""}
    works_there = any(m.organisation.code in provided for m in user.active_memberships)
    if works_there or SocialAccount.objects.filter(user=user, provider__in=_providers()).exists():
        return PASSWORD_DESPITE_PROVIDER
    return ADMINISTRATOR if settings.OIDC_PROVIDERS and user.has_role(Role.SYSTEM_ADMIN) else ""


def _providers() -> list[str]:
    return [one["id"] for one in settings.OIDC_PROVIDERS]


def _secretariat() -> Any:
    return Membership.objects.active().filter(role=Role.SECRETARIAT)


def _tell(reader: User, who: User, reason: str) -> None:
    with language_of(reader):
        told = {
            PASSWORD_DESPITE_PROVIDER: gettext(
                "%(person)s signed in with a password, past the sign-in of their organisation. If that was not agreed, "
                "end their sessions and ask."
            ),
            ADMINISTRATOR: gettext("%(person)s, who administers the site, signed in with a password."),
        }[reason]
        text = told % {"person": who.get_full_name()}
        why = gettext("You get this because you are of the Secretariat, which hears of every such sign-in.")
        send_notice(reader.email, gettext("A sign-in past the usual door"), text, reverse("people"), why=why)
