"""What is recorded of a mail that did not simply go: when to try again, and when to give up."""

import random
from datetime import datetime, timedelta

from notifications.models import Delivery, State

#: Pauses after each refusal; then hourly, spread so that not all come back at once.
BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40)]
HOUR = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)
UNCERTAIN_PAUSE = timedelta(minutes=10)
MOST_UNCERTAIN_TRIES = 2
LONGEST_ERROR = 500


def defer(delivery: Delivery, *, reason: str, at: datetime) -> None:
    """Try again later, or give up 72 hours after the first try."""
    first = delivery.first_tried_at or at
    due = at + _pause(delivery.deferrals)
    if due > first + GIVE_UP_AFTER:
        _record(delivery, State.FAILED, reason=reason, at=at, first_tried_at=first)
        return
    deferrals = delivery.deferrals + 1
    _record(delivery, State.DEFERRED, reason=reason, at=at, first_tried_at=first, due_at=due, deferrals=deferrals)


def _pause(deferrals: int) -> timedelta:
    if deferrals < len(BACK_OFF):
        return BACK_OFF[deferrals]
    return HOUR * random.uniform(0.9, 1.1)  # noqa: S311 - not a secret


def fail(delivery: Delivery, *, reason: str, at: datetime) -> None:
    """Give up: staff see the reason and may send it again."""
    _record(delivery, State.FAILED, reason=reason, at=at)


def cancel(delivery: Delivery, *, reason: str, at: datetime) -> None:
    """Do not send: what it says no longer holds, or the address may not have it.

    Claims without an outcome stay counted, but for the present one: an earlier one may have brought it there.
    """
    _record(delivery, State.CANCELLED, reason=reason, at=at, attempts=max(delivery.attempts - 1, 0))


def suppress(delivery: Delivery, *, reason: str, at: datetime) -> None:
    """Do not send: the address bounces.  Staff may send it again when the address is right."""
    _record(delivery, State.SUPPRESSED, reason=reason, at=at, attempts=max(delivery.attempts - 1, 0))


def wait_and_see(delivery: Delivery, *, reason: str, at: datetime) -> None:
    """It may have arrived: wait, then repeat it, twice at most.  After that it stays uncertain and is not due."""
    tries = delivery.uncertain_tries + 1
    due = at + UNCERTAIN_PAUSE if tries <= MOST_UNCERTAIN_TRIES else None
    _record(delivery, State.UNCERTAIN, reason=reason, at=at, due_at=due, uncertain_tries=tries)


def _record(delivery: Delivery, state: State, *, reason: str, at: datetime, **values: object) -> None:
    """Write the outcome of the try in hand, unless the lane was taken away meanwhile."""
    ends = state in {State.FAILED, State.CANCELLED, State.SUPPRESSED}
    changed = {"state": state, "lane": None, "error": reason[:LONGEST_ERROR], "attempts": 0, "due_at": None} | values
    if ends:
        changed["closed_at"] = at
    changed.setdefault("first_tried_at", delivery.first_tried_at or at)
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, lane=delivery.lane_id)
    mine.update(**changed)
