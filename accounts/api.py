"""Who calls the API, and what a token may open."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework import exceptions, permissions
from rest_framework.authentication import SessionAuthentication as PlainSessionAuthentication
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.alarms import tell_of_downloads
from accounts.models import ApiToken, TokenScope, User
from accounts.rates import EXPORTS, READS, Rate, Used
from accounts.second_factor import has_second_factor, needs_second_factor

#: The last use of a token is written down this often at most.
LAST_USE_EVERY = timedelta(minutes=1)


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Token …`; never in the address, never as a session."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """Return the token and its owner.

        :raises AuthenticationFailed: unknown or expired token, closed or dormant account
        """
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError:
            raise exceptions.AuthenticationFailed(gettext("This token is not known.")) from None
        found = ApiToken.objects.select_related("user").filter(digest=digest).first()
        now = timezone.now()
        if found is None:
            raise exceptions.AuthenticationFailed(gettext("This token is not known."))
        if found.expiry is None or found.expiry <= now:
            raise exceptions.AuthenticationFailed(gettext("This token has expired. Make a new one."))
        if not found.user.may_sign_in:
            raise exceptions.AuthenticationFailed(gettext("The account of this token is closed."))
        if needs_second_factor(found.user) and not has_second_factor(found.user):
            raise exceptions.AuthenticationFailed(
                gettext("The account of this token lacks its second factor. Sign in to set one up.")
            )
        found.user.without_sensitive = TokenScope.READ_SENSITIVE not in found.scopes
        if found.last_used_at is None or found.last_used_at <= now - LAST_USE_EVERY:
            ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        return found.user, found


class SessionAuthentication(PlainSessionAuthentication):
    """A person who is signed in to the site; answers 401, not 403, to those who are not."""

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class HasScope(permissions.BasePermission):
    """A token needs the scope that the view names in `required_scope`; a signed-in person needs none."""

    def has_permission(self, request: Request, view: object) -> bool:
        if not request.user.is_authenticated:
            return False
        scope = getattr(view, "required_scope", TokenScope.READ_PUBLISHED)
        return not isinstance(request.auth, ApiToken) or scope in request.auth.scopes


class Throttle(BaseThrottle):
    """Counts the requests of a person, whatever tokens they come with, against the rate of the view."""

    used: Used | None = None

    def allow_request(self, request: Request, view: object) -> bool:
        """Note on the request what is used up: the view tells it in headers."""
        if not request.user.is_authenticated:
            return True
        rate: Rate = getattr(view, "rate", READS)
        self.used = rate.count(str(request.user.pk), timezone.now())
        request.rate_used = self.used  # type: ignore[attr-defined]
        if rate is EXPORTS and self.used.is_first_too_much:
            tell_of_downloads(request.user, timezone.now())
        return not self.used.is_too_much

    def wait(self) -> float | None:
        return self.used.wait_seconds if self.used else None
