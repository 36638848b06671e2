"""Outgoing mail off and on again; and what has gone although the database does not know it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import F

from accounts import audit
from accounts.models import User
from notifications.digests import begin_due_runs, run_batch
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement, Delivery, MailHold, State
from notifications.models.deliveries import message_id_domain
from notifications.models.replays import LOOK_AFTER_MAIL
from notifications.overdue import tell_of_overdue
from notifications.sending import lanes
from notifications.use import write_due_mails

#: Keys of mails that went after the copy was made are in the envelopes of mails that may yet bounce: not for others.
KEYS_LEFT_OUT = 10_000_000
AT_ONCE = 10_000

ADD = "INSERT INTO gone_already SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING"
MARK = """
UPDATE notifications_delivery d
SET state = 'sent', lane_id = NULL, closed_at = %s, due_at = NULL, body = NULL, error = ''
FROM gone_already WHERE gone_already.message_id = d.message_id AND d.state <> 'sent'
"""
LOST = """
SELECT message_id FROM gone_already
WHERE NOT EXISTS (SELECT 1 FROM notifications_delivery d WHERE d.message_id = gone_already.message_id)
"""


class NotHeld(Exception):
    """Outgoing mail is on."""


class StillSending(Exception):
    """Mails are in the hands of senders, or of those that were at work when the copy was made."""


class RepeatsPossible(Exception):
    """The database was restored and not told what went since: mails may go again."""


@transaction.atomic
def hold_mail(*, reason: str, after_restore: bool, at: datetime) -> MailHold:
    """Have nothing sent from now on, but what is in a sender's hands.  A second call changes nothing.

    :param after_restore: the database is a copy, made at a time when other mails had not gone yet
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE notifications_mailhold IN SHARE ROW EXCLUSIVE MODE")
        if after_restore:
            cursor.execute(
                "SELECT setval('notifications_delivery_id_seq', nextval('notifications_delivery_id_seq') + %s)",
                [KEYS_LEFT_OUT],
            )
    held = MailHold.objects.in_force().first()
    if held:
        if after_restore and not held.is_after_restore:
            MailHold.objects.filter(pk=held.pk).update(is_after_restore=True, reason=reason)
        return held
    hold = MailHold.objects.create(since=at, reason=reason, is_after_restore=after_restore)
    audit.record(action="mail.hold", subject=hold, by=None, at=at, reason=reason)
    return hold


@transaction.atomic
def release_mail(*, by: User, accepts_repeats: bool, at: datetime) -> MailHold | None:
    """Have mails sent again; None if they are already.

    :raises PermissionDenied: `by` does not look after the mail
    :raises RepeatsPossible: nobody said what went since the copy was made, and `accepts_repeats` is false
    """
    if not by.has_perm(LOOK_AFTER_MAIL):
        raise PermissionDenied
    hold = MailHold.objects.in_force().select_for_update().first()
    if hold is None:
        return None
    if hold.is_after_restore and not hold.reconciled_at and not accepts_repeats:
        raise RepeatsPossible
    hold.released_at, hold.released_by = at, by
    hold.save(update_fields=["released_at", "released_by"])
    audit.record(action="mail.release", subject=hold, by=by, at=at, reason=hold.reason)
    return hold


@dataclass
class Reconciled:
    """What the log of a mail server says, beside the database."""

    named: int  # mails of ours in the log
    marked: int  # of these, were to go, and have gone
    lost: set[UUID]  # of these, are about what the database does not hold any more


def reconcile(*, log: Iterable[str], at: datetime) -> Reconciled:
    """Mark as sent what the log of a mail server names.  Can be killed and called again, and with further logs.

    Mails that are due but not written yet are written first: those that went before the restore have the same
    Message-ID, and are found.

    :raises NotHeld: mails are being sent
    :raises StillSending: wait half a minute, with a worker that runs
    """
    if not MailHold.objects.in_force().exists():
        raise NotHeld
    lanes.sweep(at=at)
    if Delivery.objects.filter(state=State.SENDING).exists():
        raise StillSending
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE gone_already (message_id uuid PRIMARY KEY)")
        named = _read(log, cursor)
        marked = _mark(cursor, at)
        # A retraction goes to those who got what it takes back: that has to be known before the next is written.
        for announcement in Announcement.objects.filter(fanned_out_at=None, ended_at=None).order_by("pk"):
            while fan_out_batch(announcement=announcement, at=at):
                pass
            marked += _mark(cursor, at)
        for run in begin_due_runs(at=at):
            while run_batch(run=run, at=at):
                pass
        tell_of_overdue(at=at)
        write_due_mails(at=at)
        marked += _mark(cursor, at)
        cursor.execute(LOST)
        lost = {identifier for (identifier,) in cursor.fetchall()}
        cursor.execute("DROP TABLE gone_already")
        hold = MailHold.objects.in_force()
        hold.update(reconciled_at=at, gone_already=F("gone_already") + marked)
    return Reconciled(named, marked, lost)


def _read(log: Iterable[str], cursor: Any) -> int:
    """Fill the table of what has gone; return how many mails that were."""
    identifier = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    ours = re.compile(rf"({identifier})@{re.escape(message_id_domain())}", re.IGNORECASE)
    identifiers = (found for line in log for found in ours.findall(line))
    while some := list(islice(identifiers, AT_ONCE)):
        cursor.execute(ADD, [some])
    cursor.execute("SELECT count(*) FROM gone_already")
    return int(cursor.fetchone()[0])


def _mark(cursor: Any, at: datetime) -> int:
    cursor.execute(MARK, [at])
    return int(cursor.rowcount)
