"""How long mails are kept."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.records import Unit
from accounts.records.erasure import ADDRESSES, FATES, Fate
from accounts.records.holds import Held
from accounts.records.retention import CLASSES, Kept, Outcome
from notifications.models import Delivery, Notice, State

#: Nothing more happens to these by itself.
CLOSED = (State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELLED)


def mails_due(before: datetime, at: datetime, held: Held) -> "QuerySet[Delivery]":
    """Mails that came to an end before that time."""
    return Delivery.objects.filter(state__in=CLOSED, closed_at__lt=before).exclude(person__in=held.in_class(User))


def bodies_due(before: datetime, at: datetime, held: Held) -> "QuerySet[Delivery]":
    return mails_due(before, at, held).filter(body__isnull=False)


def forget_bodies(mails: "QuerySet[Any]", at: datetime) -> None:
    mails.update(body=None)


def delete_mails(mails: "QuerySet[Any]", at: datetime) -> None:
    """Delete them with their notices: a notice without its mail would wait for the next digest."""
    Notice.objects.filter(delivery__in=mails).delete()
    mails.delete()


CLASSES += [
    Kept(
        "mail_bodies",
        _("Texts of emails, after they went"),
        7,
        Unit.DAY,
        Outcome.DELETE,
        bodies_due,
        forget_bodies,
        is_large=True,
    ),
    Kept(
        "mails",
        _("To whom which email went, and when"),
        12,
        Unit.MONTH,
        Outcome.DELETE,
        mails_due,
        delete_mails,
        is_large=True,
    ),
]
FATES |= dict.fromkeys(("notifications.delivery.person", "notifications.notice.person"), Fate.RENAME)
FATES |= dict.fromkeys(("notifications.subscription.person", "notifications.usemailsoff.person"), Fate.DELETE)
FATES |= dict.fromkeys(
    (
        "notifications.replay.by",
        "notifications.suppression.lifted_by",
        "notifications.mailhold.released_by",
        "notifications.quarterdigest.approved_by",
    ),
    Fate.KEEP,
)
ADDRESSES |= dict.fromkeys(("notifications.bounce.address", "notifications.suppression.address"), Fate.DELETE)
