"""Telling those who shared lessons, once a month, that they were used."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User


class UseRun(models.Model):
    """A month that was looked at, and whose mails were written with this row."""

    period_start = models.DateTimeField()
    period_end = models.DateTimeField(unique=True)
    mails = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="use_run_ends_after_it_starts", condition=Q(period_end__gt=F("period_start"))),
        ]

    def __str__(self) -> str:
        return f"until {self.period_end}"


class UseMailsOff(models.Model):
    """A person who wants no such mails."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} since {self.since}"
