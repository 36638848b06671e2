"""National Risks, JESIP themes and capabilities: what lessons are tagged with."""

from django.db import models
from django.db.models import Q
from django.urls import reverse


class NationalRiskQuerySet(models.QuerySet["NationalRisk"]):
    def current(self) -> "NationalRiskQuerySet":
        """Keep the newest edition's row of each code: the same code in two editions is the same risk."""
        return self.order_by("code", "-edition").distinct("code")


class NationalRisk(models.Model):
    """An entry of one edition of the National Risk Register."""

    edition = models.CharField(max_length=20)
    code = models.SlugField(max_length=100)
    number = models.CharField(max_length=10, blank=True)
    name = models.CharField(max_length=200)
    theme_code = models.SlugField(max_length=60)
    theme = models.CharField(max_length=100)
    likelihood = models.PositiveSmallIntegerField(null=True, blank=True)
    impact = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = NationalRiskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="risk_is_once_in_an_edition"),
            models.CheckConstraint(
                name="risk_likelihood_is_1_to_5", condition=Q(likelihood=None) | Q(likelihood__range=(1, 5))
            ),
            models.CheckConstraint(name="risk_impact_is_1_to_5", condition=Q(impact=None) | Q(impact__range=(1, 5))),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("national_risk", args=[self.code])


class Theme(models.Model):
    """A JESIP principle (`group` is `principle`) or a topic of the doctrine."""

    PRINCIPLE = "principle"

    code = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    group = models.CharField(max_length=60)
    description = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class Capability(models.Model):
    code = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name
