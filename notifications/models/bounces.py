"""Mails that came back, and addresses that nothing is sent to because of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.models.deliveries import Delivery

#: May say that an address is right again.
LIFT_SUPPRESSION = "notifications.lift_suppression"


class Bounce(models.Model):
    """A mail came back, by a notice or by the answer of the mail server: once a mail and day, whatever is repeated."""

    delivery = models.ForeignKey(Delivery, db_index=False, on_delete=models.CASCADE, related_name="bounces")
    address = models.CharField(max_length=254)
    on = models.DateField(help_text="The day in London.")
    is_hard = models.BooleanField(help_text="For good (5.x.x); else for now (4.x.x).")
    status = models.CharField(max_length=11, blank=True, help_text="As RFC 3463 counts them, such as 5.1.1.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "on"], name="bounce_is_counted_once_per_mail_and_day"),
            models.CheckConstraint(name="bounce_address_is_in_lower_case", condition=Q(address=Lower("address"))),
        ]
        indexes = [models.Index(fields=["address", "on"], name="bounce_of_address")]

    def __str__(self) -> str:
        return f"bounce of delivery {self.delivery_id}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def in_force(self) -> SuppressionQuerySet:
        return self.filter(until=None)


class Suppression(models.Model):
    """Nothing but sign-in mail is sent to an address that bounces, until somebody says that it is right again."""

    class Reason(models.TextChoices):
        HARD = "hard", _("Its mail server says that it does not exist or takes no mail")
        SOFT = "soft", _("Mails came back on three days")

    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=10, choices=Reason)
    status = models.CharField(max_length=11, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(
        null=True, blank=True, help_text="Said to be right again; what bounced before is past."
    )
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address"], name="suppression_is_once_per_address"),
            models.CheckConstraint(name="suppression_address_is_in_lower_case", condition=Q(address=Lower("address"))),
            models.CheckConstraint(
                name="suppression_lifted_has_ended", condition=Q(lifted_by__isnull=True) | Q(until__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["-since", "-id"], condition=Q(until=None), name="suppression_in_force")]
        permissions = [("lift_suppression", "Say that an address that bounced is right again")]

    def __str__(self) -> str:
        return f"suppression {self.pk}"
