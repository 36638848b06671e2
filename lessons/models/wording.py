"""The words of a lesson, as the owner writes them and as they are published: one set of fields for both."""

import hashlib
import json
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    LESSON_IDENTIFIED = "lesson_identified", _("Lesson identified")
    NOTABLE_PRACTICE = "notable_practice", _("Notable practice")


#: First letters of a reference.
REFERENCE_PREFIX = {Kind.LESSON_IDENTIFIED: "LI", Kind.NOTABLE_PRACTICE: "NP"}


class Brag(models.TextChoices):
    BLUE = "blue", _("Blue: stays local")
    GREEN = "green", _("Green: limited interest")
    AMBER = "amber", _("Amber: of wide interest")
    RED = "red", _("Red: national process at once")


class Marking(models.TextChoices):
    """The second is a handling marking within the first.  Nothing above may be stored."""

    OFFICIAL = "official", _("OFFICIAL")
    SENSITIVE = "official_sensitive", _("OFFICIAL-SENSITIVE")


class Audience(models.TextChoices):
    ALL_RESPONDERS = "all_responders", _("All responders")
    CATEGORY_1 = "category_1", _("Category 1 responders")
    SECTORS = "sectors", _("Named sectors")
    AREAS = "areas", _("Named areas")
    OWN_AREA = "own_area", _("Own area only")
    NATIONAL_TEAM = "national_team", _("The national team only")


#: So many organisations are among these readers that a number of them points at none.
WIDE_AUDIENCES = (Audience.ALL_RESPONDERS, Audience.CATEGORY_1)


class Attribution(models.TextChoices):
    ORGANISATION = "organisation", _("Name the organisation")
    AREA = "area", _("Name the area only")
    SECTOR = "sector", _("Name the sector only")
    NONE = "none", _("Name nobody")


def codes(**options: Any) -> "ArrayField[Any, Any]":
    """Return a field for a list of stable codes."""
    return ArrayField(models.CharField(max_length=100), default=list, blank=True, **options)


class Wording(models.Model):
    """Every field may be empty: a draft must save half-way.  Completeness is checked at submit and at publication."""

    title = models.CharField(max_length=120, blank=True)
    context = models.TextField(blank=True)
    what_happened = models.TextField("what happened", blank=True)
    impact = models.TextField(blank=True)
    why = models.TextField("why it happened", blank=True)
    statement = models.TextField("the lesson in a sentence or two", blank=True)
    recommendations = models.JSONField(default=list, blank=True)  # [{"text": …, "by_whom": …}]
    no_recommendation_because = models.TextField(blank=True)
    action_taken = models.TextField("action already taken locally", blank=True)
    benefit = models.TextField(blank=True)
    evidence = models.TextField("evidence of the benefit", blank=True)
    to_copy_it = models.TextField("what it takes to copy it", blank=True)
    not_a_national_risk = models.BooleanField("not a National Risk", default=False)
    brag = models.CharField("BRAG rating", max_length=10, choices=Brag, blank=True)
    marking = models.CharField(max_length=20, choices=Marking, blank=True)
    handling = models.CharField("handling instruction", max_length=500, blank=True)
    audience = models.CharField(max_length=20, choices=Audience, blank=True)
    audience_sectors = codes()
    audience_areas = codes()
    attribution = models.CharField(max_length=20, choices=Attribution, default=Attribution.ORGANISATION)

    class Meta:
        abstract = True

    @property
    def colour(self) -> str:
        """The colour of the rating, without what it means."""
        return str(Brag(self.brag).label).partition(":")[0] if self.brag else ""

    @property
    def is_sensitive(self) -> bool:
        return self.marking == Marking.SENSITIVE

    def wording(self) -> dict[str, Any]:
        """Return the fields of this class as JSON-ready values, by name."""
        return {name: getattr(self, name) for name in WORDING_FIELDS}


#: Names of the fields that a lesson and its publications share, in reading order.
WORDING_FIELDS = tuple(field.name for field in Wording._meta.local_fields)
#: Those that hold running text.
TEXT_FIELDS = (
    "title",
    "context",
    "what_happened",
    "impact",
    "why",
    "statement",
    "no_recommendation_because",
    "action_taken",
    "benefit",
    "evidence",
    "to_copy_it",
)


def digest_of(wording: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of `wording`, in hexadecimal."""
    canonical = json.dumps(wording, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
