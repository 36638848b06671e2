"""Sealing: events that were committed become links of the chain, in batches, by one process at a time."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min

from accounts.locks import OneAtATime
from accounts.models import AuditSeal, UnsealedEvent
from accounts.trail.chain import COLUMNS, NOTHING, event_digest, link_hash

ROWS_AT_ONCE = 2_000
#: An event that waits longer for its seal shows that sealing stands still.
SEALED_WITHIN = timedelta(minutes=1)
WAITING = f"""
SELECT {", ".join(f"event.{column}" for column in COLUMNS)}
FROM accounts_unsealedevent waiting JOIN accounts_auditevent event ON event.id = waiting.event_id
ORDER BY waiting.event_id LIMIT %s
"""  # noqa: S608 - our own constants


def seal_all(*, at: datetime) -> int:
    """Seal what waits, and return how many events that were; 0 also while another process seals."""
    total = 0
    while sealed := seal_batch(at=at):
        total += sealed
    return total


@transaction.atomic
def seal_batch(*, at: datetime, most: int = ROWS_AT_ONCE) -> int:
    """Seal the oldest events that wait.  A crash before the commit leaves all as it was."""
    with connection.cursor() as cursor:
        # Held until the end of this transaction; no business transaction asks for it.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [OneAtATime.SEAL_AUDIT])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(WAITING, [most])
        events = cursor.fetchall()
    if not events:
        return 0
    head = AuditSeal.objects.order_by("-sequence").first()
    sequence, previous = (head.sequence, head.hash) if head else (0, NOTHING)
    seals = []
    for sequence, event in enumerate(events, start=sequence + 1):  # noqa: B020 - from the last one on
        digest = event_digest(event)
        made = link_hash(sequence=sequence, event_id=event[0], digest=digest, previous=previous, sealed_at=at)
        seals.append(
            AuditSeal(
                sequence=sequence, event_id=event[0], event_digest=digest, previous=previous, hash=made, sealed_at=at
            )
        )
        previous = made
    AuditSeal.objects.bulk_create(seals)
    UnsealedEvent.objects.filter(pk__in=[event[0] for event in events]).delete()
    return len(seals)


def oldest_unsealed_seconds(*, at: datetime) -> float:
    """Return how long the oldest event has waited for its seal; more than a minute: sealing stands still."""
    since = UnsealedEvent.objects.aggregate(oldest=Min("since"))["oldest"]
    return max(0.0, round((at - since).total_seconds(), 1)) if since else 0.0
