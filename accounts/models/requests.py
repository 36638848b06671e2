"""People who ask to be let in, and reminders that went out."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models.organisations import Organisation
from accounts.models.people import User


class AccessRequest(models.Model):
    """Somebody asks to be let into an organisation; until an administrator decides, they have no account.

    :ivar provider: whose sign-in they came by, and `uid` who they are there; both become theirs if they are let in
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="access_requests")
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)
    provider = models.CharField(max_length=200, blank=True)
    uid = models.CharField(max_length=191, blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    was_approved = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), "organisation", name="access_request_one_open", condition=Q(decided_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"access request {self.pk}"


class Reminder(models.Model):
    """A mail about something that ends soon: its name is unique, so it goes out once however often we look."""

    about = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.about
