"""The moves of a lesson: what happened to it, in order, never changed."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.append_only import append_only
from accounts.models import User
from accounts.roles import Role
from lessons.models.lessons import Lesson, Status

if TYPE_CHECKING:
    from lessons.models.publications import Publication  # noqa: F401 - named in a foreign key


class Move(models.TextChoices):
    SUBMIT = "submit", "Submitted"
    SIGN_OFF = "sign_off", "Signed off"
    ASK_FOR_CHANGES = "ask_for_changes", "Changes requested"
    RESUBMIT = "resubmit", "Sent back with changes"
    CLAIM = "claim", "Claimed for review"
    GIVE_BACK = "give_back", "Given back to the queue"
    REASSIGN = "reassign", "Given to another moderator"
    ESCALATE = "escalate", "Escalated to the national team"
    DECLINE = "decline", "Declined"
    TAKE_BACK = "take_back", "Decision to decline taken back"
    APPEAL = "appeal", "Appealed"
    MERGE = "merge", "Merged"
    WITHDRAW = "withdraw", "Withdrawn"
    REOPEN = "reopen", "Reopened as a draft"
    SHOW_OWNER = "show_owner", "Edited text shown to its owner"
    SIGHT = "sight", "Owner answered about the edited text"
    APPROVE = "approve", "Approved by a second person"
    PUBLISH = "publish", "Published"
    PUBLISH_AGAIN = "publish_again", "New version published"
    SUSPEND = "suspend", "Suspended"
    RESTORE = "restore", "Restored"
    ARCHIVE = "archive", "Archived"


class LessonMove(models.Model):
    """One move.  `snapshot` is what was submitted, as it was."""

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="moves")
    move = models.CharField(max_length=20, choices=Move)
    from_status = models.CharField(max_length=20, choices=Status)
    to_status = models.CharField(max_length=20, choices=Status)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    reason = models.CharField(max_length=40, blank=True)
    fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    publication = models.ForeignKey(
        "lessons.Publication", null=True, blank=True, on_delete=models.PROTECT, related_name="moves"
    )
    text_digest = models.CharField(max_length=64, blank=True)
    snapshot = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["lesson", "move"], name="move_of_lesson")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.move} {self.lesson_id}"
