"""From an announcement to those who hear of it: one INSERT … SELECT per batch, restartable and unique.

A batch is a stretch of subscriptions by key (or, for news to those who got an earlier mail, of earlier notices).  The
first batch that meets an address looks up everything that matches for it, so its Notice has all reasons from the start;
later batches meet the unique key and add nothing.  A batch and the place it ends at are committed together.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from lessons.models import Publication
from notifications import fan_out_sql as sql
from notifications.announcing import version_before
from notifications.models import (
    CRITERIA,
    Announcement,
    AnnouncementKind,
    Delivery,
    DeliveryKind,
    DigestRun,
    Frequency,
    Priority,
    QuarterDigest,
    State,
)

BATCH = 2000

#: What each kind of announcement is mailed as, and how urgent it is.
MAILED_AS = {
    AnnouncementKind.PUBLISHED: (DeliveryKind.NEW_LESSON, Priority.ALERT),
    AnnouncementKind.CORRECTION: (DeliveryKind.CORRECTION, Priority.RETRACTION),
    AnnouncementKind.RETRACTION: (DeliveryKind.STOP_USING, Priority.RETRACTION),
    AnnouncementKind.RESTORED: (DeliveryKind.USE_AGAIN, Priority.ALERT),
}


def fan_out_batch(*, announcement: Announcement, at: datetime, size: int = BATCH) -> bool:
    """Write the next batch of notices and mails; say whether there may be more.

    A second call after the last batch does nothing, nor does one for an announcement that was ended meanwhile.
    """
    with transaction.atomic():
        # The lock makes a suspension wait for this batch, which it then cancels with the rest.
        announcement = Announcement.objects.select_for_update().get(pk=announcement.pk)
        if announcement.fanned_out_at or announcement.ended_at:
            return False
        if announcement.kind == AnnouncementKind.PUBLISHED:
            return _to_subscriptions(announcement, at, size)
        return _to_those_who_got_it(announcement, at, size)


def _to_subscriptions(announcement: Announcement, at: datetime, size: int) -> bool:
    parameters = _parameters(announcement, at) | {"after": announcement.last_subscription, "size": size}
    with connection.cursor() as cursor:
        cursor.execute(sql.END_OF_SUBSCRIPTIONS, parameters)
        (until,) = cursor.fetchone()
        if until is None:
            return _finish(announcement, at)
        parameters |= {"until": until} | _holders(cursor, sql.HOLDERS_MET, parameters | {"until": until})
        cursor.execute(sql.to_subscriptions(again=_went_out_before(announcement)), parameters)
    announcement.last_subscription = until
    announcement.save(update_fields=["last_subscription"])
    return True


def _to_those_who_got_it(announcement: Announcement, at: datetime, size: int) -> bool:
    """Wait while a sender holds an earlier mail: it may go out yet, and its reader must hear."""
    earlier = _earlier(announcement)
    if Delivery.objects.filter(announcement__in=earlier, state=State.SENDING).exists():
        return False
    parameters = _parameters(announcement, at) | {
        "after": announcement.last_notice,
        "size": size,
        "earlier": [one.pk for one in earlier],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.END_OF_NOTICES, parameters)
        (until,) = cursor.fetchone()
        if until is None:
            if _tell_readers_of_quarters(cursor, announcement, parameters):
                return True
            if announcement.kind == AnnouncementKind.RETRACTION:
                _tell_downloaders(cursor, announcement, parameters)
            return _finish(announcement, at)
        parameters |= {"until": until} | _holders(cursor, sql.HOLDERS_TOLD, parameters | {"until": until})
        cursor.execute(sql.to_those_who_got_it(only=_only(announcement)), parameters)
    announcement.last_notice = until
    announcement.save(update_fields=["last_notice"])
    return True


def _tell_readers_of_quarters(cursor: Any, announcement: Announcement, parameters: dict[str, Any]) -> bool:
    """Tell the next of those who got it in the digest of a quarter, which gives no notices; say if there were any.

    Of its return they hear by the notice to stop using it.
    """
    had_it = _version_that_was_read(announcement)
    quarters = QuarterDigest.objects.sent_with(announcement.publication.lesson_id) if had_it else []
    if had_it is None or not quarters:
        return False
    starts = [one.period_start for one in quarters]
    runs = DigestRun.objects.filter(frequency=Frequency.QUARTERLY, period_start__in=starts)
    parameters = parameters | {
        "quarters": [run.pk for run in runs],
        "after": announcement.last_quarterly_mail,
        "had_it": had_it.readers,
    }
    cursor.execute(sql.QUARTERLY_MAILS, parameters)
    until, people, mailboxes = cursor.fetchone()
    if until is None:
        return False
    parameters |= {"until": until, "people": people, "mailboxes": mailboxes}
    cursor.execute(sql.to_readers_of_quarters(only=_only(announcement)), parameters)
    announcement.last_quarterly_mail = until
    announcement.save(update_fields=["last_quarterly_mail"])
    return True


def _version_that_was_read(announcement: Announcement) -> Publication | None:
    match announcement.kind:
        case AnnouncementKind.RETRACTION:
            return announcement.told_of or announcement.publication
        case AnnouncementKind.CORRECTION:
            return version_before(announcement.publication)
    return None


def _tell_downloaders(cursor: Any, announcement: Announcement, parameters: dict[str, Any]) -> None:
    """What is to be used no more is in files, too."""
    cursor.execute(sql.DOWNLOADERS, parameters)
    (people,) = cursor.fetchone()
    if people:
        parameters |= {"people": people, "mailboxes": []}
        cursor.execute(sql.to_those_who_downloaded_it(only=_only(announcement)), parameters)


def _holders(cursor: Any, statement: str, parameters: dict[str, Any]) -> dict[str, list[int]]:
    """Return the keys of the people and organisations that this batch is about."""
    cursor.execute(statement, parameters)
    people, mailboxes = cursor.fetchone()
    return {"people": people, "mailboxes": mailboxes}


def _only(announcement: Announcement) -> str:
    """Whom of those who got an earlier mail this is for: readers of the new version, those shut out, or all."""
    if announcement.kind != AnnouncementKind.RETRACTION:
        return sql.MAY_READ_IT
    return sql.MAY_NOT_READ_IT if announcement.told_of_id else "true"


def _earlier(announcement: Announcement) -> list[Announcement]:
    """The announcements whose readers this one is for."""
    lesson = announcement.publication.lesson_id
    earlier = Announcement.objects.filter(publication__lesson=lesson, move__lt=announcement.move_id)
    if announcement.kind == AnnouncementKind.RESTORED and announcement.told_of_id is None:
        earlier = earlier.filter(kind=AnnouncementKind.RETRACTION)
    return list(earlier)


def _went_out_before(announcement: Announcement) -> bool:
    return bool(_earlier(announcement)) or announcement.told_of_id is not None


def _finish(announcement: Announcement, at: datetime) -> bool:
    announcement.fanned_out_at = at
    announcement.save(update_fields=["fanned_out_at"])
    return False


def _parameters(announcement: Announcement, at: datetime) -> dict[str, Any]:
    publication = announcement.publication
    kind, priority = MAILED_AS[AnnouncementKind(announcement.kind)]
    codes = {name: publication.codes_of(prefix) for name, prefix in CRITERIA.items()}
    return codes | {
        "announcement": announcement.pk,
        "occasion": f"{announcement.kind} {announcement.move_id} {announcement.at.timestamp():.6f}",
        "lesson": publication.lesson_id,
        "publication": publication.pk,
        "terms": publication.terms,
        "readers": publication.readers,
        "told_of_readers": announcement.told_of.readers if announcement.told_of else [],
        "frequencies": [frequency.value for frequency in Frequency if frequency != Frequency.OFF],
        "kind": kind,
        "priority": priority,
        "at": at,
    }
