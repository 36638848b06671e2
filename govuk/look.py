"""How a form field looks: what a form says in its `looks`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # what gettext_lazy returns has a name of its own in the stubs alone
    from django.utils.functional import _StrPromise as Promise
else:
    from django.utils.functional import Promise

#: Words that may be translated only when they are shown.
Words = str | Promise


@dataclass(frozen=True, kw_only=True)
class Look:
    """The looks of one field; every part may be left out.

    :param label_size: size of the label or legend
    :param is_heading: the label is the heading (h1) of the page
    :param width: of an input or select: characters (2, 3, 4, 5, 10, 20, 30) or a share of the
        column ("full", "three-quarters", "two-thirds", "one-half", "one-third", "one-quarter")
    :param called: how messages name the field, with its article: "a title", "where it happened"
    :param prefix: text before an input; `suffix`: text after it
    :param inline: radios side by side; `small`: small radios or checkboxes
    :param hints: hint of a choice, by its value
    :param reveals: names of the fields shown only with a choice, by the value of the choice
    :param alternative: value of the choice set apart by "or"; as a checkbox it unticks the others
    :param notes: what others said about the answer, shown above it
    :param counted: show how many characters are left in a textarea with a max_length
    """

    label_size: Literal["", "s", "m", "l", "xl"] = ""
    is_heading: bool = False
    width: int | str = ""
    called: Words = ""
    prefix: str = ""
    suffix: str = ""
    inline: bool = False
    small: bool = False
    hints: Mapping[str, Words] = field(default_factory=dict)
    reveals: Mapping[str, str] = field(default_factory=dict)
    alternative: str = ""
    notes: tuple[str, ...] = ()
    counted: bool = True

    @property
    def width_class(self) -> str:
        """The class that sets the width of an input, if one was asked for."""
        if isinstance(self.width, int):
            return f"govuk-input--width-{self.width}"
        return f"govuk-!-width-{self.width}" if self.width else ""
