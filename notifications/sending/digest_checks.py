"""The last look at a digest: which of its items may the address still have, and in which version."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

#: Per item of a digest: what stands in its way, the current version, and the subscriptions it was matched for.
ABOUT_ITEMS = """
SELECT n.delivery_id, a.ended_at IS NOT NULL AS ended, current.id AS current, current.readers,
       (u.id IS NULL OR (u.is_active AND u.dormant_at IS NULL)) AND (o.id IS NULL OR o.ended_at IS NULL) AS active,
       coalesce((
           SELECT jsonb_agg(jsonb_build_array(s.person_id, s.organisation_id, reason) ORDER BY s.id)
           FROM jsonb_array_elements(n.reasons) AS reason
           JOIN notifications_subscription s ON s.id = (reason ->> 'subscription')::bigint
           LEFT JOIN accounts_user su ON su.id = s.person_id
           LEFT JOIN accounts_organisation so ON so.id = s.organisation_id
           WHERE s.ended_at IS NULL AND s.frequency <> 'off'
             AND coalesce(lower(su.email), CASE WHEN so.mailbox_confirmed_at IS NOT NULL THEN lower(so.mailbox) END)
                 = n.address
       ), '[]') AS reasons
FROM notifications_notice n
JOIN notifications_announcement a ON a.id = n.announcement_id
JOIN lessons_publication p ON p.id = a.publication_id
LEFT JOIN lessons_publication current ON current.lesson_id = p.lesson_id
    AND current.published_at IS NOT NULL AND current.superseded_at IS NULL AND current.suspended_at IS NULL
LEFT JOIN accounts_user u ON u.id = n.person_id
LEFT JOIN accounts_organisation o ON o.id = n.organisation_id
WHERE n.delivery_id = ANY(%s)
ORDER BY n.delivery_id, n.id
"""


@dataclass(frozen=True)
class Item:
    """One lesson of a digest: key of the version that readers get now, and the reasons that hold."""

    current: int
    reasons: tuple[dict[str, Any], ...]


def rows_about(digests: list[int]) -> list[dict[str, Any]]:
    """Return a row for each item of these digests, by key of the delivery."""
    with connection.cursor() as cursor:
        cursor.execute(ABOUT_ITEMS, [digests])
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        if isinstance(row["reasons"], str):  # Django has the driver leave JSON as text
            row["reasons"] = json.loads(row["reasons"])
    return rows


def items_of(rows: list[dict[str, Any]], keys: dict[tuple[int | None, int | None], set[str]]) -> dict[int, list[Item]]:
    """Return what may be sent of each digest, each lesson once.

    :param keys: the keys of each holder, a pair of person and organisation
    """
    found: dict[int, dict[int, Item]] = {}
    for row in rows:
        if row["ended"] or not row["active"] or row["current"] is None:
            continue
        reasons = tuple(
            reason
            for person, organisation, reason in row["reasons"]
            if not keys.get((person, organisation), set()).isdisjoint(row["readers"])
        )
        if reasons:
            found.setdefault(row["delivery_id"], {}).setdefault(row["current"], Item(row["current"], reasons))
    return {delivery: list(items.values()) for delivery, items in found.items()}
