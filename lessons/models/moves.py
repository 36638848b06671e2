"""The moves of a lesson: what happened to it, in order, never changed."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.append_only import append_only
from accounts.models import User
from accounts.roles import Role
from lessons.models.lessons import Lesson, Status

if TYPE_CHECKING:
    from lessons.models.publications import Publication  # noqa: F401 - named in a foreign key


class Move(models.TextChoices):
    SUBMIT = "submit", _("Submitted")
    SIGN_OFF = "sign_off", _("Signed off")
    ASK_FOR_CHANGES = "ask_for_changes", _("Changes requested")
    RESUBMIT = "resubmit", _("Sent back with changes")
    CLAIM = "claim", _("Claimed for review")
    GIVE_BACK = "give_back", _("Given back to the queue")
    REASSIGN = "reassign", _("Given to another moderator")
    ESCALATE = "escalate", _("Escalated to the national team")
    DECLINE = "decline", _("Declined")
    TAKE_BACK = "take_back", _("Decision to decline taken back")
    APPEAL = "appeal", _("Appealed")
    MERGE = "merge", _("Merged")
    WITHDRAW = "withdraw", _("Withdrawn")
    REOPEN = "reopen", _("Reopened as a draft")
    SHOW_OWNER = "show_owner", _("Edited text shown to its owner")
    SIGHT = "sight", _("Owner answered about the edited text")
    APPROVE = "approve", _("Approved by a second person")
    PUBLISH = "publish", _("Published")
    PUBLISH_AGAIN = "publish_again", _("New version published")
    SUSPEND = "suspend", _("Suspended")
    RESTORE = "restore", _("Restored")
    ARCHIVE = "archive", _("Archived")


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
