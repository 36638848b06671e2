"""The lessons digest of a quarter: what the JOL Secretariat chose, and its words above that."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User


class QuarterDigestQuerySet(models.QuerySet["QuarterDigest"]):
    def sent(self) -> QuarterDigestQuerySet:
        """Keep those that went out, or are going out."""
        return self.filter(closed_at__isnull=False)

    def sent_with(self, lesson: int) -> list[QuarterDigest]:
        """Return those that went out, or are going out, with this lesson in them."""
        named = self.sent().filter(Q(made__contains=[lesson]) | Q(chosen__contains=[lesson]))
        return [one for one in named if lesson in one.lessons_sent]


class QuarterDigest(models.Model):
    """One quarter.  `made` is what was chosen by rule; `words` and `chosen` what the Secretariat made of it.

    What is approved when the quarter ends goes; otherwise it goes as it was made.  Closed is sent: it stays as it is.
    """

    period_start = models.DateTimeField(unique=True)
    period_end = models.DateTimeField()
    made_at = models.DateTimeField()
    made = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Keys of lessons, in order.")
    chosen = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Keys of lessons, in order.")
    words = models.TextField(blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    row_version = models.PositiveIntegerField(default=1)

    objects = QuarterDigestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="quarter_digest_ends_after_it_starts", condition=Q(period_end__gt=F("period_start"))
            ),
            models.CheckConstraint(
                name="quarter_digest_is_approved_by_somebody",
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
            ),
        ]
        permissions = [("edit_quarter_digest", "Edit and approve the digest of a quarter")]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """Such as 2026-q4, by the day in London on which the quarter begins."""
        begins = timezone.localtime(self.period_start)
        return f"{begins.year}-q{(begins.month + 2) // 3}"

    @property
    def name(self) -> str:
        begins = timezone.localtime(self.period_start)
        months = {
            1: gettext("January to March"),
            4: gettext("April to June"),
            7: gettext("July to September"),
            10: gettext("October to December"),
        }
        return f"{months[begins.month]} {begins.year}"

    def get_absolute_url(self) -> str:
        return reverse("quarter", args=[self.code])

    @property
    def words_sent(self) -> str:
        return self.words if self.approved_at else ""

    @property
    def lessons_sent(self) -> list[int]:
        return self.chosen if self.approved_at else self.made

    def has_content(self) -> bool:
        return bool(self.words_sent or self.lessons_sent)

    def may_be_edited(self, at: datetime) -> bool:
        return self.closed_at is None and at < self.period_end
