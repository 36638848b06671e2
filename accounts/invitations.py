"""Inviting people: an account, a membership, and a mail with a link to set a password."""

from dataclasses import dataclass
from datetime import date, datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from accounts import audit
from accounts.coming_back import open_again
from accounts.domains import is_work_address, refusal
from accounts.languages import language_of
from accounts.models import Membership, Organisation, ResilienceArea, User
from accounts.roles import Role


class InvitationError(Exception):
    """The invitation cannot be made as asked.  The message is written for the person who asked."""


@dataclass(frozen=True)
class Invitation:
    membership: Membership
    is_new: bool  # the membership did not exist
    mailed: bool


@transaction.atomic
def invite(
    *,
    email: str,
    organisation: Organisation,
    role: Role,
    at: datetime,
    by: User | None = None,
    area: ResilienceArea | None = None,
    name: str = "",
    cleared: bool = False,
    ends_on: date | None = None,
) -> Invitation:
    """Give a person a role, make the account if there is none, and mail a link to set a password.

    An account that is closed or asleep is opened again.  A second call gives nothing twice; it mails the link again
    while no password was set.

    :param area: for an LRF moderator, and only then
    :raises InvitationError: address, organisation, area or account stand in the way
    """
    _check(organisation, role, area, at, ends_on)
    if not is_work_address(email, organisation):
        raise InvitationError(refusal(organisation))
    open_again(email=email, by=by, at=at)
    user = _account_for(email, name, organisation)
    if by is not None and by.pk == user.pk:
        raise InvitationError(gettext("Nobody gives a role to themselves."))
    membership, is_new = _membership(user, organisation, role, area, at, by, ends_on)
    if cleared and not membership.cleared:
        membership.cleared, membership.cleared_at = True, at
        membership.save(update_fields=["cleared", "cleared_at"])
        audit.record(action="membership.clear", subject=membership, by=by, at=at)
    mailed = is_new or not user.has_usable_password()
    if mailed:
        _mail(membership)
    return Invitation(membership, is_new, mailed)


def _check(
    organisation: Organisation, role: Role, area: ResilienceArea | None, at: datetime, ends_on: date | None
) -> None:
    if organisation.ended_at:
        raise InvitationError(gettext("%(organisation)s has ended.") % {"organisation": organisation.name})
    if ends_on and ends_on < timezone.localdate(at):
        raise InvitationError(gettext("The last day of the role is over already."))
    if role == Role.LRF_MODERATOR and area is None:
        raise InvitationError(gettext("An LRF moderator needs an area."))
    if role != Role.LRF_MODERATOR and area is not None:
        raise InvitationError(gettext("Only an LRF moderator has an area."))


def _account_for(email: str, name: str, organisation: Organisation) -> User:
    """Return the account of an address, locked: of two who invite at once the second finds what the first gave.

    A new one speaks the language of the organisation, until somebody chooses.
    """
    user = _locked_account(email)
    if user is None:
        try:
            with transaction.atomic():
                return User.objects.create_user(email, name=name, language=organisation.language)
        except ValidationError as error:
            raise InvitationError(" ".join(error.messages)) from None
        except IntegrityError:  # somebody else made it at the same moment
            user = _locked_account(email)
            if user is None:
                raise
    if not user.is_active or user.dormant_at:
        raise InvitationError(gettext("The account of %(email)s is closed.") % {"email": user.email})
    if name and not user.name:
        user.name = name
        user.save(update_fields=["name"])
    return user


def _locked_account(email: str) -> User | None:
    return User.objects.select_for_update(of=("self",), no_key=True).filter(email__iexact=email.strip()).first()


def _membership(
    user: User,
    organisation: Organisation,
    role: Role,
    area: ResilienceArea | None,
    at: datetime,
    by: User | None,
    ends_on: date | None,
) -> tuple[Membership, bool]:
    """Return the membership in force, or a new one.  Another last day is no second membership: it moves the first's."""
    held = Membership.objects.active().filter(user=user, organisation=organisation, role=role, area=area).first()
    if held and held.ends_on != ends_on:
        held.ends_on = ends_on
        held.save(update_fields=["ends_on"])
        audit.record(action="membership.change_end", subject=held, by=by, at=at, reason=str(ends_on or "open"))
    is_new = held is None
    membership = held or Membership.objects.create(
        user=user,
        organisation=organisation,
        role=role,
        area=area,
        ends_on=ends_on,
        starts_on=timezone.localdate(at),
        given_by=by,
    )
    if is_new:
        audit.record(action="membership.give", subject=membership, by=by, at=at, reason=role)
    return membership, is_new


def password_link(user: User) -> str:
    """Return the address at which `user` sets a password, as in a mail about a forgotten one."""
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return f"{settings.SITE_URL}{reverse('account_reset_password_from_key', kwargs=key)}"


def _mail(membership: Membership) -> None:
    user = membership.user
    with language_of(user):
        words = {
            "membership": membership,
            "site_name": settings.SITE_NAME,
            "sign_in_url": f"{settings.SITE_URL}{reverse('account_login')}",
            "reset_url": f"{settings.SITE_URL}{reverse('account_reset_password')}",
            "password_url": "" if user.has_usable_password() else password_link(user),
            "link_lasts": link_lasts(),
        }
        # Plain text: the mail's HTML part is drawn from it when it is sent.
        send_mail(
            gettext("You are invited to %(site)s") % {"site": settings.SITE_NAME},
            render_to_string("emails/invitation.txt", words),
            from_email=None,
            recipient_list=[user.email],
        )


def link_lasts() -> str:
    """Say for how long a link to set a password works."""
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    hours = minutes // 60
    if minutes >= 120:
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
