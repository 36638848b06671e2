"""Finding what a command line names, with words for what is not there."""

from collections.abc import Iterable
from difflib import get_close_matches

from django.utils.translation import gettext

from accounts.models import Organisation, ResilienceArea, User
from accounts.roles import Role


class UnknownCode(Exception):
    """Nothing has this code or address.  The message says so and offers what is near."""


def organisation_of(code: str) -> Organisation:
    organisation = Organisation.objects.filter(code=code).first()
    if organisation is None:
        raise UnknownCode(_unknown("organisation", code, Organisation.objects.values_list("code", flat=True)))
    return organisation


def area_of(code: str) -> ResilienceArea:
    area = ResilienceArea.objects.filter(code=code).first()
    if area is None:
        raise UnknownCode(_unknown("area", code, ResilienceArea.objects.values_list("code", flat=True)))
    return area


def role_of(code: str) -> Role:
    if code not in Role.values:
        raise UnknownCode(
            gettext("There is no role “%(code)s”. Roles: %(join)s.") % {"code": code, "join": ", ".join(Role.values)}
        )
    return Role(code)


def person_of(email: str) -> User:
    """Return the open account with this address."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise UnknownCode(gettext("There is no account “%(email)s”.") % {"email": email})
    if not user.is_active or user.dormant_at:
        raise UnknownCode(gettext("The account of %(email)s is closed.") % {"email": user.email})
    return user


def _unknown(what: str, code: str, known: Iterable[str]) -> str:
    near = get_close_matches(code, list(known), n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"There is no {what} with the code “{code}”.{hint}"
