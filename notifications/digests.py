"""Digests: each address gets one mail a period, with all that waited for it.

A notice waits from the fan-out until the run of its frequency.  So what was matched once is sent once: a run that was
missed, or an announcement that came late, needs no rule; whatever still waits when a run begins goes with it, provided
it was announced before the period ended.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from notifications.fan_out_sql import RANDOM_LETTERS
from notifications.models import DeliveryKind, DigestRun, Frequency, Priority
from notifications.periods import last_period

DIGESTS = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.QUARTERLY)
#: Addresses to a batch; a batch and the place it ends at are committed together.
BATCH = 2000

BATCH_OF_ADDRESSES = """
SELECT DISTINCT n.address FROM notifications_notice n
JOIN notifications_announcement a ON a.id = n.announcement_id
WHERE n.frequency = %(frequency)s AND n.delivery_id IS NULL AND n.address > %(after)s
  AND a.at < %(end)s AND a.ended_at IS NULL
ORDER BY n.address LIMIT %(size)s
"""
#: The holder of an address is the one of its newest notice.
WRITE = f"""
WITH waiting AS (
    SELECT n.id, n.address, n.person_id, n.organisation_id FROM notifications_notice n
    JOIN notifications_announcement a ON a.id = n.announcement_id
    WHERE n.frequency = %(frequency)s AND n.delivery_id IS NULL AND n.address = ANY(%(addresses)s)
      AND a.at < %(end)s AND a.ended_at IS NULL
    FOR UPDATE OF n
), holder AS (
    SELECT DISTINCT ON (address) address, person_id, organisation_id FROM waiting ORDER BY address, id DESC
), mail AS (
    INSERT INTO notifications_delivery
        (address, person_id, organisation_id, kind, priority, digest_run_id, state, due_at, date, message_id, token,
         attempts, uncertain_tries, deferrals, error)
    SELECT address, person_id, organisation_id, %(kind)s, %(priority)s, %(run)s, 'pending', %(at)s, %(at)s,
           gen_random_uuid(), {RANDOM_LETTERS}, 0, 0, 0, ''
    FROM holder ORDER BY address
    ON CONFLICT (digest_run_id, address) WHERE digest_run_id IS NOT NULL DO NOTHING
    RETURNING id, address
)
UPDATE notifications_notice n SET delivery_id = mail.id
FROM mail, waiting WHERE waiting.address = mail.address AND n.id = waiting.id
"""  # noqa: S608 - a constant of ours


def begin_due_runs(*, at: datetime) -> list[DigestRun]:
    """Return the runs that are not done, having begun those whose period has ended since.

    A period that was missed altogether needs no run of its own: what waited goes with the newest.
    """
    for frequency in DIGESTS:
        period = last_period(frequency, at)
        DigestRun.objects.get_or_create(
            frequency=frequency, period_start=period.start, defaults={"period_end": period.end}
        )
    return list(DigestRun.objects.filter(done_at=None).order_by("period_end", "pk"))


def run_batch(*, run: DigestRun, at: datetime, size: int = BATCH) -> bool:
    """Write the mails of the next addresses; say whether there may be more.  Can be killed and called again."""
    with transaction.atomic():
        run = DigestRun.objects.select_for_update().get(pk=run.pk)
        if run.done_at:
            return False
        parameters: dict[str, Any] = {
            "frequency": run.frequency,
            "after": run.last_address,
            "end": run.period_end,
            "size": size,
            "kind": DeliveryKind.DIGEST,
            "priority": Priority.DIGEST,
            "run": run.pk,
            "at": at,
        }
        with connection.cursor() as cursor:
            cursor.execute(BATCH_OF_ADDRESSES, parameters)
            addresses = [address for (address,) in cursor.fetchall()]
            if addresses:
                cursor.execute(WRITE, parameters | {"addresses": addresses})
                run.last_address = addresses[-1]
            else:
                run.done_at = at
        run.save(update_fields=["last_address", "done_at"])
    return bool(addresses)
