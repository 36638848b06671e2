"""What the worker does for accounts."""

from celery import shared_task
from django.utils import timezone

from accounts import upkeep


@shared_task
def keep_accounts() -> None:
    """Let unused accounts sleep and remind of what ends; run every hour, each does something once."""
    now = timezone.now()
    upkeep.let_sleep(now)
    upkeep.remind(now)
    upkeep.tell_of_vacancies(now)
