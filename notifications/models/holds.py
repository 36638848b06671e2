"""Outgoing mail is off."""

from django.db import models
from django.db.models import Q

from accounts.models import User


class MailHoldQuerySet(models.QuerySet["MailHold"]):
    def in_force(self) -> "MailHoldQuerySet":
        return self.filter(released_at__isnull=True)


class MailHold(models.Model):
    """While one is in force senders claim nothing; mails are written all the same and wait.

    After a restore the database does not know what went since the copy was made: `reconciled_at` says that it was told.
    """

    since = models.DateTimeField()
    reason = models.CharField(max_length=200)
    is_after_restore = models.BooleanField(default=False)
    reconciled_at = models.DateTimeField(null=True, blank=True)
    gone_already = models.PositiveIntegerField(
        default=0, help_text="Mails that were found in the log of a mail server."
    )
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = MailHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(released_at__isnull=True), name="mail_hold_is_one_at_a_time"
            ),
            models.CheckConstraint(
                name="mail_hold_is_released_by_somebody",
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"
