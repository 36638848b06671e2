"""Limits per recipient domain: one that is slow, refuses us or has had enough must not hold up the others.

A domain that rests keeps its mails: they are due again when the rest is over.  It rests only while others wait, but for
the limit per minute; sign-in mails are never held back.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from notifications.models import Delivery, Domain, Priority
from notifications.sending.lanes import HeldLane

#: A hand-over that takes so long is slow.
SLOW_SECONDS = 1.0
#: Rest so many times as long as the hand-over took: a slow domain gets a twentieth of a sender at most.
REST_FACTOR = 20
LONGEST_REST = timedelta(minutes=1)
AFTER_REFUSALS = timedelta(minutes=1)
#: Mails that are put off at once; the others when they are met.
PUT_OFF_AT_ONCE = 5000

#: Among what is due, or in this lane and later than the mail in hand.
OTHERS_WAIT = """
SELECT EXISTS (
    SELECT 1 FROM notifications_delivery
    WHERE state IN ('pending', 'deferred', 'uncertain') AND due_at <= %(at)s AND split_part(address, '@', 2) <> %(name)s
) OR EXISTS (
    SELECT 1 FROM notifications_delivery
    WHERE state = 'sending' AND lane_id = %(lane)s AND id > %(key)s AND split_part(address, '@', 2) <> %(name)s
)
"""
REST = """
INSERT INTO notifications_domain (name, minute, sent, rest_until) VALUES (%(name)s, %(minute)s, 0, %(until)s)
ON CONFLICT (name) DO UPDATE SET rest_until = excluded.rest_until
"""
PUT_OFF_DUE = """
UPDATE notifications_delivery SET due_at = %(until)s WHERE id IN (
    SELECT id FROM notifications_delivery
    WHERE state IN ('pending', 'deferred', 'uncertain') AND due_at <= %(at)s AND priority > 0
      AND split_part(address, '@', 2) = %(name)s
    LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
PUT_OFF_CLAIMED = """
UPDATE notifications_delivery SET state = 'pending', lane_id = NULL, attempts = attempts - 1, due_at = %(until)s
WHERE lane_id = %(lane)s AND state = 'sending' AND id = ANY(%(ids)s)
"""
COUNT = """
INSERT INTO notifications_domain (name, minute, sent)
SELECT name, %(minute)s, sent FROM unnest(%(names)s::text[], %(counts)s::int[]) AS one(name, sent) ORDER BY name
ON CONFLICT (name) DO UPDATE SET
    sent = excluded.sent
        + CASE WHEN notifications_domain.minute = excluded.minute THEN notifications_domain.sent ELSE 0 END,
    minute = excluded.minute
"""


def domain_of(delivery: Delivery) -> str:
    return delivery.address.rpartition("@")[2]


class Domains:
    """What one sender knows of the domains it writes to, within one window."""

    def __init__(self, lane: HeldLane, per_minute: int) -> None:
        self.lane, self.per_minute = lane, per_minute
        self.rests: dict[str, datetime] = {}
        self.left: dict[str, int] = {}
        self.sent: Counter[str] = Counter()

    def look(self, deliveries: Iterable[Delivery], *, at: datetime) -> None:
        """Begin a window: read what is noted of the domains in it."""
        names = {domain_of(one) for one in deliveries}
        noted = {domain.name: domain for domain in Domain.objects.filter(name__in=names)}
        self.rests = {name: one.rest_until for name, one in noted.items() if one.rest_until and one.rest_until > at}
        if self.per_minute:
            counted = {name: one.sent for name, one in noted.items() if one.minute == _minute(at)}
            self.left = {name: self.per_minute - counted.get(name, 0) for name in names}

    def put_off(self, deliveries: Iterable[Delivery], *, at: datetime) -> set[int]:
        """Put the claimed mails back whose domain rests, before any later one is handed over; return their keys."""
        waiting: dict[datetime, list[int]] = {}
        for one in deliveries:
            if one.priority != Priority.TRANSACTIONAL and (until := self._until(domain_of(one), at)):
                waiting.setdefault(until, []).append(one.pk)
        with connection.cursor() as cursor:
            for until, keys in waiting.items():
                cursor.execute(PUT_OFF_CLAIMED, {"until": until, "lane": self.lane.pk, "ids": keys})
        return {key for keys in waiting.values() for key in keys}

    def must_wait(self, delivery: Delivery) -> bool:
        """Whether no more goes to the domain of `delivery` for now."""
        if not self.rests and not self.per_minute:
            return False
        name = domain_of(delivery)
        return name in self.rests or (bool(self.per_minute) and self.left[name] <= 0)

    def has_room_for_two(self, delivery: Delivery) -> bool:
        """Whether the domain of `delivery` may get it even if the mail in hand goes there, too."""
        name = domain_of(delivery)
        return name not in self.rests and (not self.per_minute or self.left[name] > 1)

    def _until(self, name: str, at: datetime) -> datetime | None:
        if name not in self.rests and self.per_minute and self.left[name] <= 0:
            self._rest(name, _minute(at) + timedelta(minutes=1), at)
        return self.rests.get(name)

    def count(self, delivery: Delivery) -> None:
        """Count a mail that was taken."""
        if self.per_minute:
            self.sent[domain_of(delivery)] += 1
            self.left[domain_of(delivery)] -= 1

    def rest_if_slow(self, delivery: Delivery, seconds: float, *, at: datetime) -> None:
        if seconds >= SLOW_SECONDS:
            pause = min(timedelta(seconds=REST_FACTOR * seconds), LONGEST_REST)
            self.rest_if_others_wait(delivery, pause, at=at)

    def rest_if_others_wait(self, delivery: Delivery, pause: timedelta, *, at: datetime) -> bool:
        """Let the domain of `delivery` rest, unless there is nobody else to write to; return whether it does."""
        name = domain_of(delivery)
        with connection.cursor() as cursor:
            cursor.execute(OTHERS_WAIT, {"at": at, "name": name, "lane": self.lane.pk, "key": delivery.pk})
            if not cursor.fetchone()[0]:
                return False
        self._rest(name, at + pause, at)
        return True

    def _rest(self, name: str, until: datetime, at: datetime) -> None:
        self.rests[name] = until
        with connection.cursor() as cursor:
            cursor.execute(REST, {"name": name, "minute": _minute(at), "until": until})
            cursor.execute(PUT_OFF_DUE, {"name": name, "at": at, "until": until, "most": PUT_OFF_AT_ONCE})

    def store(self, *, at: datetime) -> None:
        """End a window: add what was sent to what all senders count."""
        if self.sent:
            names, counts = list(self.sent), list(self.sent.values())
            with connection.cursor() as cursor:
                cursor.execute(COUNT, {"minute": _minute(at), "names": names, "counts": counts})
            self.sent.clear()


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
