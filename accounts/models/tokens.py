"""API tokens: shown once, stored as a digest, with scopes, an expiry and their last use."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


class TokenScope(models.TextChoices):
    READ_PUBLISHED = "read:published", _("Read published lessons")
    READ_SENSITIVE = "read:sensitive", _("Also those marked OFFICIAL-SENSITIVE, as far as its owner may")
    READ_STATISTICS = "read:statistics", _("Read statistics")
    WRITE_DRAFTS = "write:drafts", _("Write drafts")


class ApiToken(AbstractAuthToken):
    """A token of a person: it can never do more than the person may."""

    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=30, choices=TokenScope))
    last_used_at = models.DateTimeField(null=True, blank=True)
    # knox stamps `expiry` with the clock of the same moment: a date of our own keeps the two comparable.
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_lasts_a_year_at_most",
                condition=Q(expiry__isnull=False) & Q(expiry__lte=F("created") + timedelta(days=366)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.token_key)
