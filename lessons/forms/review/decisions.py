"""What is said with a decision."""

from typing import Any

from django import forms

from govuk.look import Look
from lessons.conditions import DECLINE_REASONS
from lessons.forms.fields import Words
from lessons.forms.review.text import LONGEST_TEXT
from lessons.in_words import ORDER
from lessons.labels import label_of


class DecisionForm(forms.Form):
    """What is said with a decision.  Only the part that belongs to the button pressed is asked for."""

    looks = {"changes_fields": Look(small=True)}

    changes_note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        label="What should the owner change?",
        help_text="They read this as you write it",
    )
    changes_fields = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Where (optional)", choices=[]
    )
    decline_reason = forms.ChoiceField(
        required=False,
        choices=[*DECLINE_REASONS.items()],
        widget=forms.RadioSelect,
        label="Why is it declined?",
    )
    decline_note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        label="Explain it to the owner",
        help_text="They may appeal once, to the national team",
    )

    def __init__(self, data: Any = None, *, decision: str = "", kind: str) -> None:
        self.decision = decision
        super().__init__(data)
        self.fields["changes_fields"].choices = [(name, label_of(name, kind)) for name in ORDER]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.decision == "ask_for_changes" and not cleaned.get("changes_note"):
            self.add_error("changes_note", "Enter what the owner should change")
        if self.decision == "decline":
            if not cleaned.get("decline_reason"):
                self.add_error("decline_reason", "Select why it is declined")
            if not cleaned.get("decline_note"):
                self.add_error("decline_note", "Enter an explanation for the owner")
        return cleaned

    @property
    def words(self) -> dict[str, Any]:
        """What `move_lesson` is given with the decision."""
        sent = self.cleaned_data
        return {
            "ask_for_changes": {"note": sent["changes_note"], "fields": sent["changes_fields"]},
            "decline": {"note": sent["decline_note"], "reason": sent["decline_reason"]},
        }.get(self.decision, {})


class SuspendForm(forms.Form):
    note = Words(
        required=True,
        max_length=LONGEST_TEXT,
        rows=4,
        label="Why must it not be used?",
        help_text="Everyone who was sent it is told to stop using it, and reads this",
        error_messages={"required": "Enter why it must not be used"},
    )
