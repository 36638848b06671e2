"""What was taken from people, beside the backups: an older backup would show it again, and it is withheld again.

A line for each holds numbers, keys and times, no words:

- a lesson was suspended, came back, or got a version that shows less or to fewer;
- a file was taken from readers, or given to them;
- a role ended, or lost or got its clearance.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import F, Max, Model, OuterRef, Subquery

from accounts.models import AuditEvent, Membership
from accounts.people import end_again, unclear_again
from jol.backup import lists
from lessons.actions.attachments import hide_again
from lessons.actions.moves import suspend_again
from lessons.models import Attachment, Change, Lesson, LessonMove, Move, Publication

NAME = "withheld.ndjson"
#: What is committed a while after its time is in no backup of that time.
MARGIN = timedelta(hours=1)
SUSPENDED, RETURNED, REPLACED = "suspended", "returned", "replaced"
HIDDEN, GIVEN = "hidden", "given"
ENDED, UNCLEARED, CLEARED = "ended", "uncleared", "cleared"
NOTE = "This was suspended or replaced after the backup was made from which the portal was restored. Look at it again."
FILES = {"attachment.hide": HIDDEN, "attachment.remove": HIDDEN, "attachment.publish": GIVEN}
ROLES = {"membership.end": ENDED, "membership.unclear": UNCLEARED, "membership.clear": CLEARED}
KINDS = ("lesson", "file", "role")


class Withheld(NamedTuple):
    """A line of the list: what happened to which lesson, file or role, and when."""

    what: str
    at: datetime
    kind: str
    pk: int


def note_withheld(folder: Path) -> int:
    """Add what was withheld since the oldest backup of the folder to the list in it; return how many lines."""
    made = [path.parent.name[:18] for path in folder.glob("*/manifest.json")]
    if not made:
        return 0
    since = datetime.strptime(min(made), "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC) - MARGIN
    return lists.add(folder / NAME, [*_of_lessons(since), *_of_others(since)])


def _of_lessons(since: datetime) -> Iterator[dict[str, Any]]:
    before = Publication.objects.filter(lesson=OuterRef("lesson"), version=OuterRef("publication__version") - 1)
    moves = (
        LessonMove.objects.filter(at__gte=since, move__in=(Move.SUSPEND, Move.RESTORE, Move.PUBLISH_AGAIN))
        .annotate(
            readers=F("publication__readers"),
            readers_before=Subquery(before.values("readers")),
            said_whose=Subquery(before.values("attributed_to")),
        )
        .select_related("publication")
        .order_by("at", "pk")
    )
    for move in moves:
        is_new = move.publication is not None and move.publication.published_at == move.at
        if move.move == Move.SUSPEND:
            what = SUSPENDED
        elif is_new and _shows_less(move):
            what = REPLACED
        elif move.move == Move.RESTORE:
            what = RETURNED
        else:
            continue
        yield _line(what, move.at, lesson=move.lesson_id)


def _shows_less(move: Any) -> bool:
    """Whether a new version is more than a small correction, or is open to fewer, or tells less of whose it is."""
    text = move.publication
    is_closed_to_some = not set(move.readers_before or []) <= set(move.readers)
    return text.change != Change.MINOR or is_closed_to_some or text.attributed_to != move.said_whose


def _of_others(since: datetime) -> Iterator[dict[str, Any]]:
    for kind, actions in (("file", FILES), ("role", ROLES)):
        for event in AuditEvent.objects.filter(at__gte=since, action__in=actions).order_by("at", "pk"):
            yield _line(actions[event.action], event.at, **{kind: int(event.object_id)})


def _line(what: str, at: datetime, **whose: int) -> dict[str, Any]:
    return {"what": what, "at": at.isoformat(), **whose}


def withhold_again(folder: Path, *, at: datetime) -> tuple[tuple[int, int, int], list[str]]:
    """Withhold what the list says and the database does not know of; return how many lessons, files and roles, and
    what could not be read.

    What happened before the last thing that the database knows of a lesson, file or role is in it, or was undone.
    """
    listed, faults = lists.read(folder / NAME, _understood)

    def count(kind: str, is_withheld: Callable[[int, list[Withheld], datetime], bool]) -> int:
        return sum(is_withheld(pk, lines, at) for pk, lines in _by_subject(listed, kind).items())

    counts = count("lesson", _is_suspended_again), count("file", _is_hidden_again), count("role", _is_taken_again)
    return counts, faults


def _understood(line: Any) -> Withheld:
    (kind,) = [kind for kind in KINDS if kind in line]
    return Withheld(line["what"], datetime.fromisoformat(line["at"]).astimezone(), kind, int(line[kind]))


def _by_subject(listed: Iterable[Withheld], kind: str) -> dict[int, list[Withheld]]:
    found: dict[int, list[Withheld]] = {}
    for line in listed:
        if line.kind == kind:
            found.setdefault(line.pk, []).append(line)
    return found


def _is_suspended_again(pk: int, lines: list[Withheld], at: datetime) -> bool:
    lesson = Lesson.objects.filter(pk=pk).annotate(known_at=Max("moves__at")).first()
    if lesson is None:
        return False
    missing = _since(max(lesson.created_at, lesson.known_at or lesson.created_at), lines)
    is_withheld = REPLACED in missing or missing[-1:] == [SUSPENDED]
    return is_withheld and suspend_again(lesson=lesson, at=at, note=NOTE)


def _is_hidden_again(pk: int, lines: list[Withheld], at: datetime) -> bool:
    file = Attachment.objects.filter(pk=pk, published=True).first()
    if file is None:
        return False
    if _since(_known_at(file, file.added_at, FILES), lines)[-1:] != [HIDDEN]:
        return False
    hide_again(attachment=file, at=at)
    return True


def _is_taken_again(pk: int, lines: list[Withheld], at: datetime) -> bool:
    role = Membership.objects.filter(pk=pk, ended_at=None).select_related("user").first()
    if role is None:
        return False
    missing = _since(_known_at(role, role.user.joined_at, [*ROLES, "membership.give"]), lines)
    if ENDED in missing:
        end_again(membership=role, at=at)
    elif missing[-1:] == [UNCLEARED] and role.cleared:
        unclear_again(membership=role, at=at)
    else:
        return False
    return True


def _known_at(one: Model, began_at: datetime, actions: Iterable[str]) -> datetime:
    """Return the time of the last event about it that the database has; it may have the number of another."""
    events = AuditEvent.objects.filter(object_type=one._meta.label_lower, object_id=str(one.pk), action__in=actions)
    return max(began_at, events.aggregate(Max("at"))["at__max"] or began_at)


def _since(known_at: datetime, lines: list[Withheld]) -> list[str]:
    """Return what happened later, in order."""
    return [line.what for line in sorted(lines, key=lambda line: (line.at, line.what)) if line.at > known_at]
