"""What a lesson takes over from the points of a debrief."""

import re
from collections.abc import Sequence
from typing import Any

from lessons.models import Kind, Observation, PointKind

TITLE_LENGTH = 120


def kind_of(points: Sequence[Observation]) -> Kind:
    """Return what the points are most likely to become: only what went well is notable practice."""
    only_good = all(point.kind == PointKind.WENT_WELL for point in points)
    return Kind.NOTABLE_PRACTICE if only_good else Kind.LESSON_IDENTIFIED


def wording_from(points: Sequence[Observation], kind: str) -> dict[str, Any]:
    """Return the fields of a draft: what happened from what went well or did not, recommendations from the rest.

    Who should act is not known yet, so that every recommendation asks for it before the lesson is submitted.
    """
    happened = [point.text for point in points if point.kind != PointKind.DO_DIFFERENTLY]
    wishes = [point.text for point in points if point.kind == PointKind.DO_DIFFERENTLY]
    fields: dict[str, Any] = {
        "title": title_from(points[0].group or (happened or wishes)[0]),
        "what_happened": "\n\n".join(happened),
    }
    if wishes:
        fields["recommendations"] = [{"text": wish, "by_whom": ""} for wish in wishes]
    if kind == Kind.NOTABLE_PRACTICE and not happened:
        fields["what_happened"] = "\n\n".join(wishes)
    return fields


def title_from(text: str) -> str:
    """Return the first sentence of `text` as a title, cut at a word if it is long."""
    first = re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0].strip().rstrip(".")
    if len(first) <= TITLE_LENGTH:
        return first
    return first[: TITLE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
