"""What became of a lesson, for those who wrote it: the stations on its way, and whom it reached."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_noop

from lessons.models import Lesson, Move, PublicationView
from lessons.models.wording import WIDE_AUDIENCES
from lessons.statistics.counts import SMALLEST_TOLD

#: Moves that lead to each station; the last of them counts.
STATIONS = {
    gettext_noop("Received"): (Move.SUBMIT, Move.SIGN_OFF, Move.RESUBMIT),
    gettext_noop("Taken on by a moderator"): (Move.CLAIM, Move.REASSIGN),
    gettext_noop("Returned with questions"): (Move.ASK_FOR_CHANGES,),
    gettext_noop("Published"): (Move.PUBLISH,),
}
#: Shown before it happened too: every lesson is meant to get there.
EXPECTED = ("Received", "Taken on by a moderator", "Published")


@dataclass(frozen=True)
class Station:
    name: str
    at: datetime | None  # None: not yet


@dataclass(frozen=True)
class WhatBecame:
    """
    :param opened_by: other organisations that opened it since it was published; None: too few to tell
    """

    stations: list[Station]
    is_published: bool
    opened_by: int | None


def what_became_of(lesson: Lesson) -> WhatBecame:
    """Return the stations that `lesson` reached, and those it is still meant to reach, in order."""
    last = dict(lesson.moves.order_by("pk").values_list("move", "at"))
    reached = {
        name: max((last[move] for move in moves if move in last), default=None) for name, moves in STATIONS.items()
    }
    stations = [Station(gettext(name), at) for name, at in reached.items() if at or name in EXPECTED]
    done = sorted((one for one in stations if one.at), key=lambda one: one.at)  # type: ignore[arg-type, return-value]
    opened = PublicationView.objects.filter(publication__lesson=lesson).exclude(organisation=lesson.organisation_id)
    return WhatBecame(
        stations=[*done, *(one for one in stations if not one.at)],
        is_published=reached["Published"] is not None,
        opened_by=_told(opened.values("organisation").distinct().count(), lesson),
    )


def _told(organisations: int, lesson: Lesson) -> int | None:
    """Return the number, unless it is small and so is the audience: whoever knows that knows who it was."""
    is_open = lesson.publications.current().filter(audience__in=WIDE_AUDIENCES).exists()
    return organisations if is_open or organisations >= SMALLEST_TOLD else None
