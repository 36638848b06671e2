"""The forms of moves that have a page of their own."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from govuk.look import Look
from lessons.conditions import ARCHIVE_REASONS
from lessons.forms.fields import Words
from lessons.forms.review.people import PersonField
from lessons.forms.review.text import LONGEST_TEXT
from lessons.models import Lesson
from lessons.moderators import others_who_may_review

LONGEST_REFERENCE = 20


class MoveForm(forms.Form):
    """What a move is given; by itself, nothing but the press of a button."""

    def __init__(self, data: Any = None, *, lesson: Lesson, user: User) -> None:
        super().__init__(data)

    @property
    def given(self) -> dict[str, Any]:
        """What `move_lesson` is given."""
        return {}


class NoteForm(MoveForm):
    """Why it is done."""

    looks = {"note": Look(label_size="m")}

    note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        required=True,
        label=_("Why?"),
        error_messages={"required": _("Say why, in words that others can act on")},
    )

    @property
    def given(self) -> dict[str, Any]:
        return {"note": self.cleaned_data["note"]}


class ArchiveForm(MoveForm):
    looks = {"reason": Look(label_size="m", reveals={"superseded": "reference"})}

    reason = forms.ChoiceField(
        choices=[*ARCHIVE_REASONS.items()],
        widget=forms.RadioSelect,
        label=_("Why is it archived?"),
        error_messages={"required": _("Select why it is archived")},
    )
    reference = Words(
        max_length=LONGEST_REFERENCE,
        label=_("Reference of the lesson that supersedes it"),
        help_text=_("Like LI-2026-00042"),
    )
    note = Words(max_length=LONGEST_TEXT, rows=3, label=_("Anything else (optional)"))

    def clean(self) -> None:
        sent = self.cleaned_data
        if sent.get("reason") == "superseded" and not sent.get("reference") and "reference" not in self.errors:
            self.add_error("reference", gettext("Enter the reference of the lesson that supersedes it"))

    @property
    def given(self) -> dict[str, Any]:
        sent = self.cleaned_data
        is_superseded = sent["reason"] == "superseded"
        return {"reason": sent["reason"], "note": sent["reference"].upper() if is_superseded else sent["note"]}


class ReassignForm(MoveForm):
    """To whom."""

    looks = {"to": Look(label_size="m", called=_("who gets it"))}

    to = PersonField(label=_("Who gets it?"), widget=forms.RadioSelect, empty_label=None)
    note = Words(max_length=LONGEST_TEXT, rows=3, label=_("A word to them (optional)"))

    def __init__(self, data: Any = None, *, lesson: Lesson, user: User) -> None:
        super().__init__(data, lesson=lesson, user=user)
        to: PersonField = self.fields["to"]  # type: ignore[assignment]
        to.offer(others_who_may_review(lesson, but=user))

    @property
    def given(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"], "note": self.cleaned_data["note"]}


class MergeForm(forms.Form):
    """With what it is compared, and may be merged into: looked for first, then confirmed."""

    into = Words(
        max_length=LONGEST_REFERENCE,
        required=True,
        label=_("Reference of the published lesson"),
        help_text=_("Like LI-2026-00042"),
        error_messages={"required": _("Enter the reference of the lesson to compare it with")},
    )
