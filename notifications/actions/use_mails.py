"""Turning the monthly mail about use off and on."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from notifications.models import UseMailsOff


@transaction.atomic
def stop_use_mails(*, person: User, at: datetime, by: User | None) -> None:
    """Send no more of them to `person`, those not gone yet included; a second call does nothing.

    :param by: None: whoever had the mail
    """
    off, is_new = UseMailsOff.objects.get_or_create(person=person, defaults={"since": at})
    if is_new:
        audit.record(action="use_mails.stop", subject=off, by=by, at=at)


@transaction.atomic
def resume_use_mails(*, person: User, at: datetime, by: User | None) -> None:
    """Send them again; a second call does nothing."""
    off = UseMailsOff.objects.filter(person=person).first()
    if off:
        audit.record(action="use_mails.resume", subject=off, by=by, at=at)
        off.delete()
