"""Making API tokens."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.models import ApiToken, TokenScope, User

LONGEST = timedelta(days=365)
NAME_LIMIT = 100
#: Of one person; expired ones are made room by revoking them.
MOST_TOKENS = 20


class TokenError(Exception):
    """The token cannot be made as asked.  The message is written for the person who asked."""


@transaction.atomic
def create_token(
    *,
    user: User,
    scopes: Iterable[str],
    at: datetime,
    name: str = "",
    lasts: timedelta = LONGEST,
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """Make a token of `user` and return it with its text, which is stored nowhere and cannot be shown again.

    :param lasts: from now; at most a year
    :raises TokenError: a scope is unknown or missing, it would last too long, or there are too many
    """
    scopes = list(dict.fromkeys(scopes))
    if unknown := [scope for scope in scopes if scope not in TokenScope.values]:
        raise TokenError(
            gettext("Unknown scope: %(join)s. Scopes: %(scopes)s.")
            % {"join": ", ".join(unknown), "scopes": ", ".join(TokenScope.values)}
        )
    if not scopes:
        raise TokenError(gettext("A token needs a scope. Scopes: %(join)s.") % {"join": ", ".join(TokenScope.values)})
    if not timedelta() < lasts <= LONGEST:
        raise TokenError(gettext("A token lasts from 1 to %(days)s days.") % {"days": LONGEST.days})
    if len(name) > NAME_LIMIT:
        raise TokenError(gettext("The name is longer than %(longest)s characters.") % {"longest": NAME_LIMIT})
    # Locked: of two that are made at once one finds the other counted.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        raise TokenError(
            gettext("There are %(most)s tokens already. Revoke one that is not used any more.") % {"most": MOST_TOKENS}
        )
    token, text = ApiToken.objects.create(user=user, expiry=lasts, name=name or "command line", scopes=scopes)
    # The record names the first characters only, by which a leaked token can be told apart.
    audit.record(action="token.create", subject=user, by=by, at=at, reason=f"{token.token_key} {' '.join(scopes)}")
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User, at: datetime) -> None:
    """End a token for good."""
    audit.record(action="token.revoke", subject=token.user, by=by, at=at, reason=token.token_key)
    token.delete()
