"""A form field together with its value, errors and looks, as the field templates need it."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext, gettext_noop

from govuk.look import Look
from govuk.messages import say_plainly
from govuk.widgets import PARTS, control_of, fit

# Drawn by a template of the whole field, because they are several inputs.
DRAWN_WHOLE = {"checkbox", "checkboxes", "date", "radios"}


PART_NAMES = {"day": gettext_noop("Day"), "month": gettext_noop("Month"), "year": gettext_noop("Year")}


@dataclass(frozen=True)
class Choice:
    """One radio or checkbox."""

    id: str
    value: Any
    label: str
    checked: bool
    disabled: bool
    hint: str
    is_alternative: bool
    reveals: list[BoundField]


@dataclass(frozen=True)
class DatePart:
    """One input of a date."""

    id: str
    name: str
    label: str
    value: str
    width: int
    has_error: bool


class GovukBoundField(BoundField):
    """What the templates in templates/govuk ask of a field."""

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        self.look: Look = getattr(form, "looks", {}).get(name) or Look()
        self.control = control_of(field.widget)
        fit(field.widget, is_decimal=isinstance(field, forms.DecimalField | forms.FloatField))
        say_plainly(field, label=str(self.label), called=str(self.look.called))

    @property
    def data(self) -> Any:
        """What was sent; new lines are one character, as a browser counts them."""
        data = super().data
        if self.control == "textarea" and isinstance(data, str):
            return data.replace("\r\n", "\n")
        return data

    def changed(self, *, label: str | None = None, hint: str | None = None, **look: Any) -> "GovukBoundField":
        """Return this field with another label, hint or look; the field itself stays."""
        other = copy(self)
        other.look = replace(self.look, **look)
        other.label = self.label if label is None else label
        other.help_text = self.help_text if hint is None else hint
        return other

    # Ids, as the components have them.

    @property
    def hint_id(self) -> str:
        return f"{self.auto_id}-hint"

    @property
    def error_id(self) -> str:
        return f"{self.auto_id}-error"

    @property
    def notes_id(self) -> str:
        return f"{self.auto_id}-notes"

    @property
    def info_id(self) -> str:
        return f"{self.auto_id}-info"

    @property
    def target_id(self) -> str:
        """The id of the first input that an error is about: where the error summary leads."""
        if self.control == "date":
            return next((part.id for part in self.parts if part.has_error), f"{self.auto_id}-day")
        return self.auto_id

    @property
    def aria_describedby(self) -> str:
        described = [
            (self.counts_to, self.info_id),
            (self.help_text and self.control != "checkbox", self.hint_id),
            (self.look.notes, self.notes_id),
            (self.errors, self.error_id),
        ]
        return " ".join(id_ for is_there, id_ in described if is_there)

    # Looks.

    @property
    def counts_to(self) -> int | None:
        """The number of characters a textarea counts down from, or None."""
        if self.control != "textarea" or not self.look.counted:
            return None
        return getattr(self.field, "max_length", None)

    @property
    def is_revealed(self) -> bool:
        """True if a choice of another field reveals this one, which then draws it."""
        looks = getattr(self.form, "looks", {}).values()
        return any(self.name in names.split() for look in looks for names in look.reveals.values())

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        """Add the classes of the control; leave checking what is required to the server."""
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        attrs.pop("required", None)
        attrs.pop("aria-invalid", None)
        if widget.is_hidden or not attrs.get("aria-describedby"):
            attrs.pop("aria-describedby", None)
        if not widget.is_hidden and self.control not in (*DRAWN_WHOLE, "other"):
            attrs["class"] = " ".join(self._classes(widget))
        return attrs

    def _classes(self, widget: forms.Widget) -> Iterator[str]:
        block = "govuk-input" if self.control == "password-input" else f"govuk-{self.control}"
        yield block
        if self.control == "password-input":
            yield "govuk-password-input__input govuk-js-password-input-input"
        if self.counts_to:
            yield "govuk-js-character-count"
        if self.errors:
            yield f"{block}--error"
        yield from filter(None, [self.look.width_class, widget.attrs.get("class")])

    # Controls of several inputs.

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> Any:
        if widget is None and not only_initial and self.control in DRAWN_WHOLE:
            return self.form.render(f"govuk/controls/{self.control}.html", {"field": self})
        return super().as_widget(widget, attrs, only_initial)

    @property
    def choices(self) -> Iterator[Choice]:
        """The radios or checkboxes of this field."""
        number = 0
        for option in (bound.data for bound in self.subwidgets):
            value, number = str(option["value"]), number + 1
            is_alternative = bool(self.look.alternative) and value == self.look.alternative
            number += is_alternative  # the component counts the "or" as well
            yield Choice(
                id=self.auto_id if number == 1 else f"{self.auto_id}-{number}",
                value=option["value"],
                label=option["label"],
                checked=option["selected"],
                disabled=bool(option["attrs"].get("disabled")),
                hint=str(self.look.hints.get(value, "")),
                is_alternative=is_alternative,
                reveals=[self.form[name] for name in self.look.reveals.get(value, "").split()],
            )

    @property
    def parts(self) -> Iterator[DatePart]:
        """The inputs of a date."""
        wrong = self._wrong_parts()
        value = self.value() or {}
        for part in PARTS:
            yield DatePart(
                id=f"{self.auto_id}-{part}",
                name=f"{self.html_name}-{part}",
                label=gettext(PART_NAMES[part]),
                value=value.get(part, ""),
                width=4 if part == "year" else 2,
                has_error=part in wrong,
            )

    def _wrong_parts(self) -> set[str]:
        """The inputs that the errors name, or all of them."""
        errors = self.errors.as_data()
        named = {part for error in errors for part in (error.params or {}).get("wrong", ())}
        return named or (set(PARTS) if errors else set())
