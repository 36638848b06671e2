"""The moderator's form: the text to be published, and the checklist."""

import re
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.actions.warnings import LONGEST_REASON
from lessons.checklist import CHECKLIST
from lessons.forms import choices
from lessons.forms.fields import GroupedChoices, Words
from lessons.in_words import CHOICES, ORDER, Values, values_of
from lessons.labels import label_of
from lessons.models import Publication
from lessons.models.wording import TEXT_FIELDS
from lessons.readiness import Tags
from lessons.warnings.answers import warnings_in

LONGEST_TEXT = 10_000  # characters of one field
LONGEST_COMMENT = 2_000
#: Empty rows for further recommendations.
SPARE_ROWS = 1
MOST_RECOMMENDATIONS = 20
TAG_FIELDS = ("risks", "themes", "capabilities")


class ReviewForm(forms.Form):
    """The text to be published, every field of it, and the checklist."""

    looks = {
        **{name: Look(counted=False) for name in TEXT_FIELDS},
        "title": Look(width="full"),
        "handling": Look(width="full"),
        **{
            name: Look(small=True) for name in ("risks", "themes", "capabilities", "audience_sectors", "audience_areas")
        },
        "checklist": Look(label_size="m", small=True, called=_("each line you have checked")),
    }

    #: Anything, since nothing that is sent can be wrong: what is not the stored version is stale.
    row_version = forms.Field(widget=forms.HiddenInput, required=False)

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
            label=gettext("Checklist"),
            help_text=gettext("All of these have to be true before it is published"),
            choices=CHECKLIST.items(),
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        self.fields["all_checked"] = forms.BooleanField(
            label=gettext("I have checked each of these"), required=False, initial=False
        )
        self._add_remarks()

    def _add_remarks(self) -> None:
        """Add what is said about fields: comments for the owner, and why words that a rule found are needed."""
        for name in ORDER:
            self.fields[f"comment_{name}"] = Words(
                label=gettext("Comment on: %(label)s") % {"label": label_of(name, self.kind)},
                max_length=LONGEST_COMMENT,
                rows=3,
            )
            self.looks[f"comment_{name}"] = Look(counted=False)
        self.warnings = warnings_in(self.text)
        for warned in self.warnings:
            self.fields[f"because_{warned.code}"] = Words(
                label=gettext("Why it is needed"),
                max_length=LONGEST_REASON,
                initial=warned.answer and warned.answer.because,
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
        self.rows_of_recommendations = max(len(stored) + SPARE_ROWS, min(sent, MOST_RECOMMENDATIONS))
        for number in range(self.rows_of_recommendations):
            one = stored[number] if number < len(stored) else {}
            self.fields[f"recommendation_{number}_text"] = Words(
                label=gettext("Recommendation %(number)s: what should change") % {"number": number + 1},
                max_length=LONGEST_TEXT,
                rows=3,
                initial=one.get("text", ""),
            )
            self.fields[f"recommendation_{number}_by_whom"] = Words(
                label=gettext("Recommendation %(number)s: by whom") % {"number": number + 1},
                max_length=300,
                initial=one.get("by_whom", ""),
            )

    def _add_choices(self) -> None:
        for name, options in CHOICES.items():
            must = name == "attribution"  # the others may be left open until the text is published
            empty = [] if must else [("", gettext("Select"))]
            self.fields[name] = forms.ChoiceField(
                label=label_of(name, self.kind), choices=[*empty, *options.choices], required=must
            )
        self._add_many("audience_sectors", [(gettext("Sectors"), choices.sectors())])
        self._add_many("audience_areas", choices.areas_by_region())
        self.fields["not_a_national_risk"] = forms.BooleanField(
            label=label_of("not_a_national_risk", self.kind), required=False
        )

    def _add_tags(self) -> None:
        self._add_many("risks", choices.risks_by_theme())
        self._add_many("themes", choices.themes_by_group())
        self._add_many("capabilities", choices.capabilities())

    def _add_many(self, name: str, groups: choices.Groups) -> None:
        """Offer `groups`, and what was chosen when more was on offer, such as a risk of an older edition."""
        offered = {code for _, options in groups for code, _ in options}
        if older := [code for code in self.initial[name] if code not in offered]:
            named = [(code, capfirst(code.replace("-", " "))) for code in older]
            groups = [*groups, (gettext("Chosen earlier"), named)]
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
    def row_version_sent(self) -> int:
        """The version that was shown; -1, which no lesson has, if that cannot be told."""
        sent = self.cleaned_data["row_version"] or ""
        return int(sent) if re.fullmatch(r"[0-9]{1,9}", sent) else -1

    @property
    def tags(self) -> Tags:
        return Tags(**{name: self.cleaned_data[name] for name in TAG_FIELDS})

    @property
    def checklist(self) -> dict[str, bool]:
        is_all = self.cleaned_data["all_checked"]
        return {code: is_all or code in self.cleaned_data["checklist"] for code in CHECKLIST}

    @property
    def comments(self) -> dict[str, str]:
        """What was said about fields: field -> words."""
        said = {name: self.cleaned_data[f"comment_{name}"] for name in ORDER}
        return {name: words for name, words in said.items() if words}

    @property
    def is_clean(self) -> bool:
        """Whether the rules found nothing in the text, so that one tick may confirm the whole checklist."""
        return not self.warnings

    def show_problems(self, problems: dict[str, str]) -> None:
        """Put what the workflow found beside the fields it is about."""
        for name, words in problems.items():
            field = "recommendation_0_text" if name == "recommendations" else name
            self.add_error(field if field in self.fields else None, words)

    # -- what is shown ------------------------------------------------------------------------------
    @property
    def as_typed(self) -> Values:
        """Return every field as the page shows it: what was sent, else what is stored."""
        values = values_of(self.text)
        if not self.is_bound:
            return values
        for name in values.keys() & self.fields.keys():
            typed = self[name].value()
            values[name] = self._offered(name, typed or []) if isinstance(values[name], list) else typed or ""
        recommendations = [
            {part: self[f"recommendation_{n}_{part}"].value() or "" for part in ("text", "by_whom")}
            for n in range(self.rows_of_recommendations)
        ]
        return values | {
            "not_a_national_risk": bool(values["not_a_national_risk"]),
            "recommendations": [one for one in recommendations if any(one.values())],
        }

    def _offered(self, name: str, codes: list[str]) -> list[str]:
        """Return those of the codes sent that can be chosen."""
        field: GroupedChoices = self.fields[name]  # type: ignore[assignment]
        return [code for code in codes if field.valid_value(code)]
