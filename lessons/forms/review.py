"""The moderator's form: the text to be published, the checklist, and the decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from govuk.boundfield import GovukBoundField
from govuk.look import Look
from lessons.checklist import CHECKLIST
from lessons.conditions import DECLINE_REASONS
from lessons.forms import choices
from lessons.forms.fields import GroupedChoices, Words
from lessons.labels import label_of
from lessons.models import Attribution, Audience, Brag, Lesson, Marking, Publication
from lessons.models.wording import TEXT_FIELDS
from lessons.readiness import Tags

LONGEST_TEXT = 10_000  # characters of one field
#: Empty rows for further recommendations.
SPARE_ROWS = 1
MOST_RECOMMENDATIONS = 20
TAG_FIELDS = ("risks", "themes", "capabilities")
CHOICES = {"brag": Brag, "marking": Marking, "audience": Audience, "attribution": Attribution}
ORDER = (
    "title",
    "event_name",
    "statement",
    "what_happened",
    "context",
    "impact",
    "why",
    "recommendations",
    "no_recommendation_because",
    "benefit",
    "evidence",
    "to_copy_it",
    "action_taken",
    "risks",
    "not_a_national_risk",
    "themes",
    "capabilities",
    "brag",
    "marking",
    "handling",
    "audience",
    "audience_sectors",
    "audience_areas",
    "attribution",
)
LISTS = {*TAG_FIELDS, "audience_sectors", "audience_areas"}
#: Of a notable practice only, and of a lesson identified only.
OF_PRACTICE = {"benefit", "evidence", "to_copy_it"}


@dataclass(frozen=True)
class Row:
    """One field: what was submitted, beside the inputs of what is to be published."""

    name: str
    label: str
    submitted: str
    fields: list[GovukBoundField]
    is_changed: bool
    is_list: bool  # of things to tick: folded away until it is needed

    @property
    def is_empty(self) -> bool:
        """Whether neither side says anything here."""
        return not self.submitted and not any(field.value() for field in self.fields)


class ReviewForm(forms.Form):
    """The text to be published, every field of it, and the checklist."""

    looks = {
        **{name: Look(counted=False) for name in TEXT_FIELDS},
        "title": Look(width="full"),
        "handling": Look(width="full"),
        **{
            name: Look(small=True) for name in ("risks", "themes", "capabilities", "audience_sectors", "audience_areas")
        },
        "checklist": Look(label_size="m", small=True, called="each line you have checked"),
    }

    row_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, text: Publication) -> None:
        self.text, self.kind = text, text.lesson.kind
        uncounted = {f"recommendation_{n}_text": Look(counted=False) for n in range(MOST_RECOMMENDATIONS)}
        self.looks = self.looks | uncounted
        values = text.wording() | {"event_name": text.event_name, "row_version": text.lesson.row_version}
        values |= {name: getattr(Tags.of(text), name) for name in TAG_FIELDS}
        values["checklist"] = [code for code, ticked in text.checklist.items() if ticked]
        super().__init__(data, initial=values)
        self._add_texts()
        self._add_recommendations()
        self._add_choices()
        self._add_tags()
        self.fields["checklist"] = forms.MultipleChoiceField(
            label="Checklist",
            help_text="All of these have to be true before it is published",
            choices=CHECKLIST.items(),
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )

    def _add_texts(self) -> None:
        for name in (*TEXT_FIELDS, "handling", "event_name"):
            short = {"title": 120, "handling": 500, "event_name": 150}.get(name)
            self.fields[name] = Words(
                label=label_of(name, self.kind), max_length=short or LONGEST_TEXT, rows=0 if short else 5
            )

    def _add_recommendations(self) -> None:
        """Add a pair of inputs for each recommendation and some to spare, counting what was sent."""
        stored = self.text.recommendations
        sent = sum(1 for name in self.data if name.startswith("recommendation_") and name.endswith("_text"))
        self.rows_of_recommendations = min(max(len(stored) + SPARE_ROWS, sent), MOST_RECOMMENDATIONS)
        for number in range(self.rows_of_recommendations):
            one = stored[number] if number < len(stored) else {}
            self.fields[f"recommendation_{number}_text"] = Words(
                label=f"Recommendation {number + 1}: what should change",
                max_length=LONGEST_TEXT,
                rows=3,
                initial=one.get("text", ""),
            )
            self.fields[f"recommendation_{number}_by_whom"] = Words(
                label=f"Recommendation {number + 1}: by whom", max_length=300, initial=one.get("by_whom", "")
            )

    def _add_choices(self) -> None:
        for name, options in CHOICES.items():
            self.fields[name] = forms.ChoiceField(
                label=label_of(name, self.kind), choices=[("", "Select"), *options.choices], required=False
            )
        self._add_many("audience_sectors", [("Sectors", choices.sectors())])
        self._add_many("audience_areas", choices.areas_by_region())
        self.fields["not_a_national_risk"] = forms.BooleanField(
            label=label_of("not_a_national_risk", self.kind), required=False
        )

    def _add_tags(self) -> None:
        self._add_many("risks", choices.risks_by_theme())
        self._add_many("themes", [("JESIP principles", choices.principles()), *choices.topics_by_group()])
        self._add_many("capabilities", choices.capabilities())

    def _add_many(self, name: str, groups: choices.Groups) -> None:
        self.fields[name] = GroupedChoices(label=label_of(name, self.kind), choices=groups)

    # -- what was sent -----------------------------------------------------------------------------
    @property
    def values(self) -> dict[str, Any]:
        """The fields of the publication, cleaned."""
        sent = self.cleaned_data
        names = (*TEXT_FIELDS, "handling", "event_name", *CHOICES, "audience_sectors", "audience_areas")
        recommendations = [
            {"text": sent[f"recommendation_{n}_text"], "by_whom": sent[f"recommendation_{n}_by_whom"]}
            for n in range(self.rows_of_recommendations)
        ]
        return {name: sent[name] for name in names} | {
            "not_a_national_risk": sent["not_a_national_risk"],
            "recommendations": [one for one in recommendations if one["text"] or one["by_whom"]],
        }

    @property
    def tags(self) -> Tags:
        return Tags(**{name: self.cleaned_data[name] for name in TAG_FIELDS})

    @property
    def checklist(self) -> dict[str, bool]:
        return {code: code in self.cleaned_data["checklist"] for code in CHECKLIST}

    def show_problems(self, problems: dict[str, str]) -> None:
        """Put what the workflow found beside the fields it is about."""
        for name, words in problems.items():
            field = "recommendation_0_text" if name == "recommendations" else name
            self.add_error(field if field in self.fields else None, words)

    # -- what is shown ------------------------------------------------------------------------------
    def rows(self, lesson: Lesson) -> Iterator[Row]:
        """Yield each field of this kind of lesson beside what the owner handed in."""
        submitted = _in_words(lesson)
        for name in ORDER:
            if name in OF_PRACTICE and not lesson.is_practice and not submitted[name]:
                continue
            fields = [self[field] for field in self._inputs(name)]
            differs = self._differs(name, lesson)
            yield Row(name, label_of(name, self.kind), submitted[name], fields, differs, name in LISTS)

    def _inputs(self, name: str) -> list[str]:
        if name != "recommendations":
            return [name]
        return [
            f"recommendation_{n}_{part}" for n in range(self.rows_of_recommendations) for part in ("text", "by_whom")
        ]

    def _differs(self, name: str, lesson: Lesson) -> bool:
        if name in TAG_FIELDS:
            return sorted(getattr(Tags.of(lesson), name)) != sorted(getattr(Tags.of(self.text), name))
        owners = lesson.event.name if name == "event_name" else getattr(lesson, name)
        return bool(owners != getattr(self.text, name))


def _in_words(lesson: Lesson) -> dict[str, str]:
    """Return what the owner handed in, field by field, as text."""
    words = {name: str(value) for name, value in lesson.wording().items() if isinstance(value, str)}
    words["event_name"] = lesson.event.name
    words["recommendations"] = "\n".join(
        f"{one.get('text', '')} (by whom: {one.get('by_whom', '')})" for one in lesson.recommendations
    )
    words["risks"] = "\n".join(sorted({risk.name for risk in lesson.risks.all()}))
    words["themes"] = "\n".join(sorted(theme.name for theme in lesson.themes.all()))
    words["capabilities"] = "\n".join(sorted(capability.name for capability in lesson.capabilities.all()))
    words["not_a_national_risk"] = "Yes" if lesson.not_a_national_risk else ""
    words["audience_sectors"] = ", ".join(lesson.audience_sectors)
    words["audience_areas"] = ", ".join(lesson.audience_areas)
    for name, options in CHOICES.items():
        value = getattr(lesson, name)
        words[name] = str(options(value).label) if value else ""
    return words


class DecisionForm(forms.Form):
    """What is said with a decision.  Only the part that belongs to the button pressed is asked for."""

    looks = {"changes_fields": Look(small=True)}

    changes_note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        label="What should the owner change?",
        help_text="They read this as you write it",
    )
    changes_fields = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Where (optional)", choices=[]
    )
    decline_reason = forms.ChoiceField(
        required=False,
        choices=[*DECLINE_REASONS.items()],
        widget=forms.RadioSelect,
        label="Why is it declined?",
    )
    decline_note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        label="Explain it to the owner",
        help_text="They may appeal once, to the national team",
    )

    def __init__(self, data: Any = None, *, decision: str = "", kind: str) -> None:
        self.decision = decision
        super().__init__(data)
        self.fields["changes_fields"].choices = [(name, label_of(name, kind)) for name in ORDER]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.decision == "ask_for_changes" and not cleaned.get("changes_note"):
            self.add_error("changes_note", "Enter what the owner should change")
        if self.decision == "decline":
            if not cleaned.get("decline_reason"):
                self.add_error("decline_reason", "Select why it is declined")
            if not cleaned.get("decline_note"):
                self.add_error("decline_note", "Enter an explanation for the owner")
        return cleaned

    @property
    def words(self) -> dict[str, Any]:
        """What `move_lesson` is given with the decision."""
        sent = self.cleaned_data
        return {
            "ask_for_changes": {"note": sent["changes_note"], "fields": sent["changes_fields"]},
            "decline": {"note": sent["decline_note"], "reason": sent["decline_reason"]},
        }.get(self.decision, {})


class SuspendForm(forms.Form):
    note = Words(
        required=True,
        max_length=LONGEST_TEXT,
        rows=4,
        label="Why must it not be used?",
        help_text="Everyone who was sent it is told to stop using it, and reads this",
        error_messages={"required": "Enter why it must not be used"},
    )
