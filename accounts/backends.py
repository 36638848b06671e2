"""Where Django asks who somebody is and what they may do."""

from typing import TYPE_CHECKING

from allauth.account.auth_backends import AuthenticationBackend
from django.db import models

from accounts.models import Membership, User
from accounts.roles import AUTHOR, Role, Scope, permissions_of
from accounts.statements import Statement

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_USER: Statement[User] = Statement(lambda pk: User.objects.filter(pk=pk))


class SignInBackend(AuthenticationBackend):
    """Sign-in by email address and password; it answers no question about permissions."""

    def has_perm(self, user_obj: object, perm: str, obj: object = None) -> bool:
        return False

    def get_all_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        return set()

    def get_user(self, user_id: int) -> User | None:
        user = next(iter(_USER(pk=user_id)), None)
        return user if user and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        return super().user_can_authenticate(user) and user.dormant_at is None


class MembershipBackend:
    """Permissions from the roles of the active memberships, and from authorship."""

    def authenticate(self, request: object, **credentials: object) -> None:
        return None

    def has_perm(self, user: "User | AnonymousUser", perm: str, obj: models.Model | None = None) -> bool:
        """Say whether a role of `user` has `perm` over `obj`.

        Reads `obj.organisation_id`, `obj.area_id` and `obj.author_id`, whichever there are; an organisation stands for
        what belongs to it.  Without an object only national roles are answered.
        """
        if not (user.is_authenticated and user.is_active):
            return False
        if acting_role(user, perm, obj):
            return True
        return perm in AUTHOR and obj is not None and _is_author(user, obj)


def acting_role(user: User, perm: str, obj: models.Model | None = None) -> str:
    """Return the role by which `user` has `perm` over `obj`, or "" (an author, a partner let in, nobody)."""
    for membership in user.active_memberships:
        if any(perm in permissions_of(membership.role, scope) for scope in _scopes(membership, obj)):
            return membership.role
    return ""


def _scopes(membership: Membership, obj: models.Model | None) -> set[Scope]:
    """Return the scopes through which `membership` reaches `obj`."""
    scopes = {Scope.NATIONAL}
    if obj is None:
        return scopes
    organisation = obj.pk if obj._meta.label == "accounts.Organisation" else getattr(obj, "organisation_id", None)
    if organisation == membership.organisation_id:
        scopes.add(Scope.ORGANISATION)
    if membership.area_id and getattr(obj, "area_id", None) == membership.area_id:
        scopes.add(Scope.AREA)
    return scopes


def _is_author(user: User, obj: models.Model) -> bool:
    """Whether `user` wrote it for an organisation of theirs; the Secretariat writes for any."""
    return getattr(obj, "author_id", None) == user.pk and any(
        m.role == Role.SECRETARIAT
        or (m.organisation_id == getattr(obj, "organisation_id", None) and m.role != Role.SYSTEM_ADMIN)
        for m in user.active_memberships
    )
