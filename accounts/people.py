"""Giving and ending roles, closing and waking accounts: each recorded, each in force at the next request."""

from contextlib import suppress
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.invitations import Invitation, InvitationError, invite
from accounts.languages import language_of
from accounts.linking import LinkError, link, unlink_leaver
from accounts.models import AccessRequest, Membership, Organisation, ResilienceArea, Sponsorship, User
from accounts.notices import tell_of_change
from accounts.roles import CLEARED_BY_ROLE, GIVES, Role, Scope
from accounts.second_factor import forget_factors
from accounts.sessions import end_sessions

#: What a sponsored organisation may hold if its sponsor allows reading only.
READS_ONLY = frozenset({Role.READER, Role.TRAINING_LEAD, Role.ORGANISATION_ADMIN})


class PeopleError(Exception):
    """It cannot be done as asked.  The message is written for the person who asked."""


def roles_given_by(
    user: User, *, organisation: Organisation | None = None, area: ResilienceArea | None = None
) -> list[Role]:
    """Return the roles that `user` may give and end, in an organisation, for an area, or (neither) for the country."""
    found: list[Role] = []
    for membership in user.active_memberships:
        scope, roles = GIVES.get(Role(membership.role), (None, ()))
        reaches = (
            scope == Scope.NATIONAL
            or (scope == Scope.ORGANISATION and organisation and membership.organisation_id == organisation.pk)
            or (scope == Scope.AREA and area and membership.area_id == area.pk)
        )
        if reaches:
            found += [role for role in roles if role not in found]
    if area is not None:
        return [role for role in found if role == Role.LRF_MODERATOR]
    return [role for role in found if role != Role.LRF_MODERATOR]


def may_change(user: User, membership: Membership) -> bool:
    """Whether `user` may end this role of somebody, or change its last day."""
    given = roles_given_by(user, organisation=membership.organisation, area=membership.area)
    return membership.user_id != user.pk and membership.role in given


@transaction.atomic
def give_role(
    *,
    email: str,
    organisation: Organisation,
    role: Role,
    by: User,
    at: datetime,
    name: str = "",
    area: ResilienceArea | None = None,
    ends_on: date | None = None,
    cleared: bool = False,
) -> Invitation:
    """Invite somebody into a role; who is signed in has to sign in anew.

    :raises PermissionDenied: `by` may not give this role there
    :raises InvitationError: address, organisation, area or sponsorship stand in the way
    """
    if role not in roles_given_by(by, organisation=organisation, area=area):
        raise PermissionDenied
    if cleared and not _may_clear(by, organisation):
        raise PermissionDenied
    _keep_to_sponsorship(organisation, role, email, at)
    given = invite(
        email=email,
        organisation=organisation,
        role=role,
        area=area,
        name=name,
        cleared=cleared,
        ends_on=ends_on,
        by=by,
        at=at,
    )
    end_sessions(user=given.membership.user, by=by, at=at, reason="role given")
    return given


def _may_clear(by: User, organisation: Organisation) -> bool:
    return Role.READER in roles_given_by(by, organisation=organisation)


def _keep_to_sponsorship(organisation: Organisation, role: Role, email: str, at: datetime) -> None:
    """Hold a sponsored organisation to what its sponsor allowed.

    :raises InvitationError: too many people, or a role that writes
    """
    # Locked: of two who invite at once one finds the other's guest counted.
    sponsorship = Sponsorship.objects.in_force(organisation, at).select_for_update(of=("self",)).first()
    if sponsorship is None:
        return
    if not sponsorship.may_write and role not in READS_ONLY:
        raise InvitationError(
            gettext("%(sponsor)s sponsors %(organisation)s for reading only.")
            % {"sponsor": sponsorship.sponsor.name, "organisation": organisation.name}
        )
    people = Membership.objects.active().filter(organisation=organisation).exclude(user__email__iexact=email.strip())
    if people.values("user").distinct().count() >= sponsorship.most_people:
        raise InvitationError(
            gettext("%(organisation)s is sponsored for %(most)s people at most.")
            % {"organisation": organisation.name, "most": sponsorship.most_people}
        )


@transaction.atomic
def end_role(*, membership: Membership, by: User, at: datetime) -> None:
    """Take a role away at once.  A second call changes nothing.

    :raises PermissionDenied: `by` may not end it, or holds it
    """
    if not may_change(by, membership):
        raise PermissionDenied
    _end(membership, by, at, "role ended")


def _end(membership: Membership, by: User | None, at: datetime, reason: str) -> None:
    held = Membership.objects.select_for_update().get(pk=membership.pk)
    if held.ended_at is None:
        held.ended_at = at
        held.save(update_fields=["ended_at"])
        audit.record(action="membership.end", subject=held, by=by, at=at, reason=held.role)
        end_sessions(user=held.user, by=by, at=at, reason=reason)


@transaction.atomic
def set_clearance(*, membership: Membership, cleared: bool, by: User, at: datetime) -> None:
    """Entitle a person to OFFICIAL-SENSITIVE in this organisation, or not any more.  A second call changes nothing.

    :raises PermissionDenied: `by` does not administer the organisation, or is the person
    :raises PeopleError: the role brings it with it
    """
    if membership.user_id == by.pk or not _may_clear(by, membership.organisation):
        raise PermissionDenied
    if membership.role in CLEARED_BY_ROLE:
        raise PeopleError(gettext("This role may read OFFICIAL-SENSITIVE in any case."))
    held = Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    if held.cleared == cleared or held.ended_at:
        return
    held.cleared, held.cleared_at = cleared, at if cleared else None
    held.save(update_fields=["cleared", "cleared_at"])
    audit.record(action="membership.clear" if cleared else "membership.unclear", subject=held, by=by, at=at)
    end_sessions(user=held.user, by=by, at=at, reason="clearance")


