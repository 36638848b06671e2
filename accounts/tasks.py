"""What the worker does for accounts."""

from celery import shared_task
from django.utils import timezone

from accounts import upkeep
from accounts.trail.anchors import anchor_if_due
from accounts.trail.sealing import seal_all


@shared_task
def keep_accounts() -> None:
    """Let unused accounts sleep and remind of what ends; run every hour, each does something once."""
    now = timezone.now()
    upkeep.let_sleep(now)
    upkeep.warn_before_sleep(now)
    upkeep.remind(now)
    upkeep.tell_of_vacancies(now)


@shared_task
def seal_audit() -> None:
    """Every few seconds: make links of the events that were written since, and once an hour an anchor."""
    now = timezone.now()
    seal_all(at=now)
    anchor_if_due(at=now)
