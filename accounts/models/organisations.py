"""Resilience areas, kinds of responder, organisations and sponsorships."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AreaKind(models.TextChoices):
    LRF = "LRF", _("local resilience forum")
    RRP = "RRP", _("regional resilience partnership")
    EPG = "EPG", _("emergency preparedness group")


class ResilienceAreaQuerySet(models.QuerySet["ResilienceArea"]):
    def current(self) -> "ResilienceAreaQuerySet":
        return self.filter(ended_at=None)


class ResilienceArea(models.Model):
    """A local resilience forum or its counterpart.  Not a legal person, so it owns nothing."""

    code = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=3, choices=AreaKind)
    nation = models.CharField(max_length=30)
    region = models.CharField(max_length=60, blank=True)
    tile_row = models.PositiveSmallIntegerField(help_text="Row of the tile map, from 0 at the top.")
    tile_col = models.PositiveSmallIntegerField(help_text="Column of the tile map, from 0 at the left.")
    mailbox = models.EmailField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="mergers")

    objects = ResilienceAreaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="area_is_not_merged_into_itself", condition=Q(merged_into=None) | ~Q(merged_into=F("id"))
            ),
            models.UniqueConstraint(fields=["tile_row", "tile_col"], name="area_has_a_tile_of_its_own"),
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.TextChoices):
    """Schedule 1 of the Civil Contingencies Act 2004; sponsored: admitted outside the Act."""

    ONE = "1", _("Category 1")
    TWO = "2", _("Category 2")
    SPONSORED = "sponsored", _("Sponsored")


class ResponderType(models.Model):
    code = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=10, choices=Category)
    audience_category = models.CharField(
        max_length=10,
        choices=Category,
        help_text="As category, with the Northern Ireland bodies placed as their counterparts in Great Britain.",
    )
    sector = models.SlugField(max_length=40)

    def __str__(self) -> str:
        return self.code


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def current(self) -> "OrganisationQuerySet":
        return self.filter(ended_at=None)


class Organisation(models.Model):
    """A responder organisation.  It is also what django-guardian calls a group."""

    code = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)
    type = models.ForeignKey(ResponderType, on_delete=models.PROTECT, related_name="organisations")
    nation = models.CharField(max_length=30)
    areas = models.ManyToManyField(ResilienceArea, related_name="organisations", blank=True)
    mailbox = models.EmailField(blank=True, help_text="A role mailbox, never a person's.")
    mailbox_confirmed_at = models.DateTimeField(null=True, blank=True)
    mailbox_cleared = models.BooleanField(default=False, help_text="May be sent alerts of OFFICIAL-SENSITIVE lessons.")
    language = models.CharField(
        max_length=10, default="en-gb", db_default="en-gb", help_text="Of the mails to its mailbox."
    )
    mail_domains = ArrayField(
        models.CharField(max_length=253),
        default=list,
        db_default=[],
        blank=True,
        help_text="Of work addresses: nobody else is invited or asks to be let in; empty: any address.",
    )
    wants_sign_off = models.BooleanField(default=False, help_text="A SPoC signs off before a lesson is submitted.")
    wants_sighting = models.BooleanField(default=False, help_text="Sees the edited text before it is published.")
    ended_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="mergers")

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisation_is_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
            ),
        ]
        indexes = [models.Index(Lower("mailbox"), name="organisation_mailbox_lower")]

    def __str__(self) -> str:
        return self.name


def a_year_after(day: str) -> Func:
    """Return the same day of the next year; after 29 February, the 28th."""
    return Func(F(day), template="(%(expressions)s + INTERVAL '1 year')::date", output_field=models.DateField())


class SponsorshipQuerySet(models.QuerySet["Sponsorship"]):
    def in_force(self, organisation: Organisation, at: datetime) -> "SponsorshipQuerySet":
        today = timezone.localdate(at)
        return self.filter(organisation=organisation, ended_at=None, starts_on__lte=today, ends_on__gte=today)


class Sponsorship(models.Model):
    """A Category 1 responder vouches for an organisation outside the Act, for at most 12 months."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sponsorships")
    sponsor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sponsored")
    reason = models.CharField(max_length=500)
    starts_on = models.DateField()
    ends_on = models.DateField()
    most_people = models.PositiveSmallIntegerField(default=10, db_default=10, help_text="So many people at most.")
    may_write = models.BooleanField(default=False, db_default=False, help_text="May submit lessons, not only read.")
    given_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="sponsorships_given"
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Ended before its time.")

    objects = SponsorshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="sponsorship_lasts_a_year_at_most",
                condition=Q(ends_on__lte=a_year_after("starts_on")),
            ),
            models.CheckConstraint(name="sponsorship_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(name="sponsorship_is_by_another", condition=~Q(sponsor=F("organisation"))),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} by {self.sponsor_id}"
