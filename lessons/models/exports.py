"""What left the portal as a file or came in from a program."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.append_only import append_only
from accounts.models import User
from lessons.models.lessons import Lesson
from lessons.models.wording import Marking


class ExportForm(models.TextChoices):
    CSV = "csv", _("CSV")
    XLSX = "xlsx", _("Excel")
    NDJSON = "ndjson", _("JSON, a line for each lesson")


class ExportRecord(models.Model):
    """Somebody took these lessons away in a file: whoever suspends one of them knows whom to tell.

    :ivar filter: name -> value, as in the address of the list
    :ivar marking: the highest among the lessons
    """

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports")
    at = models.DateTimeField()
    form = models.CharField(max_length=10, choices=ExportForm)
    filter = models.JSONField(default=dict)
    rows = models.PositiveIntegerField()
    marking = models.CharField(max_length=20, choices=Marking)
    lesson_ids = ArrayField(models.BigIntegerField())

    class Meta:
        # None on the lessons: a download of all would write an entry for each, and a suspension may look through all.
        indexes = [models.Index(fields=["by", "-at"], name="export_of_person")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"export {self.pk}"


class IdempotencyKey(models.Model):
    """A program asked for a draft under this key: asking again gives the same draft.

    :ivar digest: SHA-256 of what was asked, in hexadecimal
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    lesson = models.ForeignKey(Lesson, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_is_used_once")]

    def __str__(self) -> str:
        return f"key {self.pk}"
