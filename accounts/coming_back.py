"""Accounts that were closed or fell asleep, opened again for whoever is given a role."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts import audit
from accounts.linking import unlink_all
from accounts.models import ApiToken, User
from accounts.records.erasure import ERASED


@transaction.atomic
def open_again(*, email: str, by: User | None, at: datetime) -> None:
    """Open the account of an address, if there is one that is closed or asleep.

    Nothing from before opens one that was closed: its person proves the address anew, by the link in the invitation.
    """
    shut = User.objects.filter(Q(is_active=False) | ~Q(dormant_at=None), email__iexact=email.strip())
    user = shut.exclude(email__endswith=ERASED).select_for_update(of=("self",)).first()
    if user is None:
        return
    if not user.is_active:
        user.is_active = True
        user.set_unusable_password()
        ApiToken.objects.filter(user=user).delete()
        unlink_all(user=user, by=by, at=at)
        audit.record(action="account.open", subject=user, by=by, at=at)
    if user.dormant_at:
        user.dormant_at = None
        audit.record(action="account.wake", subject=user, by=by, at=at)
    user.last_login = at  # or it would fall asleep within the hour
    user.save(update_fields=["is_active", "password", "dormant_at", "last_login"])
