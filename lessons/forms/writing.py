"""The steps of writing a lesson.

Each step is saved on its own, half empty if need be: only what cannot be right is refused.  What is still missing
is said before the lesson is submitted (`lessons/readiness.py`).
"""

from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.forms import choices
from lessons.forms.event import EventStep
from lessons.forms.fields import GroupedChoices, Words
from lessons.forms.steps import StepForm
from lessons.models import (
    Attribution,
    Audience,
    Brag,
    Capability,
    Marking,
    NationalRisk,
    Theme,
)

LONG = 10_000  # characters of running text


class WhatHappenedStep(StepForm):
    slug = "what-happened"
    heading, practice_heading = _("What happened"), _("What was done")
    only_lesson = ("impact",)
    looks: ClassVar = {
        "title": Look(label_size="m", called=_("a title")),
        "what_happened": Look(label_size="m", called=_("what happened"), counted=False),
        "context": Look(called=_("the situation"), counted=False),
        "impact": Look(called=_("the difference it made"), counted=False),
        "why": Look(called="why", counted=False),
    }
    title = Words(max_length=120, required=True)
    what_happened = Words(max_length=LONG, rows=8)
    context = Words(max_length=LONG, rows=3)
    impact = Words(max_length=LONG, rows=3)
    why = Words(max_length=LONG, rows=3)


