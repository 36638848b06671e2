"""What all steps of writing a lesson have in common."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from accounts.models import User
from lessons.actions.writing import save_lesson
from lessons.forms.questions import question
from lessons.models import Lesson

#: In place of a version that was not sent: older than any.
NEVER_SHOWN = -1


class StepForm(forms.Form):
    """One step.  Fields are asked for in the words of the lesson's kind."""

    slug: ClassVar[str]
    heading: ClassVar[str]
    practice_heading: ClassVar[str] = ""
    #: fields that only a lesson identified has, or only notable practice
    only_lesson: ClassVar[tuple[str, ...]] = ()
    only_practice: ClassVar[tuple[str, ...]] = ()

    row_version = forms.IntegerField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Any = None, *, lesson: Lesson, rows: int = 0) -> None:
        """:param rows: how many rows of what repeats to show at least"""
        self.lesson, self.rows = lesson, rows
        super().__init__(data, initial={"row_version": lesson.row_version, **self.stored()})
        for name in self.only_lesson if lesson.is_practice else self.only_practice:
            del self.fields[name]
        self.prepare()
        for name, field in self.fields.items():
            if not field.label:
                asked = question(name, lesson.kind)
                field.label, field.help_text = asked.label, asked.hint

    @classmethod
    def heading_for(cls, lesson: Lesson) -> str:
        return cls.practice_heading if lesson.is_practice and cls.practice_heading else cls.heading

    @property
    def step_title(self) -> str:
        return self.heading_for(self.lesson)

    def clean_row_version(self) -> int:
        """A version that nobody was shown is older than any."""
        version = self.cleaned_data.get("row_version")
        return NEVER_SHOWN if version is None else version

    def shown_fields(self) -> Iterator[forms.BoundField]:
        return (field for field in self.visible_fields() if not field.is_revealed)  # type: ignore[attr-defined]

    # What the steps fill in.

    def stored(self) -> dict[str, Any]:
        """Return what the lesson holds, by field."""
        return {name: getattr(self.lesson, name) for name in self.base_fields if hasattr(self.lesson, name)}

    def prepare(self) -> None:
        """Add what depends on the lesson: choices, rows."""

    def values(self) -> dict[str, Any]:
        """Return what `save_lesson` is to store."""
        return {name: value for name, value in self.cleaned_data.items() if name != "row_version"}

    def save(self, *, by: User, at: datetime) -> Lesson:
        """Store the step; raises what `lessons.actions.writing.save_lesson` raises."""
        version = self.cleaned_data["row_version"]
        return save_lesson(lesson=self.lesson, by=by, at=at, row_version=version, **self.values())