@transaction.atomic
def end_again(*, membership: Membership, at: datetime) -> None:
    """End a role that a backup brought back; nobody's permission is asked."""
    _end(membership, None, at, "restored")


@transaction.atomic
def unclear_again(*, membership: Membership, at: datetime) -> None:
    """Take back a clearance that a backup brought back; nobody's permission is asked."""
    Membership.objects.filter(pk=membership.pk).update(cleared=False, cleared_at=None)
    audit.record(action="membership.unclear", subject=membership, by=None, at=at)


@transaction.atomic
def leave(*, user: User, organisation: Organisation, by: User, at: datetime) -> None:
    """End all that a leaver holds in an organisation, begun or not; an account that opens nothing more is closed.

    :raises PermissionDenied: one of the roles is not for `by` to end
    """
    held = list(
        Membership.objects.not_over()
        .filter(user=user, organisation=organisation)
        .select_related("organisation", "area")
    )
    if not held or not all(may_change(by, membership) for membership in held):
        raise PermissionDenied
    for membership in held:
        _end(membership, by, at, "left")
    unlink_leaver(user=user, organisation=organisation, by=by, at=at)
    if not Membership.objects.not_over().filter(user=user).exists():
        user.is_active = False
        user.save(update_fields=["is_active"])
        audit.record(action="account.close", subject=user, by=by, at=at, reason="left")


@transaction.atomic
def wake(*, user: User, by: User, at: datetime) -> None:
    """Open an account again that was not used for long.  One that is awake is left as it is.

    :raises PermissionDenied: `by` administers none of the person's organisations
    """
    held = Membership.objects.filter(user=user, ended_at=None).select_related("organisation", "area")
    if user.pk == by.pk or not any(may_change(by, membership) for membership in held):
        raise PermissionDenied
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.dormant_at is None:
        return
    user.dormant_at, user.last_login = None, at
    user.save(update_fields=["dormant_at", "last_login"])
    audit.record(action="account.wake", subject=user, by=by, at=at)


@transaction.atomic
def forget_lost_factors(*, user: User, by: User, at: datetime) -> None:
    """Let somebody set up a second factor anew who lost phone and recovery codes; they are told by mail.

    :raises PermissionDenied: `by` does not look after all that the person may do
    """
    held = Membership.objects.not_over().filter(user=user).select_related("organisation", "area")
    if not held or not all(may_change(by, membership) for membership in held):
        raise PermissionDenied
    forget_factors(user=user, by=by, at=at)
    end_sessions(user=user, by=by, at=at, reason="second factor lost")
    with language_of(user):
        what = gettext("%(person)s took the second factor away from your account, so that you can set one up.")
        tell_of_change(user, what % {"person": by.get_full_name()})


# -- people who ask ---------------------------------------------------------------------------------
def ask_for_access(
    *,
    email: str,
    name: str,
    organisation: Organisation,
    reason: str,
    at: datetime,
    provider: str = "",
    uid: str = "",
) -> None:
    """Note that somebody asks; asking again while nothing is decided changes nothing.  No account is made.

    :param provider: by whose sign-in they came, and `uid` who they are there
    """
    asked = AccessRequest(
        email=email.strip().lower(),
        name=name.strip(),
        organisation=organisation,
        reason=reason,
        provider=provider,
        uid=uid,
        asked_at=at,
    )
    AccessRequest.objects.bulk_create([asked], ignore_conflicts=True)


@transaction.atomic
def decide_on_access(
    *, request: AccessRequest, role: Role | None, by: User, at: datetime, ends_on: date | None = None
) -> None:
    """Let somebody in with `role`, or not (None).  The mail with the link that follows proves the address.

    :raises PermissionDenied: `by` may not give the role, or asked
    :raises PeopleError: somebody else decided first
    :raises InvitationError: address or organisation stand in the way
    """
    request = AccessRequest.objects.select_for_update().select_related("organisation").get(pk=request.pk)
    if request.decided_at:
        raise PeopleError(gettext("This was decided already."))
    if request.email == by.email.lower() or not roles_given_by(by, organisation=request.organisation):
        raise PermissionDenied
    request.decided_at, request.decided_by, request.was_approved = at, by, role is not None
    request.save()
    audit.record(
        action="access.approve" if role else "access.decline", subject=request, by=by, at=at, reason=role or ""
    )
    if role:
        is_new = not User.objects.filter(email__iexact=request.email).exists()
        given = give_role(
            email=request.email,
            name=request.name,
            organisation=request.organisation,
            role=role,
            ends_on=ends_on,
            by=by,
            at=at,
        )
        # An account that was there before is never linked: its person does that, signed in.
        if is_new and request.uid:
            with suppress(LinkError):  # linked meanwhile: the mail with the link to a password is enough
                link(user=given.membership.user, provider=request.provider, uid=request.uid, by=by, at=at)
