"""Who hears once a month that lessons of theirs were used, and by how many; nobody hears of a month without use."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.locks import OneAtATime
from accounts.models import Membership
from accounts.roles import Role
from lessons.models import Lesson
from lessons.models.wording import WIDE_AUDIENCES
from lessons.search.counting import EVERYBODY
from lessons.statistics.counts import SMALLEST_TOLD
from notifications.models import Delivery, DeliveryKind, Frequency, Priority, UseMailsOff, UseRun
from notifications.models.deliveries import message_id_for
from notifications.periods import Period, last_period

#: What others did with each lesson in a period; only what its publications let them do.  Small numbers of a narrow
#: audience are left out, for they would say who it was, and so are lessons that not every responder may read.
USE = """
WITH wide AS (
    SELECT lesson_id FROM lessons_publication
    WHERE published_at IS NOT NULL AND superseded_at IS NULL AND audience = ANY(%(wide)s)
), opened AS (
    SELECT lesson_id, count(*) AS organisations
    FROM (
        SELECT p.lesson_id, v.organisation_id, min(v.first_at) AS first_at
        FROM lessons_publicationview v JOIN lessons_publication p ON p.id = v.publication_id
        GROUP BY p.lesson_id, v.organisation_id
    ) first JOIN lessons_lesson l ON l.id = first.lesson_id AND l.organisation_id <> first.organisation_id
    WHERE first.first_at >= %(start)s AND first.first_at < %(end)s
    GROUP BY lesson_id
    HAVING count(*) >= %(smallest)s OR lesson_id IN (SELECT lesson_id FROM wide)
), again AS (
    SELECT k.to_id AS lesson_id, count(*) AS lessons
    FROM lessons_lessonlink k
    JOIN lessons_publication p ON p.lesson_id = k.from_id AND p.version = 1
    JOIN lessons_publication now ON now.lesson_id = k.from_id AND now.published_at IS NOT NULL
        AND now.superseded_at IS NULL AND now.suspended_at IS NULL AND now.readers @> %(everybody)s::varchar[]
    WHERE k.kind = 'recurrence_of'
      AND greatest(k.at, p.published_at) >= %(start)s AND greatest(k.at, p.published_at) < %(end)s
    GROUP BY k.to_id
), merged AS (
    SELECT l.merged_into_id AS lesson_id, count(*) AS lessons
    FROM lessons_lessonmove m JOIN lessons_lesson l ON l.id = m.lesson_id
    WHERE m.move = 'merge' AND m.at >= %(start)s AND m.at < %(end)s AND l.merged_into_id IS NOT NULL
    GROUP BY l.merged_into_id
), downloaded AS (
    SELECT lesson_id, count(*) AS times
    FROM lessons_exportrecord e CROSS JOIN LATERAL unnest(e.lesson_ids) AS lesson_id
    JOIN lessons_lesson l ON l.id = lesson_id
    WHERE e.at >= %(start)s AND e.at < %(end)s AND NOT EXISTS (
        SELECT 1 FROM accounts_membership o WHERE o.user_id = e.by_id AND o.organisation_id = l.organisation_id
    )
    GROUP BY lesson_id
    HAVING count(*) >= %(smallest)s OR lesson_id IN (SELECT lesson_id FROM wide)
)
SELECT l.id, coalesce(opened.organisations, 0), coalesce(again.lessons, 0), coalesce(merged.lessons, 0),
       coalesce(downloaded.times, 0)
FROM lessons_lesson l
LEFT JOIN opened ON opened.lesson_id = l.id
LEFT JOIN again ON again.lesson_id = l.id
LEFT JOIN merged ON merged.lesson_id = l.id
LEFT JOIN downloaded ON downloaded.lesson_id = l.id
WHERE l.status IN ('published', 'archived')
  AND (opened IS NOT NULL OR again IS NOT NULL OR merged IS NOT NULL OR downloaded IS NOT NULL)
ORDER BY coalesce(opened.organisations, 0) DESC, l.id
"""


@dataclass(frozen=True)
class Use:
    """What others did with a lesson in a month.

    :param opened: other organisations that opened it for the first time
    :param again: published lessons of which somebody said that they are the same again
    :param merged: lessons merged into it
    :param downloaded: downloads by people elsewhere that it was part of
    """

    lesson: int
    opened: int
    again: int
    merged: int
    downloaded: int


def write_due_mails(*, at: datetime) -> int:
    """Write the mails of the newest month that has ended, unless that was done; return how many.

    Can be killed and called again: the mails and the row that says so are committed together.  A month that was missed
    goes with the next.
    """
    period = last_period(Frequency.MONTHLY, at)
    with transaction.atomic(), connection.cursor() as cursor:
        # The others wait, and find the mails of the month written.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OneAtATime.TELL_OF_USE])
        runs = UseRun.objects.order_by("-period_end")
        last = runs.first()
        if last and last.period_end >= period.end:
            return 0
        start = last.period_end if last else period.start
        run = UseRun.objects.create(period_start=start, period_end=period.end, mails=0)
        mails = Delivery.objects.bulk_create(_mails(Period(Frequency.MONTHLY, start, period.end), at))
        run.mails = len(mails)
        run.save(update_fields=["mails"])
    return len(mails)


def use_of(period: Period) -> list[Use]:
    """Return what was used in `period`, what most organisations opened first."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"start": period.start, "end": period.end, "smallest": SMALLEST_TOLD}
        cursor.execute(USE, values | {"wide": list(WIDE_AUDIENCES), "everybody": [EVERYBODY]})
        return [Use(*row) for row in cursor.fetchall()]


def _mails(period: Period, at: datetime) -> Iterable[Delivery]:
    used = {use.lesson: use for use in use_of(period)}
    lessons = Lesson.objects.filter(pk__in=used).values_list("pk", "author_id", "organisation_id")
    authored: dict[tuple[int, int], list[int]] = defaultdict(list)
    owned: dict[int, list[int]] = defaultdict(list)
    for lesson, author, organisation in lessons:
        authored[author, organisation].append(lesson)
        owned[organisation].append(lesson)
    told: dict[int, set[int]] = defaultdict(set)
    people = {}
    # Only those who work for the owner: a person who left hears nothing, whatever they wrote there.
    members = Membership.objects.active().filter(organisation__in=owned).select_related("user").order_by("pk")
    for member in members:
        theirs = owned[member.organisation_id] if member.role == Role.JOL_SPOC else []
        theirs = [*theirs, *authored[member.user_id, member.organisation_id]]
        if theirs:
            people[member.user_id] = member.user
            told[member.user_id] |= set(theirs)
    off = set(UseMailsOff.objects.filter(person__in=told).values_list("person", flat=True))
    for key, theirs_now in sorted(told.items()):
        if key not in off:
            uses = [asdict(use) for lesson, use in used.items() if lesson in theirs_now]
            address = people[key].email.lower()
            yield Delivery(
                address=address,
                person=people[key],
                kind=DeliveryKind.LESSON_USED,
                priority=Priority.DIGEST,
                message_id=message_id_for(f"used {period.start.timestamp():.6f} {period.end.timestamp():.6f}", address),
                body={"month": f"{period.last_day:%B %Y}", "uses": uses},
                due_at=at,
                date=at,
            )