class LearningStep(StepForm):
    """The lesson itself, and what follows from it."""

    slug = "learning"
    heading, practice_heading = _("The lesson"), _("The practice")
    only_lesson = ("no_recommendation_because", "action_taken")
    only_practice = ("benefit", "evidence", "to_copy_it")
    looks: dict[str, Look] = {
        "statement": Look(label_size="m", called=_("the lesson"), counted=False),
        "benefit": Look(label_size="m", called=_("the benefit"), counted=False),
        "evidence": Look(called=_("the evidence"), counted=False),
        "to_copy_it": Look(called=_("what others need"), counted=False),
        "no_recommendation_because": Look(called=_("why there is no recommendation"), counted=False),
        "action_taken": Look(called=_("what you have done"), counted=False),
    }
    BLANK_ROWS, MOST_ROWS = 3, 20

    statement = Words(max_length=2000, rows=4)
    benefit = Words(max_length=LONG, rows=4)
    evidence = Words(max_length=LONG, rows=3)
    to_copy_it = Words(max_length=LONG, rows=3)
    no_recommendation_because = Words(max_length=1000, rows=2)
    action_taken = Words(max_length=LONG, rows=3)

    def stored(self) -> dict[str, Any]:
        found = super().stored()
        for number, one in enumerate(self.lesson.recommendations, 1):
            found[f"what_{number}"], found[f"by_whom_{number}"] = one.get("text", ""), one.get("by_whom", "")
        return found

    def prepare(self) -> None:
        for number in range(1, self.row_count() + 1):
            called = gettext("recommendation %(number)s") % {"number": number}
            self.looks = {
                **self.looks,
                f"what_{number}": Look(called=called, counted=False),
                f"by_whom_{number}": Look(called=gettext("whom %(called)s is for") % {"called": called}),
            }
            self.fields[f"what_{number}"] = Words(max_length=2000, rows=2, label=gettext("What should change?"))
            self.fields[f"by_whom_{number}"] = Words(
                max_length=200,
                label=gettext("Who should do it?"),
                help_text="" if number > 1 else gettext("A role, an organisation or a group"),
            )
        rows = [f"{name}_{number}" for number in range(1, self.row_count() + 1) for name in ("what", "by_whom")]
        self.order_fields(["statement", "benefit", "evidence", "to_copy_it", *rows])

    def row_count(self) -> int:
        """The rows sent; on a page not sent yet, those stored and some to fill in."""
        stored = len(self.lesson.recommendations)
        if not self.is_bound:
            return max(stored, min(self.MOST_ROWS, max(self.BLANK_ROWS, self.rows)))
        most = max(self.MOST_ROWS, stored)
        return max(
            (n for n in range(1, most + 1) if f"what_{n}" in self.data or f"by_whom_{n}" in self.data), default=0
        )

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The rows of recommendations: what, and by whom."""
        return [(self[f"what_{n}"], self[f"by_whom_{n}"]) for n in range(1, self.row_count() + 1)]

    def values(self) -> dict[str, Any]:
        found = super().values()
        rows = [
            {"text": found.pop(f"what_{n}"), "by_whom": found.pop(f"by_whom_{n}")}
            for n in range(1, self.row_count() + 1)
        ]
        return found | {"recommendations": [row for row in rows if any(row.values())]}


class AboutStep(StepForm):
    """Tags and rating."""

    slug = "about"
    heading = _("What it is about")
    together = ("risks", "not_a_national_risk")
    looks: dict[str, Look] = {
        "risks": Look(label_size="m", called=_("a National Risk"), small=True),
        "principles": Look(label_size="m", called=_("a JESIP principle")),
        "topics": Look(label_size="m", called=_("a topic"), small=True),
        "capabilities": Look(label_size="m", called=_("a capability"), small=True),
        "brag": Look(
            label_size="m",
            called=_("a BRAG rating"),
            hints={
                Brag.BLUE: _("Only your own organisation or area needs to know."),
                Brag.GREEN: _("A few others may find it useful."),
                Brag.AMBER: _("Many should know, or change something."),
                Brag.RED: _("All should know at once: people may come to harm. Decided within 2 working days."),
            },
        ),
    }
    risks = GroupedChoices()
    not_a_national_risk = forms.BooleanField(required=False)
    principles = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    topics = GroupedChoices()
    capabilities = GroupedChoices()
    risk_to_life = forms.BooleanField(required=False)
    brag = forms.ChoiceField(required=False, choices=Brag.choices, widget=forms.RadioSelect)

    def stored(self) -> dict[str, Any]:
        themes = list(self.lesson.themes.all())
        return {
            "risks": [risk.code for risk in self.lesson.risks.all()],
            "not_a_national_risk": self.lesson.not_a_national_risk,
            "principles": [theme.code for theme in themes if theme.group == Theme.PRINCIPLE],
            "topics": [theme.code for theme in themes if theme.group != Theme.PRINCIPLE],
            "capabilities": [capability.code for capability in self.lesson.capabilities.all()],
            "brag": self.lesson.brag,
        }

    def prepare(self) -> None:
        hints = choices.what_principles_mean()
        self.looks = {**self.looks, "principles": replace(self.looks["principles"], hints=hints)}
        offered = {
            "risks": choices.risks_by_theme(),
            "principles": choices.principles(),
            "topics": choices.topics_by_group(),
            "capabilities": choices.capabilities(),
        }
        for name, found in offered.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("risks") and values.get("not_a_national_risk"):
            self.add_error("not_a_national_risk", gettext("Untick this, or untick the National Risks you selected"))
        return values

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            "risks": list(NationalRisk.objects.current().filter(code__in=cleaned["risks"])),
            "themes": list(Theme.objects.filter(code__in=[*cleaned["principles"], *cleaned["topics"]])),
            "capabilities": list(Capability.objects.filter(code__in=cleaned["capabilities"])),
            "not_a_national_risk": cleaned["not_a_national_risk"],
            "brag": Brag.RED if cleaned["risk_to_life"] else cleaned["brag"],
        }


class SharingStep(StepForm):
    """Marking, audience, attribution: the owner's wishes."""

    slug = "sharing"
    heading = _("Who may see it")
    looks: ClassVar = {
        "marking": Look(
            label_size="m",
            called=_("a marking"),
            hints={
                Marking.OFFICIAL: _("Nearly everything: no harm if somebody reads it who was not meant to."),
                Marking.SENSITIVE: _(
                    "It could do harm, for example tactics, weak points or open proceedings. "
                    "Only people who are cleared for it can read it."
                ),
            },
            reveals={Marking.SENSITIVE: "handling"},
        ),
        "handling": Look(called=_("a handling instruction")),
        "audience": Look(
            label_size="m",
            called=_("who may read it"),
            hints={
                Audience.ALL_RESPONDERS: _("Reaches the most people. Choose this unless there is a reason not to."),
                Audience.CATEGORY_1: _("For example police, fire, ambulance, NHS bodies and local authorities"),
                Audience.OWN_AREA: _("Organisations of your own resilience area"),
                Audience.NATIONAL_TEAM: _("Moderators only: no other organisation will learn from it."),
            },
            reveals={Audience.SECTORS: "audience_sectors", Audience.AREAS: "audience_areas"},
        ),
        "audience_sectors": Look(small=True),
        "audience_areas": Look(small=True),
        "attribution": Look(label_size="m", called=_("who may be named")),
        "contact": Look(label_size="m", called=_("the mailbox"), width="two-thirds"),
    }
    marking = forms.ChoiceField(required=False, choices=Marking.choices, widget=forms.RadioSelect)
    handling = Words(max_length=500, rows=2)
    audience = forms.ChoiceField(required=False, choices=Audience.choices, widget=forms.RadioSelect)
    audience_sectors = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    audience_areas = GroupedChoices()
    attribution = forms.ChoiceField(choices=Attribution.choices, widget=forms.RadioSelect)
    contact = forms.EmailField(required=False, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def prepare(self) -> None:
        self.fields["audience_sectors"].choices = choices.sectors()  # type: ignore[attr-defined]
        self.fields["audience_areas"].choices = choices.areas_by_region()  # type: ignore[attr-defined]


#: The steps in order; the last thing is to check the answers.
STEPS: dict[str, type[StepForm]] = {
    step.slug: step for step in (EventStep, WhatHappenedStep, LearningStep, AboutStep, SharingStep)
}
#: Where to mend what is missing: name in `lessons/readiness.py` -> step and id of the input.
PLACES: dict[str, tuple[str, str]] = {
    "event_name": (EventStep.slug, "id_event_name"),
    "event_kind": (EventStep.slug, "id_event_kind"),
    "event_date": (EventStep.slug, "id_event_date-day"),
    "area": (EventStep.slug, "id_area"),
    "title": (WhatHappenedStep.slug, "id_title"),
    "what_happened": (WhatHappenedStep.slug, "id_what_happened"),
    "context": (WhatHappenedStep.slug, "id_context"),
    "impact": (WhatHappenedStep.slug, "id_impact"),
    "why": (WhatHappenedStep.slug, "id_why"),
    "statement": (LearningStep.slug, "id_statement"),
    "benefit": (LearningStep.slug, "id_benefit"),
    "evidence": (LearningStep.slug, "id_evidence"),
    "to_copy_it": (LearningStep.slug, "id_to_copy_it"),
    "recommendations": (LearningStep.slug, "id_what_1"),
    "no_recommendation_because": (LearningStep.slug, "id_no_recommendation_because"),
    "action_taken": (LearningStep.slug, "id_action_taken"),
    "risks": (AboutStep.slug, "id_risks-group"),
    "not_a_national_risk": (AboutStep.slug, "id_not_a_national_risk"),
    "themes": (AboutStep.slug, "id_principles"),
    "capabilities": (AboutStep.slug, "id_capabilities-group"),
    "brag": (AboutStep.slug, "id_brag"),
    "marking": (SharingStep.slug, "id_marking"),
    "handling": (SharingStep.slug, "id_handling"),
    "audience": (SharingStep.slug, "id_audience"),
    "audience_sectors": (SharingStep.slug, "id_audience_sectors"),
    "audience_areas": (SharingStep.slug, "id_audience_areas-group"),
    "attribution": (SharingStep.slug, "id_attribution"),
}
