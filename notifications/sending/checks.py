"""The last look before the hand-over: does what the mail says still hold, and may the address still have it?

A suspension that commits while mails are being handed over must stop them exactly.  So senders hold a shared lock per
lesson for short windows, and the suspending transaction takes it exclusively before it commits.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.utils import OperationalError

from notifications.models import Delivery, DeliveryKind

#: First key of the advisory locks on lessons; the second is the lesson's.
LOCK_SPACE = 20_260
#: A silent mail server must not make a suspension wait for ever; its sender looks again before the text goes out.
LONGEST_WAIT_FOR_SENDERS = "5s"
#: These say nothing that a reader must be entitled to; whoever got the lesson gets them.
TO_WHOEVER_GOT_IT = (DeliveryKind.STOP_USING,)
BY_SUBSCRIPTION = (DeliveryKind.NEW_LESSON, DeliveryKind.CORRECTION)


@dataclass(frozen=True)
class Verdict:
    """`reason` says why not to send.  If it is empty, `reasons` are those of the Notice that hold now, and `current` is
    the key of the version that readers get.
    """

    reason: str = ""
    reasons: list[dict[str, Any]] = field(default_factory=list)
    current: int | None = None


#: Per mail of an announcement: what stands in the way, and for whom the current version opens.
ABOUT_ANNOUNCED = """
SELECT d.id, d.kind, p.lesson_id, a.ended_at IS NOT NULL AS ended, current.id AS current,
       (u.id IS NULL OR (u.is_active AND u.dormant_at IS NULL)) AND (o.id IS NULL OR o.ended_at IS NULL)
           AS holder_active,
       EXISTS (SELECT 1 FROM reader_key k WHERE k.user_id = u.id AND k.key = ANY(current.readers))
       OR EXISTS (SELECT 1 FROM mailbox_key k WHERE k.organisation_id = o.id AND k.key = ANY(current.readers))
           AS holder_opens,
       coalesce((
           SELECT jsonb_agg(reason ORDER BY s.id)
           FROM notifications_notice n
           CROSS JOIN LATERAL jsonb_array_elements(n.reasons) AS reason
           JOIN notifications_subscription s ON s.id = (reason ->> 'subscription')::bigint
           LEFT JOIN accounts_user su ON su.id = s.person_id
           LEFT JOIN accounts_organisation so ON so.id = s.organisation_id
           WHERE n.delivery_id = d.id AND s.ended_at IS NULL AND s.frequency <> 'off'
             AND coalesce(lower(su.email), lower(so.mailbox)) = d.address
             AND (EXISTS (SELECT 1 FROM reader_key k WHERE k.user_id = su.id AND k.key = ANY(current.readers))
                  OR EXISTS (SELECT 1 FROM mailbox_key k
                             WHERE k.organisation_id = so.id AND k.key = ANY(current.readers)))
       ), '[]') AS reasons
FROM notifications_delivery d
JOIN notifications_announcement a ON a.id = d.announcement_id
JOIN lessons_publication p ON p.id = a.publication_id
LEFT JOIN lessons_publication current ON current.lesson_id = p.lesson_id
    AND current.published_at IS NOT NULL AND current.superseded_at IS NULL AND current.suspended_at IS NULL
LEFT JOIN accounts_user u ON u.id = d.person_id
LEFT JOIN accounts_organisation o ON o.id = d.organisation_id
WHERE d.id = ANY(%s)
"""
ABOUT_OTHERS = """
SELECT d.id, (u.id IS NULL OR (u.is_active AND u.dormant_at IS NULL)) AND (o.id IS NULL OR o.ended_at IS NULL)
FROM notifications_delivery d
LEFT JOIN accounts_user u ON u.id = d.person_id
LEFT JOIN accounts_organisation o ON o.id = d.organisation_id
WHERE d.id = ANY(%s)
"""


def look(deliveries: Iterable[Delivery]) -> dict[int, Verdict]:
    """Return what is to be done with each mail, by its key.  Two queries, however many there are."""
    deliveries = list(deliveries)
    announced = [one.pk for one in deliveries if one.announcement_id]
    others = [one.pk for one in deliveries if not one.announcement_id]
    verdicts: dict[int, Verdict] = {}
    with connection.cursor() as cursor:
        if announced:
            cursor.execute(ABOUT_ANNOUNCED, [announced])
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                facts = dict(zip(names, row, strict=True))
                verdicts[facts["id"]] = _verdict(facts)
        if others:
            cursor.execute(ABOUT_OTHERS, [others])
            for key, active in cursor.fetchall():
                verdicts[key] = Verdict() if active else Verdict("The account or organisation is closed.")
    return verdicts


def _verdict(facts: dict[str, Any]) -> Verdict:
    if facts["ended"]:
        return Verdict("Suspended, or replaced by later news.")
    if not facts["holder_active"]:
        return Verdict("The account or organisation is closed.")
    if facts["kind"] in TO_WHOEVER_GOT_IT:
        return Verdict()
    if facts["current"] is None:
        return Verdict("No longer published.")
    if facts["kind"] not in BY_SUBSCRIPTION:
        entitled = facts["holder_opens"]
        return Verdict(current=facts["current"]) if entitled else Verdict("Not entitled to it any more.")
    reasons = facts["reasons"] if isinstance(facts["reasons"], list) else json.loads(facts["reasons"])
    if not reasons:
        return Verdict("No subscription that is on, and entitled, matches any more.")
    return Verdict(reasons=reasons, current=facts["current"])


def lessons_of(deliveries: Iterable[Delivery]) -> list[int]:
    """Return the keys of the lessons that announced mails are about, in order."""
    return sorted({one.announcement.publication.lesson_id for one in deliveries if one.announcement})


@contextmanager
def window(lessons: Iterable[int]) -> Iterator[None]:
    """Hold off suspensions of these lessons; keep it short."""
    lessons = sorted(lessons)
    with connection.cursor() as cursor:
        for lesson in lessons:
            cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [LOCK_SPACE, lesson])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:  # the server lets go by itself
            with connection.cursor() as cursor:
                for lesson in lessons:
                    cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", [LOCK_SPACE, lesson])


def wait_for_senders(lesson: int) -> None:
    """Within the transaction that takes a publication away: let hand-overs in progress end, and no other begin."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT_FOR_SENDERS])
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, lesson])
            cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    except OperationalError:
        pass  # a mail server hangs; what it holds is looked at again before its text goes out
