"""What was found in a text that a person has to judge, and what moderators say about a field."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lessons.models.lessons import Lesson
from lessons.models.publications import Publication


class WarningKind(models.TextChoices):
    NAME = "name", _("a name")
    PHONE = "phone", _("a telephone number")
    EMAIL = "email", _("an email address")
    POSTCODE = "postcode", _("a postcode")
    PLATE = "plate", _("a number plate")
    NHS_NUMBER = "nhs_number", _("an NHS number")
    NI_NUMBER = "ni_number", _("a National Insurance number")
    DATE_OF_BIRTH = "date_of_birth", _("a date of birth")
    MARKING = "marking", _("a marking above OFFICIAL-SENSITIVE")


class Answer(models.TextChoices):
    FALSE_ALARM = "false_alarm", _("False alarm")
    REMOVED = "removed", _("Removed")
    NEEDED = "needed", _("Needed")


class TextWarningQuerySet(models.QuerySet["TextWarning"]):
    def open(self) -> "TextWarningQuerySet":
        return self.filter(answer="")


class TextWarning(models.Model):
    """Words of a text that somebody has to judge.  The words themselves are not kept here, only where they stand.

    `digest` tells them from others, so that the answer outlives edits elsewhere in the field.
    """

    lesson = models.ForeignKey(Lesson, null=True, blank=True, on_delete=models.CASCADE, related_name="warnings")
    publication = models.ForeignKey(
        Publication, null=True, blank=True, on_delete=models.PROTECT, related_name="warnings"
    )
    field = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=WarningKind)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    answer = models.CharField(max_length=20, choices=Answer, blank=True)
    because = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True, blank=True)

    objects = TextWarningQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="warning_is_of_a_lesson_or_a_publication",
                condition=Q(lesson__isnull=False, publication__isnull=True)
                | Q(lesson__isnull=True, publication__isnull=False),
            ),
            models.CheckConstraint(
                name="warning_answered_names_who_and_when",
                condition=Q(answer="") | Q(by__isnull=False, at__isnull=False),
            ),
            models.CheckConstraint(name="warning_needed_says_why", condition=~Q(answer="needed") | ~Q(because="")),
            models.UniqueConstraint(
                fields=["lesson", "publication", "field", "kind", "digest"],
                name="warning_is_given_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.field}"

    def is_about(self, text: Lesson | Publication | None) -> bool:
        """Say whether it was found in `text`; a text that is not stored has none."""
        if text is None or text.pk is None:
            return False
        return text.pk == (self.publication_id if isinstance(text, Publication) else self.lesson_id)


class Comment(models.Model):
    """What a moderator says about one field; the owner sees it when the lesson comes back to them."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="comments")
    field = models.CharField(max_length=40)
    text = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lesson", "at"], name="comment_of_lesson")]

    def __str__(self) -> str:
        return f"on {self.field} of {self.lesson_id}"
