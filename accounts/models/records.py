"""How long records are kept, and what is held longer because somebody asks for it."""

from datetime import date, datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models.people import User


class Unit(models.TextChoices):
    DAY = "day", _("days")
    MONTH = "month", _("months")
    YEAR = "year", _("years")


def period_in_words(number: int, unit: str) -> str:
    if unit == Unit.DAY:
        said = ngettext("%(number)s day", "%(number)s days", number)
    elif unit == Unit.MONTH:
        said = ngettext("%(number)s month", "%(number)s months", number)
    else:
        said = ngettext("%(number)s year", "%(number)s years", number)
    return said % {"number": number}


class RetentionRule(models.Model):
    """A period that was set in the place of the one a class of records comes with."""

    code = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=5, choices=Unit)

    class Meta:
        constraints = [models.CheckConstraint(name="retention_lasts_a_while", condition=Q(number__gte=1))]

    def __str__(self) -> str:
        return self.code


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def in_force(self, at: datetime) -> "LegalHoldQuerySet":
        return self.filter(Q(until=None) | Q(until__gte=timezone.localdate(at)), lifted_at=None)


class LegalHold(models.Model):
    """Nothing of this object is removed, whatever the retention rules say: an inquiry, an inquest, a request.

    :ivar object_type: "lessons.lesson", "lessons.event" or "accounts.user"
    """

    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateField(null=True, blank=True, help_text="Empty: until it is lifted.")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"], name="hold_of_object")]
        constraints = [
            models.CheckConstraint(
                name="hold_is_lifted_by_somebody",
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"

    def is_in_force(self, today: date) -> bool:
        return self.lifted_at is None and (self.until is None or today <= self.until)
