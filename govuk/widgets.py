"""The date widget, and what Django's widgets need to fit the design system."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.widgets import Input

PARTS = ("day", "month", "year")


class DateInput(forms.Widget):
    """Three inputs: `name-day`, `name-month`, `name-year`, or one value such as 2024-03-31."""

    use_fieldset = True
    template_name = "govuk/controls/date.html"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        parts = {part: str(data.get(f"{name}-{part}") or "") for part in PARTS}
        if whole := str(data.get(name) or ""):
            parts.update(zip(reversed(PARTS), whole.split("-", 2), strict=False))
        return parts if any(parts.values()) else {}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and not any(f"{name}-{part}" in data for part in PARTS)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-day" if id_ else id_


# Which control of the design system draws a widget; the first class that fits decides.
CONTROLS: list[tuple[type[forms.Widget], str]] = [
    (DateInput, "date"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkbox"),
    (forms.Textarea, "textarea"),
    (forms.FileInput, "file-upload"),
    (forms.PasswordInput, "password-input"),
    (forms.Select, "select"),
    (Input, "input"),
]


def control_of(widget: forms.Widget) -> str:
    """Return the name of the design system's control for a widget, or "other"."""
    return next((name for kind, name in CONTROLS if isinstance(widget, kind)), "other")


def fit(widget: forms.Widget, *, is_decimal: bool = False) -> None:
    """Take from a form's own copy of a widget what the design system does without.

    Browsers stop a paste at `maxlength` without a word, and spin numbers on scrolling; placeholders
    vanish when they are needed.  So: no maxlength, text instead of number inputs, no placeholder.
    """
    for attribute in ("maxlength", "minlength", "placeholder"):
        widget.attrs.pop(attribute, None)
    if isinstance(widget, forms.Textarea):
        widget.attrs.pop("cols", None)
        if widget.attrs.get("rows") == "10":  # Django's default
            widget.attrs["rows"] = "5"
    elif isinstance(widget, forms.NumberInput):
        widget.input_type = "text"
        widget.attrs.setdefault("inputmode", "decimal" if is_decimal else "numeric")
        for attribute in ("min", "max", "step"):
            widget.attrs.pop(attribute, None)
    elif isinstance(widget, forms.EmailInput | forms.URLInput):
        widget.attrs.setdefault("spellcheck", "false")
    elif isinstance(widget, forms.PasswordInput):
        widget.attrs.update({"spellcheck": "false", "autocapitalize": "none"})
        widget.attrs.setdefault("autocomplete", "current-password")
    elif isinstance(widget, forms.ClearableFileInput):
        widget.template_name = "django/forms/widgets/file.html"
