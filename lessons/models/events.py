"""Events: what the learning comes from."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import Organisation, ResilienceArea
from lessons.models.wording import Marking


class EventKind(models.TextChoices):
    INCIDENT = "incident", "Incident"
    EXERCISE = "exercise", "Exercise"
    TRAINING = "training", "Training"
    TESTING = "testing", "Testing"
    PLANNED_EVENT = "planned_event", "Planned event"
    EXTERNAL = "external", "External source (inquiry, inquest, inspectorate, research, overseas)"


class Precision(models.TextChoices):
    DAY = "day", "Day"
    MONTH = "month", "Month"
    YEAR = "year", "Year"


class Scale(models.TextChoices):
    LOCAL = "local", "Local"
    REGIONAL = "regional", "Regional"
    NATIONAL = "national", "National"
    INTERNATIONAL = "international", "International"


class LegalContext(models.TextChoices):
    CRIMINAL_INVESTIGATION = "criminal_investigation", "Criminal investigation"
    INQUEST = "inquest", "Inquest"
    INQUIRY = "inquiry", "Public inquiry"
    CIVIL_CLAIM = "civil_claim", "Civil claim"
    HSE = "hse", "Health and Safety Executive investigation"
    DISCIPLINARY = "disciplinary", "Disciplinary proceedings"


#: How an event's date is shown, by precision.
DATE_FORMATS = {Precision.DAY: "%-d %B %Y", Precision.MONTH: "%B %Y", Precision.YEAR: "%Y"}


def dated(day: date | None, precision: str) -> str:
    """Return `day` in words as precisely as it is known: "3 March 2024", "March 2024", "2024", or ""."""
    return day.strftime(DATE_FORMATS[Precision(precision)]) if day else ""


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
