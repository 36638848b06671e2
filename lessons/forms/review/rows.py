"""The rows of the page of a text: what there was, beside the inputs of what is to be published."""

from collections.abc import Iterator
from dataclasses import dataclass

from govuk.boundfield import GovukBoundField
from lessons.differences import LINE, WORD, Piece, differences
from lessons.forms.review.text import ReviewForm
from lessons.in_words import OF_PRACTICE, ORDER, Values, in_words
from lessons.labels import label_of
from lessons.models import Kind

#: Things to tick: folded away until they are needed.
LISTS = {"risks", "themes", "capabilities", "audience_sectors", "audience_areas"}


@dataclass(frozen=True)
class Row:
    """One field.

    :ivar before: what it said, in words
    :ivar pieces: the same with what is changed marked; empty if nothing is
    """

    name: str
    label: str
    before: str
    pieces: list[Piece]
    fields: list[GovukBoundField]

    @property
    def is_list(self) -> bool:
        return self.name in LISTS

    @property
    def is_empty(self) -> bool:
        """Whether neither side says anything here."""
        return not self.before and not self.pieces and not any(field.errors for field in self.fields)


def rows_of(form: ReviewForm, before: Values) -> Iterator[Row]:
    """Yield each field of this kind of lesson: `before` beside the form."""
    was, typed = in_words(before, form.as_typed)
    for name in ORDER:
        if name in OF_PRACTICE and form.kind != Kind.NOTABLE_PRACTICE and not (was[name] or typed[name]):
            continue
        pieces = changes(name, was[name], typed[name])
        yield Row(name, label_of(name, form.kind), was[name], pieces, [form[field] for field in _inputs(form, name)])


def changes(name: str, before: str, after: str) -> list[Piece]:
    """Return what changed in the field `name`; nothing if nothing did."""
    before, after = before.replace("\r\n", "\n"), after.replace("\r\n", "\n")
    if before == after:
        return []
    if name in LISTS:
        return differences(*(f"{text}\n" if text else "" for text in (before, after)), by=LINE)
    return differences(before, after, by=WORD)


def _inputs(form: ReviewForm, name: str) -> list[str]:
    if name != "recommendations":
        return [name]
    return [f"recommendation_{n}_{part}" for n in range(form.rows_of_recommendations) for part in ("text", "by_whom")]
