"""What the worker does for accounts."""

from functools import cache

from celery import shared_task
from django.utils import timezone

from accounts import upkeep
from accounts.records.retention import apply_rules
from accounts.trail.anchors import anchor_if_due
from accounts.trail.daily import mail_anchor_once_a_day
from accounts.trail.sealing import seal_all
from accounts.trail.settings import note_settings


@shared_task
def keep_accounts() -> None:
    """Every hour: let unused accounts sleep, forget old sessions, remind of what ends, mail the anchor; each once."""
    now = timezone.now()
    upkeep.let_sleep(now)
    upkeep.forget_sessions(now)
    upkeep.warn_before_sleep(now)
    upkeep.remind(now)
    upkeep.tell_of_vacancies(now)
    mail_anchor_once_a_day(now)


@shared_task
def seal_audit() -> None:
    """Every few seconds: make links of the events that were written since, and once an hour an anchor."""
    note_start()
    now = timezone.now()
    seal_all(at=now)
    anchor_if_due(at=now)


@shared_task
def apply_retention() -> None:
    """Every hour: remove what is older than its period."""
    for _done in apply_rules(at=timezone.now()):
        pass


@cache
def note_start() -> None:
    """Once in the life of a process: with which security settings it started."""
    note_settings(at=timezone.now())
