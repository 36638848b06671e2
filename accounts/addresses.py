"""A new mail address: it counts once the link that was mailed to it is followed, and the old address is told."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext

from accounts import audit
from accounts.domains import is_work_address, refusal
from accounts.languages import language_of
from accounts.models import User
from accounts.notices import send_notice, tell_of_change
from accounts.sessions import end_sessions

LASTS = timedelta(hours=1)
SALT = "accounts.addresses"


class AddressError(Exception):
    """The address cannot be taken.  The message is written for the person who asked."""


def offer(*, user: User, address: str) -> None:
    """Mail a link to a new address.  If it has an account, nothing is sent, which nobody is told.

    :raises AddressError: an organisation for which `user` works takes other addresses only
    """
    address = address.strip().lower()
    _is_work_address(user, address)
    if User.objects.filter(email__iexact=address).exists():
        return
    link = reverse("address_confirm", args=[signing.dumps([user.pk, user.email, address], salt=SALT, compress=True)])
    with language_of(user):
        text = gettext(
            "Somebody who signed in to %(site)s wants to use this address."
            " If it was you, follow the link within an hour."
        ) % {"site": settings.SITE_NAME}
        send_notice(address, gettext("Confirm your new address"), text, link)


def _is_work_address(user: User, address: str) -> None:
    for membership in user.active_memberships:
        if not is_work_address(address, membership.organisation):
            raise AddressError(refusal(membership.organisation))


@transaction.atomic
def confirm(*, signed: str, by: User, at: datetime) -> None:
    """Take the address of a link into use; it works once, for the person who asked, and ends other sessions.

    :raises AddressError: the link is too old, was used, belongs to somebody else, or the address is taken or no work
        address any more
    """
    try:
        pk, before, address = signing.loads(signed, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        raise AddressError(gettext("This link does not work any more. Ask for a new one.")) from None
    user = User.objects.select_for_update().get(pk=by.pk)
    if (pk, before) != (user.pk, user.email):
        raise AddressError(gettext("This link does not work any more. Ask for a new one."))
    _is_work_address(user, address)
    user.email = address
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        raise AddressError(gettext("This link does not work any more. Ask for a new one.")) from None
    EmailAddress.objects.filter(user=user).delete()  # allauth's copy: a reset must not find the old address
    audit.record(action="account.change_address", subject=user, by=by, at=at)
    tell_of_change(
        user,
        gettext("Its address is now another one. Mails go to %(address)s from now on.") % {"address": address},
        address=before,
    )
    end_sessions(user=user, by=by, at=at, reason="address")
