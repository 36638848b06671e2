"""The last look at a quarterly mail: what the Secretariat chose, as far as the address may have it."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from lessons.models import Publication
from notifications.models import QuarterDigest

#: Quarterly mails to those who still ask for them, and the digest of their quarter.
ABOUT_QUARTERS = """
SELECT d.id, d.person_id, d.organisation_id, q.id AS quarter
FROM notifications_delivery d
JOIN notifications_digestrun r ON r.id = d.digest_run_id AND r.frequency = 'quarterly'
JOIN notifications_quarterdigest q ON q.period_start = r.period_start AND q.closed_at IS NOT NULL
LEFT JOIN accounts_user u ON u.id = d.person_id
LEFT JOIN accounts_organisation o ON o.id = d.organisation_id
WHERE d.id = ANY(%s)
  AND d.address = coalesce(lower(u.email), CASE WHEN o.mailbox_confirmed_at IS NOT NULL THEN lower(o.mailbox) END)
  AND EXISTS (SELECT 1 FROM notifications_subscription s
              WHERE (s.person_id = d.person_id OR s.organisation_id = d.organisation_id)
                AND s.ended_at IS NULL AND s.frequency = 'quarterly')
  AND (EXISTS (SELECT 1 FROM active_membership m WHERE m.user_id = d.person_id AND m.role <> 'system_admin')
       OR EXISTS (SELECT 1 FROM active_organisation a WHERE a.id = d.organisation_id))
"""


@dataclass(frozen=True)
class Chosen:
    """The Secretariat's part of one mail: its words, and keys of the versions that readers get now, in order."""

    quarter: QuarterDigest
    lessons: tuple[int, ...]


def quarters_about(deliveries: list[int]) -> list[dict[str, Any]]:
    """Return a row for each of these mails that holds the digest of a quarter."""
    with connection.cursor() as cursor:
        cursor.execute(ABOUT_QUARTERS, [deliveries])
        found = cursor.fetchall()
    quarters = QuarterDigest.objects.in_bulk({quarter for *_, quarter in found})
    live = {key: _live(quarter) for key, quarter in quarters.items()}
    return [
        {
            "delivery_id": delivery,
            "person_id": person,
            "organisation_id": organisation,
            "quarter": quarters[quarter],
            "live": live[quarter],
            "readers": [key for _, readers in live[quarter] for key in readers],
            "reasons": [],
        }
        for delivery, person, organisation, quarter in found
    ]


def _live(quarter: QuarterDigest) -> list[tuple[int, list[str]]]:
    """Return key and readers of what readers get of its lessons, in its order."""
    lessons = quarter.lessons_sent
    live = Publication.objects.live().filter(lesson__in=lessons).values_list("lesson", "pk", "readers")
    found = {lesson: (pk, readers) for lesson, pk, readers in live}
    return [found[lesson] for lesson in lessons if lesson in found]


def chosen_of(rows: list[dict[str, Any]], keys: dict[tuple[int | None, int | None], set[str]]) -> dict[int, Chosen]:
    """Return by mail what it may hold of the digest of its quarter; without mails for which nothing is left of it.

    :param keys: the keys of each holder, a pair of person and organisation
    """
    found = {}
    for row in rows:
        held = keys.get((row["person_id"], row["organisation_id"]), set())
        lessons = tuple(pk for pk, readers in row["live"] if not held.isdisjoint(readers))
        if lessons or row["quarter"].words_sent:
            found[row["delivery_id"]] = Chosen(row["quarter"], lessons)
    return found
