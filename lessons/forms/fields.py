"""Form fields for running text and for long lists of things to tick."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from govuk.boundfield import Choice, GovukBoundField

#: Half a character, or the sign that a character was lost on the way.
unreadable = RegexValidator(r"[\ud800-\udfff\ufffd]", inverse_match=True, code="null_characters_not_allowed")
#: Pasted from word processors: other line and page breaks become new lines.
NEW_LINES = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n", "\u2028": "\n", "\u2029": "\n"})


class Words(forms.CharField):
    """Text that may be empty while it is being written."""

    default_validators = [unreadable]

    def __init__(self, *, max_length: int, rows: int = 0, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        if rows:
            kwargs["widget"] = forms.Textarea(attrs={"rows": str(rows)})
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: object) -> str:
        """Return the text with one kind of line break; browsers count it so."""
        text = super().to_python(str(value).replace("\r\n", "\n").translate(NEW_LINES) if value else value) or ""
        return text if isinstance(self.widget, forms.Textarea) else " ".join(text.split())


@dataclass(frozen=True)
class Group:
    """The choices under one heading."""

    name: str
    choices: list[Choice]

    @property
    def chosen(self) -> int:
        return sum(choice.checked for choice in self.choices)


class GroupedBoundField(GovukBoundField):
    @property
    def groups(self) -> Iterator[Group]:
        """The checkboxes under their headings."""
        choices = self.choices
        for name, options in self.field.choices:  # type: ignore[attr-defined]
            yield Group(name, list(islice(choices, len(options))))


class GroupedChoices(forms.MultipleChoiceField):
    """Checkboxes in groups that fold away; a group with something ticked is open.

    :param choices: [(heading, [(value, label), …]), …]
    """

    widget = forms.CheckboxSelectMultiple
    bound_field_class = GroupedBoundField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.template_name = "lessons/writing/grouped_checkboxes.html"
