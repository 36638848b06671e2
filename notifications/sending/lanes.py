"""Lanes: who may send, what each sender has claimed, and how far it got.

The rows decide.  A batch is claimed by one UPDATE and closed by one transaction that also claims the next; between
them the lane names the mail that is being handed over.  Whoever finds a lane whose lease ran out closes its batch.

A sender also holds an advisory lock, which PostgreSQL lets go of when the sender's process dies: so most deaths are
noticed within seconds, and the lease is for those that leave a connection half open.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from notifications.kept_plans import ONE_PLAN_FOR_ALL, PLAN_FOR_EACH
from notifications.models import Delivery, Lane
from notifications.sending.notes import DO_NOT_WAIT, LEASE, WAIT_FOR_DISK, LaneLost, Notes

#: First key of the lock of a lane; the second is the lane's.
LOCK_SPACE = 20_262
#: A lane without its lock and without a renewal for so long has lost its sender.
QUIET = timedelta(seconds=3)
#: To claim fewer costs more than it saves.
SMALLEST_SHARE = 250
#: A process that ends while it hands over the same mail so often is not ended by chance.
MOST_ATTEMPTS = 5

CLAIM = """
WITH first AS (
    SELECT priority FROM notifications_delivery
    WHERE state IN ('pending', 'deferred', 'uncertain') AND due_at <= %(at)s
      AND NOT EXISTS (SELECT 1 FROM notifications_mailhold WHERE released_at IS NULL)
    ORDER BY priority LIMIT 1
), due AS (
    SELECT d.id FROM notifications_delivery d
    WHERE d.state IN ('pending', 'deferred', 'uncertain') AND d.due_at <= %(at)s
      AND d.priority = (SELECT priority FROM first)
    ORDER BY d.due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED
)
UPDATE notifications_delivery d SET state = 'sending', lane_id = %(lane)s, attempts = attempts + 1
FROM due WHERE d.id = due.id
RETURNING d.*
"""
#: A mail that was put back meanwhile (the database was away for longer than the lease) has gone nevertheless.
MARK_SENT = """
UPDATE notifications_delivery
SET state = 'sent', lane_id = NULL, closed_at = %(at)s, due_at = NULL, body = NULL
WHERE id = ANY(%(sent)s) AND (lane_id = %(lane)s OR state = 'pending')
"""
#: By itself, for few have one: with each `error` that is written the database works out its `reason`.
FORGET_ERRORS = """
UPDATE notifications_delivery SET error = '' WHERE id = ANY(%(sent)s) AND lane_id = %(lane)s AND error <> ''
"""
PUT_BACK = """
UPDATE notifications_delivery SET state = 'pending', lane_id = NULL, attempts = attempts - 1
WHERE lane_id = %(lane)s AND state = 'sending'
"""
#: After a crash: those before the mail being handed over are sent, that one may be, those after it were not touched.
CLOSE_LAPSED = """
UPDATE notifications_delivery d SET
    state = CASE
        WHEN d.id < l.current THEN 'sent'
        WHEN d.id = l.current AND d.attempts >= %(most)s THEN 'failed'
        ELSE 'pending' END,
    attempts = CASE WHEN d.id <= l.current THEN d.attempts ELSE d.attempts - 1 END,
    closed_at = CASE WHEN d.id < l.current OR (d.id = l.current AND d.attempts >= %(most)s) THEN %(at)s END,
    body = CASE WHEN d.id < l.current THEN NULL ELSE d.body END,
    error = CASE WHEN d.id = l.current THEN 'The process that handed it over ended before the answer.' ELSE d.error END,
    lane_id = NULL
FROM notifications_lane l
WHERE d.lane_id = l.id AND l.id = %(lane)s AND d.state = 'sending'
"""


#: After a restart of the database no sender has its lock, and each marks what it sent as soon as it is back.
GONE = """
SELECT l.id FROM notifications_lane l
WHERE clock_timestamp() > pg_postmaster_start_time() + interval '5 seconds'
  AND (l.lease_until < %(at)s
       OR (l.lease_until < %(quiet)s
           AND NOT EXISTS (
               SELECT 1 FROM pg_locks k JOIN pg_database d ON d.oid = k.database
               WHERE d.datname = current_database() AND k.locktype = 'advisory' AND k.granted
                 AND k.classid = %(space)s AND k.objid = l.id)))
