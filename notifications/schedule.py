"""The schedule: when each of its tasks ran last, when it runs next, and whether it stands still."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery.schedules import maybe_schedule
from celery.signals import task_failure, task_prerun
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from notifications.models import ScheduledRun

logger = logging.getLogger(__name__)

#: A task that is so late does not run.
OVERDUE_AFTER = timedelta(minutes=2)
#: What the schedule page says of each; a task without words here is shown by its name.
WORDS = {
    "relay": _("Find out who is to hear of news, and send what is due"),
    "digest": _("Write the digests whose period has ended"),
    "overdue": _("Write to those who decide what is overdue"),
    "tell-of-use": _("Tell owners monthly how their lessons were used"),
    "tell-of-deprecations": _("Tell owners of tokens which address of the API goes"),
    "seal-audit": _("Seal the audit trail"),
    "apply-retention": _("Remove records that are older than they are kept"),
    "keep-accounts": _("Let roles and accounts end when their time is over"),
    "count-look-alikes": _("Count words for finding lessons that look alike"),
    "check-attachments": _("Check files that were attached"),
    "count-words": _("Count words for the search"),
}
#: By the length of the unit in seconds.
EVERY = {
    3600: ngettext_lazy("Every hour", "Every %(number)s hours", "number"),
    60: ngettext_lazy("Every minute", "Every %(number)s minutes", "number"),
    1: ngettext_lazy("Every second", "Every %(number)s seconds", "number"),
}


@dataclass(frozen=True)
class Scheduled:
    """A task of the schedule and its last run; without one, it is not known when the next is due."""

    name: str
    task: str
    every: str
    began_at: datetime | None
    failed_at: datetime | None
    next_at: datetime | None
    is_overdue: bool

    @property
    def words(self) -> str:
        return str(WORDS.get(self.name, self.name.replace("-", " ").capitalize()))


def schedule(*, at: datetime) -> list[Scheduled]:
    """Return every task of the schedule as it stands at `at`, by name."""
    runs = ScheduledRun.objects.in_bulk(_tasks())
    return [
        _scheduled(name, entry, runs.get(str(entry["task"])), at)
        for name, entry in sorted(settings.CELERY_BEAT_SCHEDULE.items())
    ]


def stalled(*, at: datetime) -> list[str]:
    """Return the names of the tasks that ran once and stand still now."""
    return [one.name for one in schedule(at=at) if one.is_overdue]


def _scheduled(name: str, entry: dict[str, Any], run: ScheduledRun | None, at: datetime) -> Scheduled:
    when = maybe_schedule(entry["schedule"])
    next_at = None
    if run:
        when.nowfun = lambda: at
        next_at = max(at + when.remaining_estimate(run.began_at), run.began_at)
    return Scheduled(
        name=name,
        task=str(entry["task"]),
        every=_in_words(when),
        began_at=run.began_at if run else None,
        failed_at=run.failed_at if run else None,
        next_at=next_at,
        is_overdue=next_at is not None and at > next_at + OVERDUE_AFTER,
    )


def _in_words(when: Any) -> str:
    every = getattr(when, "run_every", None)
    if not isinstance(every, timedelta):
        return str(when)
    seconds = int(every.total_seconds())
    size = next(size for size in EVERY if seconds % size == 0)
    return EVERY[size] % {"number": seconds // size}


def _tasks() -> set[str]:
    return {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}


# -- noting, in the worker -------------------------------------------------------------------------
@task_prerun.connect
def note_begin(sender: Any, **kwargs: object) -> None:
    _note(sender.name, "began_at = excluded.began_at")


@task_failure.connect
def note_failure(sender: Any, **kwargs: object) -> None:
    _note(sender.name, "failed_at = excluded.began_at")


def _note(task: str, change: str) -> None:
    """Write down that it happened now; a database that is away must not keep the task from running."""
    if task not in _tasks():
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO notifications_scheduledrun (task, began_at) VALUES (%s, %s)"  # noqa: S608 - a constant
                f" ON CONFLICT (task) DO UPDATE SET {change}",
                [task, timezone.now()],
            )
    except (DatabaseError, InterfaceError):
        logger.warning("a run of %s was not noted", task)
        connection.close()
