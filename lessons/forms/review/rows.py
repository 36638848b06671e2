"""The rows of the page of a text: what there was, beside the inputs of what is to be published."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.forms.boundfield import BoundField
from django.utils.translation import gettext

from lessons.differences import LINE, WORD, Piece, differences
from lessons.forms.review.text import ReviewForm
from lessons.in_words import OF_PRACTICE, ORDER, Values, in_words
from lessons.labels import label_of
from lessons.models import Comment, Kind
from lessons.warnings.answers import Warned
from lessons.warnings.recommendations import hint_on

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
    fields: list[BoundField]
    warnings: list["WarningRow"]
    comment: BoundField
    comments: list[Comment]
    hints: list[str]

    @property
    def is_list(self) -> bool:
        return self.name in LISTS

    @property
    def is_empty(self) -> bool:
        """Whether neither side says anything here."""
        is_said = any(field.errors for field in [*self.fields, self.comment]) or self.comment.value() or self.comments
        return not self.before and not self.pieces and not is_said


@dataclass(frozen=True)
class WarningRow:
    """Words of the field that have to be judged, and the input that says why they are needed."""

    warned: Warned
    because: BoundField


def rows_of(form: ReviewForm, before: Values, comments: list[Comment]) -> Iterator[Row]:
    """Yield each field of this kind of lesson: `before` beside the form.

    :param comments: what the moderator said so far
    """
    was, typed = in_words(before, form.as_typed)
    for name in ORDER:
        if name in OF_PRACTICE and form.kind != Kind.NOTABLE_PRACTICE and not (was[name] or typed[name]):
            continue
        pieces = changes(name, was[name], typed[name])
        yield Row(
            name,
            label_of(name, form.kind),
            was[name],
            pieces,
            [form[field] for field in _inputs(form, name)],
            [WarningRow(one, form[f"because_{one.code}"]) for one in form.warnings if one.spotted.field == name],
            form[f"comment_{name}"],
            [comment for comment in comments if comment.field == name],
            _hints(form.as_typed["recommendations"]) if name == "recommendations" else [],
        )


def _hints(recommendations: list[dict[str, str]]) -> list[str]:
    """Return what would make recommendations clearer; nobody has to follow them."""
    hints = [hint_on(one.get("text", ""), one.get("by_whom", "")) for one in recommendations]
    words = gettext("Recommendation %(number)s: %(hint)s")
    return [words % {"number": number, "hint": hint} for number, hint in enumerate(hints, 1) if hint]


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
