"""Requests under the Freedom of Information Act 2000 that concern a lesson, and whom the portal asked about them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from lessons.models.lessons import Lesson


class Requester(models.TextChoices):
    """Who asks, as a kind: who it is stays with the authority that was asked."""

    PUBLIC = "public", _("A member of the public")
    MEDIA = "media", _("The media")
    REPRESENTATIVE = "representative", _("An elected representative")
    CAMPAIGN = "campaign", _("A campaign group or charity")
    BUSINESS = "business", _("A business")
    RESEARCH = "research", _("A researcher")
    OTHER = "other", _("Somebody else")


class Outcome(models.TextChoices):
    RELEASED = "released", _("Released")
    PARTLY = "partly", _("Released in part")
    WITHHELD = "withheld", _("Withheld")
    NOT_HELD = "not_held", _("Not held")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Answer(models.TextChoices):
    RELEASE = "release", _("No objection to release")
    PARTLY = "partly", _("Release in part")
    WITHHOLD = "withhold", _("Withhold")


class FoiRequest(models.Model):
    """Somebody asked an authority for what it holds about a lesson.

    :ivar reference: under which the authority that was asked keeps the request
    """

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="foi_requests")
    reference = models.CharField(max_length=60)
    requester = models.CharField(max_length=20, choices=Requester)
    received_on = models.DateField()
    due_on = models.DateField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    outcome_note = models.CharField(max_length=500, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lesson", "reference"], name="foi_request_is_recorded_once"),
            models.CheckConstraint(
                name="foi_request_is_closed_with_an_outcome",
                condition=Q(outcome="", closed_at=None, closed_by=None)
                | (~Q(outcome="") & Q(closed_at__isnull=False, closed_by__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"FOI request {self.pk}"


class FoiConsultee(models.Model):
    """An organisation that was asked what it thinks of a release, and its answer."""

    request = models.ForeignKey(FoiRequest, on_delete=models.CASCADE, related_name="consultees")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    asked_on = models.DateField()
    answer = models.CharField(max_length=20, choices=Answer, blank=True)
    answer_note = models.CharField(max_length=500, blank=True)
    answered_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "organisation"], name="foi_consultee_is_asked_once"),
            models.CheckConstraint(
                name="foi_answer_has_a_day",
                condition=Q(answer="", answered_on=None) | (~Q(answer="") & Q(answered_on__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"consultee {self.pk}"
