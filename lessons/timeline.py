"""What happened to a lesson, in words for those who may see its record: roles and organisations, no names."""

from django.utils.translation import gettext

from accounts.models import User
from accounts.roles import OWNER_LEADS, Role
from govuk.rows import TimelineEntry
from lessons.conditions import ARCHIVE_REASONS, DECLINE_REASONS
from lessons.labels import label_of
from lessons.models import Lesson, LessonMove, Move
from lessons.sighting import SIGHT_ANSWERS

REASONS = DECLINE_REASONS | ARCHIVE_REASONS | SIGHT_ANSWERS
#: Made by the owner's side, with or without a role.
BY_OWNERS = {Move.SUBMIT, Move.RESUBMIT, Move.WITHDRAW, Move.REOPEN, Move.APPEAL, Move.SIGN_OFF, Move.SIGHT}


def timeline_of(lesson: Lesson, viewer: User) -> list[TimelineEntry]:
    """Return every move, newest first, and the beginning of the draft."""
    moves = lesson.moves.select_related("publication").order_by("-pk")
    entries = [
        TimelineEntry(title=_title(entry), at=entry.at, by=_who(entry, lesson, viewer), text=_text(entry, lesson))
        for entry in moves
    ]
    began = (
        gettext("you")
        if lesson.author_id == viewer.pk
        else gettext("the author, %(organisation)s") % {"organisation": lesson.organisation}
    )
    return [*entries, TimelineEntry(title=gettext("Draft begun"), at=lesson.created_at, by=began)]


def _title(entry: LessonMove) -> str:
    title = str(Move(entry.move).label)
    if entry.move == Move.PUBLISH_AGAIN and entry.publication and entry.publication.version:
        return gettext("%(title)s: version %(number)s") % {"title": title, "number": entry.publication.version}
    return title


def _who(entry: LessonMove, lesson: Lesson, viewer: User) -> str:
    if entry.by_id == viewer.pk:
        return gettext("you")
    if entry.role == Role.LRF_MODERATOR:
        return gettext("LRF moderator, %(area)s") % {"area": lesson.area} if lesson.area else gettext("LRF moderator")
    if entry.role in OWNER_LEADS:
        return f"{Role(entry.role).label}, {lesson.organisation}"
    if entry.role:
        return str(Role(entry.role).label)
    if entry.move not in BY_OWNERS:
        return gettext("a moderator")
    return (
        gettext("the author, %(organisation)s") % {"organisation": lesson.organisation}
        if entry.by_id == lesson.author_id
        else str(lesson.organisation)
    )


def _text(entry: LessonMove, lesson: Lesson) -> str:
    asked = ", ".join(label_of(name, lesson.kind) for name in entry.fields)
    parts = [
        str(REASONS.get(entry.reason, "")),
        entry.note,
        gettext("To change: %(asked)s") % {"asked": asked} if asked else "",
    ]
    return "\n\n".join(part for part in parts if part)
