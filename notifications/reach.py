"""How far a publication got: whom it was for, who was sent it, who opened it, who had enough."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from lessons.models import Publication
from notifications.models import Announcement, AnnouncementKind

#: Each notice is one address that hears of it once; a digest is one of several ways there.
REACHED = """
SELECT n.announcement_id, count(*),
       count(*) FILTER (WHERE d.state = 'sent'),
       count(*) FILTER (WHERE n.delivery_id IS NULL),
       count(*) FILTER (WHERE d.state IN ('pending', 'sending', 'deferred')),
       count(*) FILTER (WHERE d.state = 'uncertain'),
       count(*) FILTER (WHERE d.state IN ('failed', 'suppressed', 'cancelled'))
FROM notifications_notice n LEFT JOIN notifications_delivery d ON d.id = n.delivery_id
WHERE n.announcement_id = ANY(%s) GROUP BY n.announcement_id
"""
#: The organisations of the people who were told, from the people; and, of so many that most organisations are among
#: them, from the organisations: the first member who was told is enough.  (OFFSET 0 keeps it from being turned round.)
BY_PERSON = """
    SELECT m.organisation_id FROM notifications_notice n
    JOIN active_membership m ON m.user_id = n.person_id WHERE n.announcement_id = ANY(%(ids)s)
"""
BY_ORGANISATION = """
    SELECT o.id AS organisation_id FROM accounts_organisation o
    CROSS JOIN LATERAL (
        SELECT FROM active_membership m WHERE m.organisation_id = o.id AND EXISTS (
            SELECT FROM notifications_notice n
            WHERE n.person_id = m.user_id AND n.announcement_id = ANY(%(ids)s) OFFSET 0)
        LIMIT 1) AS first
"""
MANY = 20_000
#: Views are counted by organisation: no person is recorded.
OPENED = """
WITH told AS (
    {of_people}
    UNION
    SELECT n.organisation_id FROM notifications_notice n
    WHERE n.announcement_id = ANY(%(ids)s) AND n.organisation_id IS NOT NULL
)
SELECT count(*), count(v.id) FROM told
LEFT JOIN lessons_publicationview v
    ON v.organisation_id = told.organisation_id AND v.publication_id = %(publication)s AND v.first_at >= %(since)s
"""
OPENED_OF_FEW = OPENED.format(of_people=BY_PERSON)
OPENED_OF_MANY = OPENED.format(of_people=BY_ORGANISATION)
UNSUBSCRIBED = """
SELECT count(*) FROM notifications_subscription s
WHERE s.ended_by_mail_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM notifications_notice n WHERE n.delivery_id = s.ended_by_mail_id AND n.announcement_id = ANY(%s))
"""


@dataclass(frozen=True)
class Told:
    """One announcement: how many addresses it was for, and what became of it."""

    kind: AnnouncementKind
    at: datetime
    is_known: bool  # everybody who is to hear of it has been found
    was_ended: bool
    matched: int = 0
    sent: int = 0
    for_digest: int = 0
    waiting: int = 0
    uncertain: int = 0
    not_sent: int = 0


@dataclass(frozen=True)
class Reach:
    """What became of one version of a lesson among readers."""

    told: list[Told]
    organisations: int
    opened: int
    unsubscribed: int


def reach_of(publication: Publication) -> Reach:
    announcements = list(Announcement.objects.filter(publication=publication).that_tell().order_by("pk"))
    keys = [one.pk for one in announcements]
    with connection.cursor() as cursor:
        cursor.execute(REACHED, [keys])
        counts = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(UNSUBSCRIBED, [keys])
        (unsubscribed,) = cursor.fetchone()
        since = min((one.at for one in announcements), default=publication.published_at)
        many = sum(matched for matched, *_ in counts.values()) > MANY
        cursor.execute(
            OPENED_OF_MANY if many else OPENED_OF_FEW, {"ids": keys, "publication": publication.pk, "since": since}
        )
        organisations, opened = cursor.fetchone()
    told = [
        Told(
            AnnouncementKind(one.kind),
            one.at,
            one.fanned_out_at is not None,
            one.ended_at is not None,
            *counts.get(one.pk, ()),
        )
        for one in announcements
    ]
    return Reach(told, organisations, opened, unsubscribed)
