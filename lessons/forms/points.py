"""The forms about the points of a debrief: a point, what becomes of points, and the code that leads to the first."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.forms import choices
from lessons.forms.fields import Words
from lessons.models import Debrief, Disposition, Observation, PointKind, ServiceSystem, Theme

POINT_LENGTH = 2000


class PointForm(forms.Form):
    """A point, in under a minute."""

    looks: ClassVar = {
        "kind": Look(label_size="m", called=_("what kind of point it is")),
        "text": Look(label_size="m", called=_("your point")),
        "principle": Look(small=True),
        "named": Look(small=True),
    }
    kind = forms.ChoiceField(choices=PointKind.choices, widget=forms.RadioSelect, label=_("What do you want to say?"))
    text = Words(
        max_length=POINT_LENGTH,
        rows=4,
        required=True,
        label=_("Your point"),
        help_text=_("One point at a time. Name roles, not people."),
    )
    principle = forms.ChoiceField(
        required=False, widget=forms.RadioSelect, label=_("Which JESIP principle? (optional)")
    )
    named = forms.BooleanField(required=False, label=_("Put my name to this point"))

    def __init__(self, data: Any = None, *, may_be_named: bool = False, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        offered = [*choices.principles(), ("", gettext("None, or not sure"))]
        self.fields["principle"].choices = offered  # type: ignore[attr-defined]
        if not may_be_named:
            del self.fields["named"]

    def values(self) -> dict[str, Any]:
        """Return kind, text and principle as the actions take them."""
        cleaned = self.cleaned_data
        principle = Theme.objects.filter(code=cleaned["principle"], group=Theme.PRINCIPLE).first()
        return {"kind": cleaned["kind"], "text": cleaned["text"], "principle": principle}

    @classmethod
    def of(cls, point: Observation) -> dict[str, Any]:
        """Return what the form shows of a point."""
        principle = point.principle.code if point.principle else ""
        return {"kind": point.kind, "text": point.text, "principle": principle}


class SortForm(forms.Form):
    """What becomes of the points that are ticked; what else is asked depends on the button."""

    looks: ClassVar = {
        "group": Look(called=_("a heading")),
        "disposition": Look(
            called=_("what becomes of them"),
            reveals={Disposition.SINGLE_SERVICE: "system system_reference", Disposition.DUPLICATE: "same_as"},
        ),
        "system": Look(called=_("the system"), small=True),
        "system_reference": Look(called=_("the reference"), width=20),
        "same_as": Look(called=_("the point that stays")),
        "note": Look(counted=False),
    }
    points = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    group = Words(max_length=80, label=_("Heading"))
    disposition = forms.ChoiceField(
        required=False,
        choices=[
            (one.value, one.label)
            for one in (
                Disposition.LOCAL_ACTION,
                Disposition.SINGLE_SERVICE,
                Disposition.DUPLICATE,
                Disposition.NO_ACTION,
            )
        ],
        widget=forms.RadioSelect,
        label=_("Or something else becomes of them"),
    )
    system = forms.ChoiceField(
        required=False, choices=ServiceSystem.choices, widget=forms.RadioSelect, label=_("Which system?")
    )
    system_reference = Words(max_length=60, label=_("Reference in that system"))
    same_as: Any = forms.ModelChoiceField(
        queryset=None, required=False, label=_("Which point says the same?"), empty_label=_("Select the one that stays")
    )
    note = Words(max_length=500, rows=2, label=_("Note (optional)"), help_text=_("For example who does it, by when"))

    def __init__(self, data: Any = None, *, debrief: Debrief, undecided: list[Observation]) -> None:
        super().__init__(data)
        self.then = str(data.get("then", "")) if data is not None else ""
        self.fields["points"].choices = [  # type: ignore[attr-defined]
            (str(point.pk), point.text) for point in undecided
        ]
        others = debrief.observations.exclude(disposition=Disposition.DUPLICATE).order_by("pk")
        self.fields["same_as"].queryset = others  # type: ignore[attr-defined]
        self.fields["same_as"].label_from_instance = _shortly  # type: ignore[attr-defined]

    @property
    def ticked(self) -> set[str]:
        return set(self["points"].value() or [])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("points") and not self.has_error("points"):
            self.add_error("points", gettext("Tick the points you mean"))
        if self.then == "group" and not values.get("group"):
            self.add_error("group", gettext("Enter a heading"))
        if self.then == "settle":
            self._check_settling(values)
        return values

    def _check_settling(self, values: dict[str, Any]) -> None:
        disposition = values.get("disposition")
        if not disposition:
            self.add_error("disposition", gettext("Select what becomes of them"))
        if disposition == Disposition.SINGLE_SERVICE:
            if not values.get("system"):
                self.add_error("system", gettext("Select the system"))
            if not values.get("system_reference"):
                self.add_error("system_reference", gettext("Enter the reference they have in that system"))
        same = values.get("same_as")
        if disposition == Disposition.DUPLICATE and not same:
            self.add_error("same_as", gettext("Select the point that stays"))
        elif disposition == Disposition.DUPLICATE and same and str(same.pk) in values.get("points", []):
            self.add_error("same_as", gettext("This point is ticked too. Untick the one that stays"))

    def chosen(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["points"]]

    def settling(self) -> dict[str, Any]:
        """Return what `settle_points` is to store."""
        cleaned = self.cleaned_data
        disposition = cleaned["disposition"]
        passed_on = disposition == Disposition.SINGLE_SERVICE
        return {
            "disposition": disposition,
            "note": cleaned["note"],
            "system": cleaned["system"] if passed_on else "",
            "system_reference": cleaned["system_reference"] if passed_on else "",
            "same_as": cleaned["same_as"] if disposition == Disposition.DUPLICATE else None,
        }


def _shortly(point: Observation) -> str:
    return point.text if len(point.text) <= 80 else f"{point.text[:79]}…"


class CodeForm(forms.Form):
    looks: ClassVar = {"code": Look(label_size="m", called=_("the code"), width=20)}
    code = Words(
        max_length=40,
        required=True,
        label=_("Code of the debrief"),
        help_text=_("The person who runs the debrief has it. Small or capital letters, with or without the dash."),
    )

    def clean_code(self) -> str:
        return plain_code(self.cleaned_data["code"])


def plain_code(text: str) -> str:
    """Return a code as it is stored, however it was typed."""
    return "".join(c for c in text.casefold() if c.isascii() and c.isalnum())
