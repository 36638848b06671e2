"""What helps moderators and may be lost: who has a lesson open, and how many published ones are like it."""

from django.db import models

from accounts.models import User
from lessons.models.lessons import Lesson


class OpenPage(models.Model):
    """Somebody has the page of a lesson open, or had it at `at`.  Old rows mean nothing."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="open_pages")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lesson", "user"], name="open_page_is_noted_once")]
        indexes = [models.Index(fields=["at"], name="open_page_at")]

    def __str__(self) -> str:
        return f"{self.lesson_id} by {self.user_id}"


class LookAlikes(models.Model):
    """How many published lessons were like a lesson that waits, when they were last counted."""

    lesson = models.OneToOneField(Lesson, on_delete=models.CASCADE, primary_key=True, related_name="look_alikes")
    count = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} of {self.lesson_id}"
