"""What all steps of writing a lesson have in common."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from accounts.models import User
from govuk.look import Words as Text
from lessons.actions.writing import save_lesson
from lessons.forms.questions import question
from lessons.models import Lesson

#: In place of a version that was not sent: older than any.
NEVER_SHOWN = -1


class StepForm(forms.Form):
    """One step.  Fields are asked for in the words of the lesson's kind."""

    slug: ClassVar[str]
    heading: ClassVar[Text]
    practice_heading: ClassVar[Text] = ""
    #: fields that only a lesson identified has, or only notable practice
    only_lesson: ClassVar[tuple[str, ...]] = ()
    only_practice: ClassVar[tuple[str, ...]] = ()
    #: Fields that are right or wrong together.
    together: ClassVar[tuple[str, ...]] = ()

    row_version = forms.IntegerField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Any = None, *, lesson: Lesson, rows: int = 0) -> None:
        """:param rows: how many rows of what repeats to show at least"""
        self.lesson, self.rows = lesson, rows
        stored = {} if self.is_blank else self.stored()
        super().__init__(data, initial={"row_version": lesson.row_version, **stored})
        for name in self.only_lesson if lesson.is_practice else self.only_practice:
            del self.fields[name]
        self.prepare()
        for name, field in self.fields.items():
            if not field.label:
                asked = question(name, lesson.kind)
                field.label, field.help_text = asked.label, asked.hint

    @classmethod
    def heading_for(cls, lesson: Lesson) -> str:
        return str(cls.practice_heading if lesson.is_practice and cls.practice_heading else cls.heading)

    @property
    def is_blank(self) -> bool:
        """Whether it is a form for no lesson in particular, to be printed."""
        return self.lesson.pk is None

    @property
    def step_title(self) -> str:
        return self.heading_for(self.lesson)

    def clean_row_version(self) -> int:
        """A version that nobody was shown is older than any."""
        version = self.cleaned_data.get("row_version")
        return NEVER_SHOWN if version is None else version

    def shown_fields(self) -> Iterator[forms.BoundField]:
        return (field for field in self.visible_fields() if not field.is_revealed)  # type: ignore[attr-defined]

    def note(self, name: str, words: Iterable[str]) -> None:
        """Show above the field `name` what was said about it, if this form has it."""
        if name in self.fields:
            field = self[name]
            field.look = replace(field.look, notes=(*field.look.notes, *words))  # type: ignore[attr-defined]

    # What the steps fill in.

    def stored(self) -> dict[str, Any]:
        """Return what the lesson holds, by field."""
        return {name: getattr(self.lesson, name) for name in self.base_fields if hasattr(self.lesson, name)}

    def prepare(self) -> None:
        """Add what depends on the lesson: choices, rows."""

    def values(self) -> dict[str, Any]:
        """Return what `save_lesson` is to store."""
        return {name: value for name, value in self.cleaned_data.items() if name != "row_version"}

    def save(self, *, by: User, at: datetime, by_itself: bool = False) -> Lesson:
        """Store the step; raises what `lessons.actions.writing.save_lesson` raises.

        :param by_itself: nobody pressed a button
        """
        version = self.cleaned_data["row_version"]
        return save_lesson(lesson=self.lesson, by=by, at=at, row_version=version, by_itself=by_itself, **self.values())

    def save_what_fits(self, *, by: User, at: datetime) -> tuple[Lesson, list[str]]:
        """Store the step as it is while somebody types; what cannot be right yet stays as it was stored.

        :return: the lesson, and what these fields are called
        """
        wrong = [name for name in self.errors if name in self.fields]
        if set(wrong) & set(self.together):
            wrong += [name for name in self.together if name not in wrong and name in self.fields]
        for name in wrong:
            stored = self.get_initial_for_field(self.fields[name], name)
            self.cleaned_data[name] = self.fields[name].to_python(None) if stored is None else stored
        if "row_version" in wrong:
            self.cleaned_data["row_version"] = NEVER_SHOWN
        looks = getattr(self, "looks", {})
        called = [looks[name].called if name in looks else name for name in self.errors if name in self.fields]
        return self.save(by=by, at=at, by_itself=True), called
