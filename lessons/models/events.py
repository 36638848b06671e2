"""Events: what the learning comes from."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, ResilienceArea
from govuk.dates import in_words
from lessons.models.wording import Marking


class EventKind(models.TextChoices):
    INCIDENT = "incident", _("Incident")
    EXERCISE = "exercise", _("Exercise")
    TRAINING = "training", _("Training")
    TESTING = "testing", _("Testing")
    PLANNED_EVENT = "planned_event", _("Planned event")
    EXTERNAL = "external", _("External source (inquiry, inquest, inspectorate, research, overseas)")


class Precision(models.TextChoices):
    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


class Scale(models.TextChoices):
    LOCAL = "local", _("Local")
    REGIONAL = "regional", _("Regional")
    NATIONAL = "national", _("National")
    INTERNATIONAL = "international", _("International")


class LegalContext(models.TextChoices):
    CRIMINAL_INVESTIGATION = "criminal_investigation", _("Criminal investigation")
    INQUEST = "inquest", _("Inquest")
    INQUIRY = "inquiry", _("Public inquiry")
    CIVIL_CLAIM = "civil_claim", _("Civil claim")
    HSE = "hse", _("Health and Safety Executive investigation")
    DISCIPLINARY = "disciplinary", _("Disciplinary proceedings")


#: How an event's date is shown, by precision.
DATE_FORMATS = {Precision.DAY: "j F Y", Precision.MONTH: "F Y", Precision.YEAR: "Y"}


def dated(day: date | None, precision: str) -> str:
    """Return `day` in words as precisely as it is known: "3 March 2024", "March 2024", "2024", or ""."""
    return in_words(day, DATE_FORMATS[Precision(precision)]) if day else ""


class Event(models.Model):
    """An incident, exercise or other source.  Not sanitised: readers see only what publications carry of it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="recorded_events")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=20, choices=EventKind, blank=True)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    precision = models.CharField(max_length=5, choices=Precision, default=Precision.DAY)
    place = models.CharField(max_length=200, blank=True)
    scale = models.CharField(max_length=20, choices=Scale, blank=True)
    major_incident = models.BooleanField(null=True, blank=True, help_text="Unknown where empty.")
    legal_contexts = ArrayField(models.CharField(max_length=30, choices=LegalContext), default=list, blank=True)
    marking = models.CharField(max_length=20, choices=Marking, default=Marking.OFFICIAL)
    areas = models.ManyToManyField(ResilienceArea, related_name="events", blank=True)
    organisations = models.ManyToManyField(Organisation, related_name="events", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="event_ends_after_it_starts",
                condition=Q(ended_on__isnull=True) | Q(started_on__isnull=True) | Q(ended_on__gte=F("started_on")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def when(self) -> str:
        return dated(self.started_on, self.precision)

    @property
    def is_live_legal(self) -> bool:
        """Whether proceedings of any kind are running."""
        return bool(self.legal_contexts)
