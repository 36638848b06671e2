"""Debriefs of an event, and the points that people make in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.roles import Role, Scope, permissions_of
from lessons.models.events import Event
from lessons.models.lessons import Lesson
from lessons.models.taxonomy import Theme

#: So long it takes points again, once it was closed.
OPEN_AGAIN = timedelta(days=7)
RUNS = "lessons.run_debrief"


class DebriefKind(models.TextChoices):
    HOT = "hot", _("Hot debrief")
    COLD = "cold", _("Cold debrief")
    MULTI_AGENCY = "multi_agency", _("Multi-agency structured debrief")
    SINGLE_AGENCY = "single_agency", _("Single-agency debrief")
    AFTER_ACTION = "after_action", _("After action review")


class DebriefQuerySet(models.QuerySet["Debrief"]):
    def visible_to(self, user: User) -> DebriefQuerySet:
        """Keep the debriefs of the organisations that `user` writes for, and those that theirs take part in."""
        members = [m for m in user.active_memberships if m.role != Role.SYSTEM_ADMIN]
        if not user.is_active or not members:
            return self.none()
        writes_for = [m.organisation_id for m in members if RUNS in permissions_of(m.role, Scope.ORGANISATION)]
        taking_part = Debrief.organisations.through.objects.filter(
            organisation__in=[m.organisation_id for m in members]
        ).values("debrief")
        return self.filter(Q(organisation__in=writes_for) | Q(pk__in=taking_part))


class Debrief(models.Model):
    """A meeting or survey after an event.  Its code opens one page, where people add points without an account."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="debriefs")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="debriefs")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="debriefs")
    opened_at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=DebriefKind)
    held_on = models.DateField()
    code = models.CharField(max_length=20, unique=True)
    closes_at = models.DateTimeField()
    organisations = models.ManyToManyField(Organisation, related_name="debriefs_taken_part_in", blank=True)

    objects = DebriefQuerySet.as_manager()

    class Meta:
        permissions = [("run_debrief", "Open a debrief and decide what becomes of its points")]
        constraints = [
            models.CheckConstraint(name="debrief_closes_after_it_opens", condition=Q(closes_at__gte=F("opened_at"))),
            models.CheckConstraint(name="debrief_has_a_code", condition=~Q(code="")),
        ]

    def __str__(self) -> str:
        return f"debrief {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("debrief", args=[self.pk])

    def is_open(self, at: datetime) -> bool:
        """Whether the code opens it."""
        return at < self.closes_at

    @property
    def spoken_code(self) -> str:
        """The code in two parts, as people read it out."""
        half = len(self.code) // 2
        return f"{self.code[:half]}-{self.code[half:]}"


class PointKind(models.TextChoices):
    WENT_WELL = "went_well", _("Went well")
    DID_NOT_GO_WELL = "did_not_go_well", _("Did not go well")
    DO_DIFFERENTLY = "do_differently", _("Do differently next time")


class Disposition(models.TextChoices):
    """What becomes of a point."""

    UNDECIDED = "undecided", _("Not decided yet")
    PROMOTED = "promoted", _("Made into a lesson")
    LOCAL_ACTION = "local_action", _("Local action")
    SINGLE_SERVICE = "single_service", _("Passed to a single-service system")
    DUPLICATE = "duplicate", _("Says the same as another point")
    NO_ACTION = "no_action", _("No action")


class ServiceSystem(models.TextChoices):
    """Where one service keeps what concerns only itself."""

    NOL = "nol", _("NOL (fire: National Operational Learning)")
    LID = "lid", _("LID (ambulance: Lessons Identified Debriefing)")
    NPOCC = "npocc", _("NPoCC (police: National Police Coordination Centre)")
    OTHER = "other", _("Another system")


class Observation(models.Model):
    """One point made in a debrief.

    Who made it is stored only if that person wished, and the time only as a day: there is deliberately no column,
    no history and no audit entry from which the rest could be told.
    """

    debrief = models.ForeignKey(Debrief, on_delete=models.CASCADE, related_name="observations")
    kind = models.CharField(max_length=20, choices=PointKind)
    principle = models.ForeignKey(Theme, null=True, blank=True, on_delete=models.PROTECT, related_name="observations")
    text = models.TextField()
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="observations")
    given_on = models.DateField()
    group = models.CharField(max_length=80, blank=True)
    disposition = models.CharField(max_length=20, choices=Disposition, default=Disposition.UNDECIDED)
    lesson = models.ForeignKey(Lesson, null=True, blank=True, on_delete=models.PROTECT, related_name="observations")
    system = models.CharField(max_length=10, choices=ServiceSystem, blank=True)
    system_reference = models.CharField(max_length=60, blank=True)
    same_as = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="said_again")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="observation_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="observation_promoted_has_a_lesson",
                condition=Q(disposition="promoted", lesson__isnull=False)
                | (~Q(disposition="promoted") & Q(lesson__isnull=True)),
            ),
            models.CheckConstraint(
                name="observation_passed_on_names_the_system",
                condition=(Q(disposition="single_service") & ~Q(system="") & ~Q(system_reference=""))
                | (~Q(disposition="single_service") & Q(system="", system_reference="")),
            ),
            models.CheckConstraint(
                name="observation_duplicate_names_the_other",
                condition=Q(disposition="duplicate", same_as__isnull=False)
                | (~Q(disposition="duplicate") & Q(same_as__isnull=True)),
            ),
            models.CheckConstraint(
                name="observation_does_not_repeat_itself", condition=Q(same_as__isnull=True) | ~Q(same_as=F("id"))
            ),
        ]

    def __str__(self) -> str:
        return f"point {self.pk}"

    @property
    def is_undecided(self) -> bool:
        return self.disposition == Disposition.UNDECIDED
