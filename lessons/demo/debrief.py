"""A debrief for the demonstration: points of an invented exercise, some of them grouped, made drafts or settled."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models import User
from lessons.actions.debriefs import add_point, group_points, open_debrief, promote_points, settle_points
from lessons.actions.writing import create_event
from lessons.importing.intake import Intake, chosen
from lessons.models import Debrief, Observation

DEBRIEF = Path(__file__).with_name("debrief.json")


def load_debrief(people: dict[str, User], at: datetime) -> bool:
    """Hold the debrief through the same actions as people, once; return whether it is new."""
    told = json.loads(DEBRIEF.read_text(encoding="utf-8"))
    by, intake = people[told["by"]], Intake()
    if Debrief.objects.filter(opened_by=by, event__name=told["event"]["name"]).exists():
        return False
    debrief = _open(told, intake, by, at)
    points = _points(debrief, told["points"], intake, people)
    decided_at = debrief.opened_at + timedelta(days=1)
    for made in told["promoted"]:
        keys = [points[number].pk for number in made["points"]]
        promote_points(debrief=debrief, points=keys, kind=made["kind"], by=by, at=decided_at)
    for settled in told["settled"]:
        keys = [points[number].pk for number in settled.pop("points")]
        same_as = points[settled.pop("same_as")] if "same_as" in settled else None
        settle_points(debrief=debrief, points=keys, same_as=same_as, by=by, at=decided_at, **settled)
    return True


def _open(told: dict[str, Any], intake: Intake, by: User, at: datetime) -> Debrief:
    opened_at = at - timedelta(days=told["days_ago"])
    organisation = intake.organisations[told["organisation"]]
    present = chosen(intake.organisations, told["organisations"])
    event = create_event(
        by=by,
        at=opened_at,
        organisation=organisation,
        areas=chosen(intake.areas, told["areas"]),
        organisations=present,
        started_on=timezone.localdate(at - timedelta(days=told["event"]["days_ago"])),
        **{name: value for name, value in told["event"].items() if name != "days_ago"},
    )
    return open_debrief(
        event=event,
        organisation=organisation,
        kind=told["kind"],
        held_on=timezone.localdate(opened_at),
        closes_at=opened_at + timedelta(days=told["open_for_days"]),
        organisations=present,
        by=by,
        at=opened_at,
    )


def _points(debrief: Debrief, told: list[dict[str, Any]], intake: Intake, people: dict[str, User]) -> list[Observation]:
    """Add the points, without the names of those who made them unless they say who, and group them."""
    at = debrief.opened_at
    points = [
        add_point(
            debrief=debrief,
            kind=point["kind"],
            text=point["text"],
            principle=intake.themes[point["principle"]] if "principle" in point else None,
            author=people[point["by"]] if "by" in point else None,
            on=debrief.held_on,
            at=at,
        )
        for point in told
    ]
    groups: dict[str, list[int]] = {}
    for point, said in zip(points, told, strict=True):
        if "group" in said:
            groups.setdefault(said["group"], []).append(point.pk)
    for name, keys in groups.items():
        group_points(debrief=debrief, points=keys, name=name, by=debrief.opened_by, at=at)
    return points
