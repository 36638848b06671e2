"""What is done to several lessons of the queue at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from govuk.look import Look
from lessons.conditions import DECLINE_REASONS
from lessons.forms.fields import Words
from lessons.forms.review.people import PersonField
from lessons.forms.review.text import LONGEST_TEXT
from lessons.models import Move
from lessons.moderators import colleagues_of
from lessons.tagging import tags_offered

MOST_AT_ONCE = 50
#: What is chosen instead of a move.
TAG = "tag"


class SeveralForm(forms.Form):
    """Which lessons, and what is done with them."""

    looks = {
        "what": Look(
            label_size="m",
            reveals={Move.REASSIGN: "to", Move.DECLINE: "reason", TAG: "tag"},
            hints={
                Move.DECLINE: _("Claims what nobody has, then declines it"),
                TAG: _("Nothing is taken away from them"),
            },
        ),
        "to": Look(called=_("who gets them")),
        "tag": Look(called=_("a tag"), width="full"),
    }

    lesson = forms.TypedMultipleChoiceField(coerce=int, widget=forms.MultipleHiddenInput, choices=[])
    what = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[
            (Move.REASSIGN, _("Give them to one person")),
            (TAG, _("Give them one more tag")),
            (Move.DECLINE, _("Decline them with one reason")),
        ],
        label=_("What do you want to do with them?"),
        error_messages={"required": _("Select what you want to do with them")},
    )
    to = PersonField(required=False, label=_("Who gets them?"), empty_label=_("Select"))
    reason = forms.ChoiceField(
        required=False, label=_("Why are they declined?"), choices=[("", _("Select")), *DECLINE_REASONS.items()]
    )
    tag = forms.ChoiceField(
        required=False,
        label=_("A National Risk, theme or capability"),
        widget=forms.Select(attrs={"data-autocomplete": ""}),
        choices=[],
    )
    note = Words(
        max_length=LONGEST_TEXT,
        rows=3,
        label=_("What the owners, or the one who gets them, should know"),
    )

    def __init__(self, data: Any = None, *, user: User, lessons: list[int]) -> None:
        super().__init__(data)
        self.fields["lesson"].choices = [(pk, str(pk)) for pk in lessons]  # type: ignore[attr-defined]
        self.fields["tag"].choices = [("", _("Select")), *tags_offered()]  # type: ignore[attr-defined]
        to: PersonField = self.fields["to"]  # type: ignore[assignment]
        to.offer(colleagues_of(user))

    def clean(self) -> None:
        sent = self.cleaned_data
        if sent.get("what") == Move.REASSIGN and not sent.get("to") and "to" not in self.errors:
            self.add_error("to", gettext("Select who gets them"))
        if sent.get("what") == TAG and not sent.get("tag") and "tag" not in self.errors:
            self.add_error("tag", gettext("Select a tag"))
        if sent.get("what") == Move.DECLINE:
            if not sent.get("reason") and "reason" not in self.errors:
                self.add_error("reason", gettext("Select why they are declined"))
            if not sent.get("note") and "note" not in self.errors:
                self.add_error("note", gettext("Enter an explanation for the owners"))

    @property
    def tag_name(self) -> str:
        """The tag in words."""
        offered = dict(pair for _, pairs in tags_offered() for pair in pairs)
        return offered.get(self.cleaned_data["tag"], "")

    @property
    def given(self) -> dict[str, Any]:
        """What `move_lesson` is given."""
        sent = self.cleaned_data
        if sent["what"] == Move.REASSIGN:
            return {"to": sent["to"], "note": sent["note"]}
        return {"reason": sent["reason"], "note": sent["note"]}
