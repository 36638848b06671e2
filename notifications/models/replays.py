"""Somebody sent mails again."""

from django.db import models

from accounts.models import User

#: May see all mails, and send them again.
LOOK_AFTER_MAIL = "notifications.look_after_mail"


class Replay(models.Model):
    """One press of the button: mails point at the last one that took them up, so that a second press takes none."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, help_text="The state they were in.")
    reason = models.CharField(max_length=500, blank=True, help_text="Empty: chosen one by one, or whatever the reason.")
    mails = models.PositiveIntegerField(default=0)

    class Meta:
        permissions = [("look_after_mail", "See all mails, and send them again")]

    def __str__(self) -> str:
        return f"replay {self.pk}"
