"""Digests: each address gets one mail a period, with all that waited for it.

Of a quarter whose lessons digest was made, everybody who asked for quarterly mails gets one, with that on top.

A notice waits from the fan-out until the run of its frequency.  So what was matched once is sent once: a run that was
missed, or an announcement that came late, needs no rule; whatever still waits when a run begins goes with it, provided
it was announced before the period ended.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from notifications.actions.quarters import close_quarter
from notifications.fan_out_sql import MAILBOX_IN_USE, MESSAGE_ID, RANDOM_LETTERS
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
#: Everybody who asked for quarterly mails, by address.
ASKED_QUARTERLY = f"""
    SELECT lower(u.email) AS address, u.id AS person_id, NULL::bigint AS organisation_id
    FROM notifications_subscription s JOIN accounts_user u ON u.id = s.person_id
    WHERE s.ended_at IS NULL AND s.confirmed_at IS NOT NULL AND s.frequency = 'quarterly'
    UNION
    SELECT lower(o.mailbox), NULL, o.id
    FROM notifications_subscription s JOIN accounts_organisation o ON o.id = s.organisation_id AND {MAILBOX_IN_USE}
    WHERE s.ended_at IS NULL AND s.confirmed_at IS NOT NULL AND s.frequency = 'quarterly'
"""  # noqa: S608 - a constant of ours
NOBODY = "SELECT NULL::text AS address, NULL::bigint AS person_id, NULL::bigint AS organisation_id WHERE false"
BATCH_OF_ALL_QUARTERLY = f"""
SELECT address FROM (
    ({BATCH_OF_ADDRESSES})
    UNION (SELECT address FROM ({ASKED_QUARTERLY}) AS asked WHERE address > %(after)s ORDER BY address LIMIT %(size)s)
) AS due ORDER BY address LIMIT %(size)s
"""  # noqa: S608 - constants of ours
#: The holder of an address is the one of its newest notice.
WRITE = f"""
WITH waiting AS (
    SELECT n.id, n.address, n.person_id, n.organisation_id FROM notifications_notice n
    JOIN notifications_announcement a ON a.id = n.announcement_id
    WHERE n.frequency = %(frequency)s AND n.delivery_id IS NULL AND n.address = ANY(%(addresses)s)
      AND a.at < %(end)s AND a.ended_at IS NULL
    FOR UPDATE OF n
), holder AS (
    SELECT DISTINCT ON (address) address, person_id, organisation_id FROM (
        SELECT address, person_id, organisation_id, id FROM waiting
        UNION ALL
        SELECT address, person_id, organisation_id, 0 FROM ({{also}}) AS asked WHERE address = ANY(%(addresses)s)
    ) AS one ORDER BY address, id DESC, person_id
), mail AS (
    INSERT INTO notifications_delivery
        (address, person_id, organisation_id, kind, priority, digest_run_id, state, due_at, date, message_id, token,
         attempts, uncertain_tries, deferrals, error)
    SELECT address, person_id, organisation_id, %(kind)s, %(priority)s, %(run)s, 'pending', %(at)s, %(at)s,
           {MESSAGE_ID}, {RANDOM_LETTERS}, 0, 0, 0, ''
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
            "occasion": f"digest {run.frequency} {run.period_start.timestamp():.6f}",
            "at": at,
        }
        to_all = _goes_to_all(run, at)
        with connection.cursor() as cursor:
            cursor.execute(BATCH_OF_ALL_QUARTERLY if to_all else BATCH_OF_ADDRESSES, parameters)
            addresses = [address for (address,) in cursor.fetchall()]
            if addresses:
                also = ASKED_QUARTERLY if to_all else NOBODY
                cursor.execute(WRITE.format(also=also), parameters | {"addresses": addresses})
                run.last_address = addresses[-1]
            else:
                run.done_at = at
        run.save(update_fields=["last_address", "done_at"])
    return bool(addresses)


def _goes_to_all(run: DigestRun, at: datetime) -> bool:
    """Whether there is something of the quarter for everybody who asked for quarterly mails; fixes what it is."""
    if run.frequency != Frequency.QUARTERLY:
        return False
    quarter = close_quarter(period_start=run.period_start, at=at)
    return quarter is not None and quarter.has_content()
