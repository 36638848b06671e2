"""Which news a move makes for readers, and which earlier news it ends.  A few rows, whatever the number of readers."""

from datetime import datetime

from lessons.models import Change, ExportRecord, Lesson, LessonMove, Move, Publication, Status
from notifications.models import Announcement, AnnouncementKind, Delivery, QuarterDigest, State
from notifications.models.deliveries import WAITING
from notifications.sending.checks import wait_for_senders

#: After these nobody gets mails of what was published before.
TAKES_AWAY = {Move.SUSPEND, Move.MERGE}
PUBLISHES = (Move.PUBLISH, Move.PUBLISH_AGAIN, Move.RESTORE)


def announce(entry: LessonMove, *, quiet: bool) -> None:
    """Write what readers are to be told of a move, in its transaction.

    :param quiet: tell nobody; what takes a publication away is carried out all the same
    """
    if entry.move in TAKES_AWAY:
        end_earlier(entry.lesson, at=entry.at, reason="The lesson was suspended or merged.")
    if quiet:
        return
    if entry.move == Move.PUBLISH:
        _tell(entry, AnnouncementKind.PUBLISHED)
    elif entry.move == Move.SUSPEND:
        _tell_of_suspension(entry)
    elif entry.move == Move.PUBLISH_AGAIN:
        _tell_of_new_version(entry)
    elif entry.move == Move.RESTORE:
        _tell_of_return(entry)


def end_earlier(lesson: Lesson, *, at: datetime, reason: str) -> None:
    """Stop everything about `lesson` that has not gone: exact, once this transaction commits."""
    wait_for_senders(lesson.pk)
    open_ones = Announcement.objects.filter(publication__lesson=lesson, ended_at=None)
    ended = list(open_ones.select_for_update(of=("self",)).values_list("pk", flat=True))
    Announcement.objects.filter(pk__in=ended).update(ended_at=at)
    unsent = Delivery.objects.filter(announcement__in=ended, state__in=WAITING)
    unsent.update(state=State.CANCELLED, closed_at=at, due_at=None, error=reason)


def _tell(entry: LessonMove, kind: AnnouncementKind, *, told_of: Publication | None = None) -> None:
    Announcement.objects.create(kind=kind, move=entry, publication=_published(entry), told_of=told_of, at=entry.at)


def _published(entry: LessonMove) -> Publication:
    """The version that a move is about.

    :raises ValueError: it names none, which no move that readers are told of does
    """
    if entry.publication is None:
        raise ValueError(f"move {entry.pk} names no publication")
    return entry.publication


def _was_announced(lesson: Lesson) -> bool:
    return Announcement.objects.filter(publication__lesson=lesson).exists()


def _was_in_digest_of_quarter(lesson: Lesson) -> bool:
    """Whether readers got it as one of those that the Secretariat chose, whatever they asked for."""
    return bool(QuarterDigest.objects.sent_with(lesson.pk))


def _was_downloaded(lesson: Lesson) -> bool:
    return ExportRecord.objects.filter(lesson_ids__contains=[lesson.pk]).exists()


def _was_mailed(lesson: Lesson) -> bool:
    return _was_announced(lesson) or _was_in_digest_of_quarter(lesson)


def _tell_of_suspension(entry: LessonMove) -> None:
    if _was_mailed(entry.lesson) or _was_downloaded(entry.lesson):
        _tell(entry, AnnouncementKind.RETRACTION)


def _tell_of_new_version(entry: LessonMove) -> None:
    """Substantive: those who got an earlier one get a correction, or if shut out a retraction; others the news.

    A minor change of the words tells nobody: mails on their way carry the newest text anyway.  One of the readers tells
    those who are shut out by it, or let in.
    """
    publication = _published(entry)
    is_substantive = publication.change == Change.SUBSTANTIVE
    before = version_before(publication)
    if not is_substantive and before and set(before.readers) == set(publication.readers):
        return
    was_mailed = _was_mailed(entry.lesson)
    told_of = before if _all_were_told(entry.lesson) else None
    end_earlier(entry.lesson, at=entry.at, reason="A newer version replaced it.")
    if was_mailed and is_substantive:
        _tell(entry, AnnouncementKind.CORRECTION)
    if was_mailed or _was_downloaded(entry.lesson):
        _tell(entry, AnnouncementKind.RETRACTION, told_of=before)
    _tell(entry, AnnouncementKind.PUBLISHED, told_of=told_of)


def _tell_of_return(entry: LessonMove) -> None:
    """From the archive with a new version: as any new version.  From a suspension: to those told to stop, and on with
    the news where the suspension stopped it.
    """
    if entry.from_status != Status.SUSPENDED:
        if _is_new(entry):
            _tell_of_new_version(entry)
        return
    if not _was_announced(entry.lesson):
        return
    is_new = _is_new(entry)
    before = version_before(_published(entry)) if is_new else entry.publication
    told_of = before if _all_were_told(entry.lesson) else None
    end_earlier(entry.lesson, at=entry.at, reason="The lesson was restored.")
    # A new version concerns all who had the last one; the same one those who were told to stop using it.
    _tell(entry, AnnouncementKind.RESTORED, told_of=before if is_new else None)
    _tell(entry, AnnouncementKind.PUBLISHED, told_of=told_of)


def _is_new(entry: LessonMove) -> bool:
    """Whether this move was the first to publish its version."""
    publishing = LessonMove.objects.filter(publication=entry.publication, move__in=PUBLISHES)
    return not publishing.exclude(pk=entry.pk).exists()


def version_before(publication: Publication) -> Publication | None:
    earlier = publication.lesson.publications.filter(version__lt=publication.version)
    return earlier.order_by("-version").first()


def _all_were_told(lesson: Lesson) -> bool:
    """Whether the news of the last version got to the end of its list (or was never sent, as after an import)."""
    news = Announcement.objects.filter(publication__lesson=lesson, kind=AnnouncementKind.PUBLISHED)
    newest = news.order_by("-pk").first()
    return newest is None or newest.fanned_out_at is not None
