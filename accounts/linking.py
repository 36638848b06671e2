"""Providers by which somebody signs in: linked and taken away, each recorded and told to whose account it is."""

from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import Organisation, User
from accounts.notices import tell_of_change


class LinkError(Exception):
    """It cannot be linked or taken away.  The message is written for the person who asked."""


@transaction.atomic
def link(*, user: User, provider: str, uid: str, by: User, at: datetime) -> bool:
    """Let somebody sign in by a provider; say whether that is new.

    :raises LinkError: that identity opens another account
    """
    account, is_new = SocialAccount.objects.get_or_create(provider=provider, uid=uid, defaults={"user": user})
    if account.user_id != user.pk:
        raise LinkError(gettext("That sign-in opens another account already."))
    if is_new:
        audit.record(action="account.link", subject=user, by=by, at=at, reason=provider)
    return bool(is_new)  # allauth has no types


def link_own(*, user: User, provider: str, uid: str, at: datetime) -> None:
    """Link a provider to one's own account, and tell its address: an open screen is enough to do it.

    :raises LinkError: that identity opens another account
    """
    if link(user=user, provider=provider, uid=uid, by=user, at=at):
        with language_of(user):
            what = gettext(
                "The sign-in of %(name)s opens it from now on. If that was not you, take it away on that page."
            )
            tell_of_change(user, what % {"name": name_of(provider)})


@transaction.atomic
def unlink_own(*, user: User, provider: str, at: datetime) -> None:
    """Take the sign-in by a provider away from one's own account.

    :raises LinkError: there is no other way to sign in
    """
    User.objects.select_for_update().get(pk=user.pk)
    others = SocialAccount.objects.filter(user=user).exclude(provider=provider)
    if not (user.has_usable_password() or others.exists()):
        raise LinkError(gettext("It is your only way to sign in. Ask for a link to set a password first."))
    _unlink(SocialAccount.objects.filter(user=user, provider=provider), user, at)
    with language_of(user):
        what = gettext("The sign-in of %(name)s does not open it any more.")
        tell_of_change(user, what % {"name": name_of(provider)})


def unlink_leaver(*, user: User, organisation: Organisation, by: User, at: datetime) -> None:
    """Take away what an organisation vouched for: its sign-in must not open what a leaver holds elsewhere."""
    its = [one["id"] for one in settings.OIDC_PROVIDERS if one.get("organisation") == organisation.code]
    _unlink(SocialAccount.objects.filter(user=user, provider__in=its), by, at)


def unlink_all(*, user: User, by: User | None, at: datetime) -> None:
    """Take every provider away."""
    _unlink(SocialAccount.objects.filter(user=user), by, at)


def _unlink(accounts: "QuerySet[SocialAccount]", by: User | None, at: datetime) -> None:
    for account in accounts.select_related("user"):
        account.delete()
        audit.record(action="account.unlink", subject=account.user, by=by, at=at, reason=account.provider)


def name_of(provider: str) -> str:
    """Return how people call a provider."""
    return next((str(one["name"]) for one in settings.OIDC_PROVIDERS if one["id"] == provider), provider)
