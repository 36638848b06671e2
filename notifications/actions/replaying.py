"""Sending again what did not go, by somebody who looked at why."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts import audit
from accounts.models import User
from notifications.models import Delivery, DeliveryQuerySet, Replay, State
from notifications.models.replays import LOOK_AFTER_MAIL

#: What can be sent again; cancelled mails say what no longer holds.
REPLAYABLE = (State.FAILED, State.SUPPRESSED, State.DEFERRED, State.UNCERTAIN)
#: So many with one press, the oldest first: a page must answer.
MOST_AT_ONCE = 10_000


class RepeatPossible(Exception):
    """Some of them may have arrived: whoever sends them again must say that a repeat is accepted."""


@transaction.atomic
def replay(
    *,
    chosen: DeliveryQuerySet,
    after: int,
    accepts_repeats: bool,
    by: User,
    at: datetime,
    state: str = "",
    reason: str = "",
) -> int:
    """Put mails back into the queue as if new; return how many.

    A second press takes none: what was queued is in another state, and what came back since was taken up by a later
    replay than `after`.

    :param after: key of the newest replay when the page was shown
    :param state: the filter they were chosen by, for the record; `reason` likewise
    :raises PermissionDenied: `by` does not look after the mail
    :raises RepeatPossible: some are uncertain, and `accepts_repeats` is false
    """
    if not by.has_perm(LOOK_AFTER_MAIL):
        raise PermissionDenied
    fresh = chosen.filter(Q(replay=None) | Q(replay__lte=after), state__in=REPLAYABLE)
    if not accepts_repeats and fresh.filter(state=State.UNCERTAIN).exists():
        raise RepeatPossible
    keys = list(
        fresh.select_for_update(skip_locked=True, of=("self",))
        .order_by("pk")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    if not keys:
        return 0
    press = Replay.objects.create(by=by, at=at, state=state, reason=reason, mails=len(keys))
    Delivery.objects.filter(pk__in=keys).update(
        state=State.PENDING,
        due_at=at,
        replay=press,
        attempts=0,
        deferrals=0,
        uncertain_tries=0,
        first_tried_at=None,
        closed_at=None,
        error="",
    )
    audit.record(
        action="mail.replay", subject=press, by=by, at=at, reason=f"{len(keys)} mails {state} {reason}".strip()
    )
    return len(keys)


def newest_replay() -> int:
    return Replay.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