"""
AS_SENDER = f"{DO_NOT_WAIT}; {ONE_PLAN_FOR_ALL}"
AS_OTHERS = f"SET synchronous_commit TO on; {PLAN_FOR_EACH}"


class HeldLane:
    """A lane in the hands of this process."""

    def __init__(self, lane: Lane, holder: uuid.UUID) -> None:
        self.pk, self.holder = lane.pk, holder
        self.failures = lane.failures
        self.notes = Notes(lane.pk, holder)

    def claim(self, *, size: int, at: datetime) -> list[Delivery]:
        """Claim the most urgent mails that are due: all of one priority, in the order of their keys."""
        self._mark_unused(at)
        rows = Delivery.objects.raw(CLAIM, {"at": at, "size": _share_of(size, at), "lane": self.pk})
        return sorted(rows, key=lambda delivery: delivery.pk)

    def point_at(self, delivery: Delivery, *, at: datetime) -> None:
        """Record, before it happens, that `delivery` is being handed over.

        :raises LaneLost: the lane is somebody else's
        """
        self.notes.write(delivery.pk, at=at)

    def _mark_unused(self, at: datetime) -> None:
        held = Lane.objects.filter(pk=self.pk, holder=self.holder)
        if not held.update(current=None, lease_until=at + LEASE):
            raise LaneLost

    def settle(self, sent: Iterable[int], *, at: datetime, claim: int = 0) -> list[Delivery]:
        """Close the batch: mark what has gone, put the rest back, claim up to `claim` more.

        Safe to call again when its own outcome is unknown.  If the lane is somebody else's by now, what has gone is
        marked and nothing is claimed.

        :raises LaneLost: by the answer to the last note, and nothing is marked yet: close the notes and call again
        """
        self.notes.hear()
        return self._settle(list(sent), at=at, claim=claim)

    @transaction.atomic
    def _settle(self, sent: list[int], *, at: datetime, claim: int) -> list[Delivery]:
        with connection.cursor() as cursor:
            cursor.execute(WAIT_FOR_DISK)
            cursor.execute(FORGET_ERRORS, {"sent": sent, "lane": self.pk})
            cursor.execute(MARK_SENT, {"sent": sent, "lane": self.pk, "at": at})
            held = Lane.objects.select_for_update().filter(pk=self.pk, holder=self.holder).first()
            if held is None:
                return []
            cursor.execute(PUT_BACK, {"lane": self.pk})
        if sent and held.failures:
            Lane.objects.filter(pk=self.pk).update(failures=0)
            self.failures = 0
        return self.claim(size=claim, at=at) if claim else []

    def rest(self, *, at: datetime) -> None:
        """Open the breaker: nobody uses this lane for a while, longer with each failure in a row."""
        pauses = [1, 2, 5, 10, 20, 30]
        self.failures += 1
        pause = timedelta(seconds=pauses[min(self.failures, len(pauses)) - 1])
        Lane.objects.filter(pk=self.pk, holder=self.holder).update(failures=self.failures, rest_until=at + pause)

    def release(self) -> None:
        self.notes.close()
        with connection.cursor() as cursor:  # it may be another connection than before
            cursor.execute(AS_OTHERS)
            Lane.objects.filter(pk=self.pk, holder=self.holder).update(holder=None, lease_until=None, current=None)
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, self.pk])


def _share_of(size: int, at: datetime) -> int:
    """Return how many of `size` to claim: of the last mails that are due each sender has its part, so that all end
    at once.
    """
    senders = lanes_wanted()
    if senders == 1 or size <= SMALLEST_SHARE:
        return size
    due = Delivery.objects.due(at).values("pk")[: 2 * senders * size].count()
    return min(size, max(due // (2 * senders), SMALLEST_SHARE))


def lanes_wanted() -> int:
    """Return how many may send at a time."""
    return int(settings.MAIL_SENDERS)


def take_lane(*, at: datetime) -> HeldLane | None:
    """Take a lane that is free and not at rest; None if there is none."""
    lane = _take(at)
    return HeldLane(lane, lane.holder) if lane and lane.holder else None


@transaction.atomic
def _take(at: datetime) -> Lane | None:
    free = Lane.objects.select_for_update(skip_locked=True).filter(pk__lte=lanes_wanted(), holder=None)
    for lane in free.exclude(rest_until__gt=at).order_by("pk"):
        if _lock(lane):
            lane.holder, lane.lease_until = uuid.uuid4(), at + LEASE
            lane.save(update_fields=["holder", "lease_until"])
            with connection.cursor() as cursor:
                cursor.execute(AS_SENDER)
            return lane
    return None


def _lock(lane: Lane) -> bool:
    """Take the lock of a free lane; an earlier holder that was cut off may have it still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, lane.pk])
        return bool(cursor.fetchone()[0])


def prepare_lanes() -> None:
    """Make the rows that are missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_lane (id, failures) SELECT n, 0 FROM generate_series(1, %s) AS n"
            " ON CONFLICT DO NOTHING",
            [lanes_wanted()],
        )


def free_lanes(*, at: datetime) -> int:
    """Return how many lanes could be taken now."""
    return Lane.objects.filter(pk__lte=lanes_wanted(), holder=None).exclude(rest_until__gt=at).count()


@transaction.atomic
def sweep(*, at: datetime) -> int:
    """Close the batches of senders that went silent; return how many there were."""
    quiet = at + LEASE - QUIET
    with connection.cursor() as cursor:
        cursor.execute(GONE, {"at": at, "quiet": quiet, "space": LOCK_SPACE})
        gone = [lane for (lane,) in cursor.fetchall()]
    # Its sender may have renewed it a moment ago.
    lapsed = Lane.objects.select_for_update(skip_locked=True).filter(pk__in=gone, lease_until__lt=quiet)
    swept = 0
    for lane in lapsed:
        with connection.cursor() as cursor:
            cursor.execute(CLOSE_LAPSED, {"lane": lane.pk, "most": MOST_ATTEMPTS, "at": at})
        lane.holder = lane.lease_until = lane.current = None
        lane.save(update_fields=["holder", "lease_until", "current"])
        swept += 1
    return swept
