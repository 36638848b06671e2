"""Digest runs: one per frequency and period."""

from django.db import models
from django.db.models import F, Q

from notifications.models.subscriptions import Frequency


class DigestRun(models.Model):
    """Everybody whose notices waited for this period gets one mail.

    `last_address` says how far it got; `done_at` that nobody is left.
    """

    frequency = models.CharField(max_length=10, choices=Frequency)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    last_address = models.CharField(max_length=254, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["frequency", "period_start"], name="digest_run_is_made_once_per_period"),
            models.CheckConstraint(
                name="digest_period_ends_after_it_starts", condition=Q(period_end__gt=F("period_start"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} until {self.period_end}"
