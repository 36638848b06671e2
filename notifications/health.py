"""Facts about the mail for the health page: numbers and ages, no addresses."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from notifications.models import Announcement, Delivery, Lane

#: Failures in a row of one sender, after which it is the mail server: by then ten seconds have passed.
FAILURES_OF_A_SERVER = 4
#: A sender tries at least twice in it, if anything is due.
STILL_RESTS = timedelta(minutes=1)


def mail_facts(*, at: datetime) -> dict[str, Any]:
    """Return how long the oldest due mail, and the oldest news nobody was told of yet, have waited, in seconds."""
    oldest_due = Delivery.objects.due(at).aggregate(oldest=Min("due_at"))["oldest"]
    waiting = Announcement.objects.filter(fanned_out_at=None, ended_at=None).aggregate(oldest=Min("at"))["oldest"]
    return {
        "oldest_due_mail_seconds": _age(oldest_due, at),
        "oldest_announcement_seconds": _age(waiting, at),
    }


def mail_server_is_away(*, at: datetime) -> bool:
    """Whether the mail server takes nothing, as far as was tried: while nothing is due nobody asks it."""
    resting = Lane.objects.filter(failures__gte=FAILURES_OF_A_SERVER, rest_until__gt=at - STILL_RESTS)
    return resting.exists()


def _age(since: datetime | None, at: datetime) -> float:
    return max(0.0, round((at - since).total_seconds(), 1)) if since else 0.0
