"""The form on paper: the same questions in the same order, made from the forms of the pages."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.forms import BoundField
from django.utils.translation import gettext

from lessons.forms.fields import GroupedChoices
from lessons.forms.steps import StepForm
from lessons.forms.writing import STEPS
from lessons.models import Event, Lesson

#: Answered by writing a name: the list is too long to print.
WRITTEN = {"area", "add_organisation"}


@dataclass(frozen=True)
class PaperQuestion:
    """One question.

    :param lines: how many lines to leave for writing; 0: tick boxes or a date
    :param groups: (heading, choices) to tick
    """

    name: str
    label: str
    hint: str
    lines: int = 0
    is_date: bool = False
    groups: list[tuple[str, list[str]]] = field(default_factory=list)


@dataclass(frozen=True)
class PaperStep:
    heading: str
    questions: list[PaperQuestion]


def paper_form(kind: str) -> list[PaperStep]:
    """Return the questions of every step for a lesson of `kind`."""
    blank = Lesson(kind=kind, event=Event())
    forms = [step(lesson=blank) for step in STEPS.values()]
    return [PaperStep(form.step_title, list(_questions(form))) for form in forms]


def _questions(form: StepForm) -> Iterator[PaperQuestion]:
    for one in form.visible_fields():
        label = str(one.label)
        if one.name.startswith(("what_", "by_whom_")) and one.name.rsplit("_", 1)[1].isdigit():
            number, asked = one.name.rsplit("_", 1)[1], f"{label[:1].lower()}{label[1:]}"
            label = gettext("Recommendation %(number)s: %(asked)s") % {"number": number, "asked": asked}
        yield _question(one, label)


def _question(one: BoundField, label: str) -> PaperQuestion:
    hint, control = str(one.help_text or ""), one.control  # type: ignore[attr-defined]
    if control == "date":
        return PaperQuestion(one.name, label, hint, is_date=True)
    if control == "checkbox":
        return PaperQuestion(one.name, "", hint, groups=[("", [label])])
    if isinstance(one.field, GroupedChoices):
        groups = [(str(name), [str(words) for _, words in some]) for name, some in one.field.choices]  # type: ignore[misc, union-attr]
        return PaperQuestion(one.name, label, hint, groups=groups)
    if control in {"radios", "checkboxes"}:
        choices = [f"{choice.label}{': ' if choice.hint else ''}{choice.hint}" for choice in one.choices]  # type: ignore[attr-defined]
        return PaperQuestion(one.name, label, hint, groups=[("", choices)])
    if one.name in WRITTEN or control == "select":
        return PaperQuestion(one.name, label, gettext("Write its name"), lines=1)
    return PaperQuestion(one.name, label, hint, lines=int(one.field.widget.attrs.get("rows", 1)))
