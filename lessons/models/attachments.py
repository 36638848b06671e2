"""Files that come with a lesson."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lessons.attachments.findings import in_words, refusal_in_words
from lessons.attachments.kinds import KINDS, MOST_BYTES, NAME_LENGTH, FileKind
from lessons.models.lessons import Lesson


class Scan(models.TextChoices):
    """What is known about a file.  Only a clean one can be downloaded."""

    WAITING = "waiting", _("Being checked")
    CLEAN = "clean", _("Checked")
    REFUSED = "refused", _("Refused")


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def kept(self) -> AttachmentQuerySet:
        """Keep those that count: all but the refused."""
        return self.exclude(scan=Scan.REFUSED)

    def for_readers(self) -> AttachmentQuerySet:
        """Keep those that a moderator published."""
        return self.filter(published=True, scan=Scan.CLEAN).order_by("pk")

    def due(self, at: datetime) -> AttachmentQuerySet:
        """Keep those that wait to be checked now, longest first."""
        return self.filter(scan=Scan.WAITING, check_at__lte=at).order_by("check_at", "pk")


class Attachment(models.Model):
    """A file, stored under `key`.  The name it came with is text to show, and never a path."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="attachments")
    key = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=NAME_LENGTH)
    type = models.CharField(max_length=4, choices=[(kind.code, kind.label) for kind in KINDS.values()])
    size = models.PositiveIntegerField(help_text="In bytes, as it is stored.")
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="attachments")
    added_at = models.DateTimeField()
    scan = models.CharField(max_length=10, choices=Scan, default=Scan.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was refused, for its owner.")
    findings = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_at = models.DateTimeField(help_text="Not checked before: while a check is under way, or put off.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Checks begun of which nothing was heard.")
    delays = models.PositiveSmallIntegerField(default=0, help_text="Times that the scanner was away.")
    published = models.BooleanField(default=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="attachment_published_is_clean", condition=Q(published=False) | Q(scan="clean")
            ),
            models.CheckConstraint(
                name="attachment_refused_says_why",
                condition=(Q(scan="refused") & ~Q(reason="")) | (~Q(scan="refused") & Q(reason="")),
            ),
            models.CheckConstraint(
                name="attachment_is_of_twenty_megabytes_at_most",
                condition=Q(size__gte=1, size__lte=MOST_BYTES),
            ),
        ]
        indexes = [models.Index(fields=["check_at"], condition=Q(scan="waiting"), name="attachment_due")]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("attachment", args=[self.key])

    @property
    def kind(self) -> FileKind:
        return KINDS[self.type]

    @property
    def is_clean(self) -> bool:
        return self.scan == Scan.CLEAN

    @property
    def findings_in_words(self) -> list[str]:
        return [in_words(finding) for finding in self.findings]

    @property
    def reason_in_words(self) -> str:
        return refusal_in_words(self.reason)

    @property
    def is_waiting(self) -> bool:
        return self.scan == Scan.WAITING
