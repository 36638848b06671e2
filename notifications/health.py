"""Facts about the mail for the health page: numbers and ages, no addresses."""

from datetime import datetime
from typing import Any

from django.db.models import Min

from notifications.models import Announcement, Delivery


def mail_facts(*, at: datetime) -> dict[str, Any]:
    """Return how long the oldest due mail, and the oldest news nobody was told of yet, have waited, in seconds."""
    oldest_due = Delivery.objects.due(at).aggregate(oldest=Min("due_at"))["oldest"]
    waiting = Announcement.objects.filter(fanned_out_at=None, ended_at=None).aggregate(oldest=Min("at"))["oldest"]
    return {
        "oldest_due_mail_seconds": _age(oldest_due, at),
        "oldest_announcement_seconds": _age(waiting, at),
    }


def _age(since: datetime | None, at: datetime) -> float:
    return max(0.0, round((at - since).total_seconds(), 1)) if since else 0.0
