"""What is said with a decision."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.conditions import DECLINE_REASONS
from lessons.forms.fields import Words
from lessons.forms.review.text import LONGEST_TEXT
from lessons.in_words import ORDER
from lessons.labels import label_of
from lessons.models import Change
from lessons.models.wording import TEXT_FIELDS
from lessons.removals import REMOVAL_TYPES

SEE_COMMENTS = "Please see the comments on the fields."
CORRECTION = _("What readers should do changes: everyone who was sent the lesson is sent a correction")


class SaidWith(forms.Form):
    """Words that go with a button; only those of the button that was pressed are asked for.

    :param decision: the button
    """

    def __init__(self, data: Any = None, *, decision: str = "", kind: str) -> None:
        self.decision = decision
        super().__init__(data)

    def need(self, name: str, words: str) -> None:
        """Refuse the form with `words` where `name` is empty and nothing else is wrong with it."""
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, words)

    @property
    def words(self) -> dict[str, Any]:
        """What `move_lesson` is given with the decision."""
        return {}


class DecisionForm(SaidWith):
    """What is said with a decision on a lesson in review.

    :param commented: fields with a comment: they are to be changed, and stand for a note
    """

    looks = {"changes_fields": Look(small=True)}

    changes_note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        label=_("What should the owner change?"),
        help_text=_("They read this as you write it"),
    )
    changes_fields = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=_("Where (optional)"), choices=[]
    )
    decline_reason = forms.ChoiceField(
        required=False,
        choices=[*DECLINE_REASONS.items()],
        widget=forms.RadioSelect,
        label=_("Why is it declined?"),
    )
    decline_note = Words(
        max_length=LONGEST_TEXT,
        rows=4,
        label=_("Explain it to the owner"),
        help_text=_("They may appeal once, to the national team"),
    )

    def __init__(self, data: Any = None, *, decision: str = "", kind: str, commented: Collection[str] = ()) -> None:
        self.commented = commented
        super().__init__(data, decision=decision, kind=kind)
        self.fields["changes_fields"].choices = [(name, label_of(name, kind)) for name in ORDER]  # type: ignore[attr-defined]

    def clean(self) -> None:
        if self.decision == "ask_for_changes" and not self.commented:
            self.need("changes_note", gettext("Enter what the owner should change"))
        if self.decision == "decline":
            self.need("decline_reason", gettext("Select why it is declined"))
            self.need("decline_note", gettext("Enter an explanation for the owner"))

    @property
    def words(self) -> dict[str, Any]:
        sent = self.cleaned_data
        return {
            "ask_for_changes": {
                "note": sent["changes_note"] or SEE_COMMENTS,
                "fields": [name for name in ORDER if name in self.commented or name in sent["changes_fields"]],
            },
            "decline": {"note": sent["decline_note"], "reason": sent["decline_reason"]},
        }.get(self.decision, {})


class VersionForm(SaidWith):
    """What is said with a new version of something published."""

    looks = {
        "change": Look(hints={"minor": _("Spelling, a clearer word: nobody is mailed"), "substantive": CORRECTION})
    }

    change = forms.ChoiceField(
        required=False,
        choices=[(Change.MINOR, _("Minor")), (Change.SUBSTANTIVE, _("Substantive"))],
        widget=forms.RadioSelect,
        label=_("How much does it change?"),
    )
    note = Words(max_length=LONGEST_TEXT, rows=3, label=_("What changed"), help_text=_("All readers see this"))

    def clean(self) -> None:
        if self.decision == "publish_again":
            self.need("change", gettext("Select how much it changes"))
            self.need("note", gettext("Enter what changed"))

    @property
    def words(self) -> dict[str, Any]:
        sent = self.cleaned_data
        return {"note": sent["note"], "change": sent["change"]} if self.decision == "publish_again" else {}


class RemovalForm(SaidWith):
    """Which words to take out, for those who cannot select them in the text and press."""

    looks = {"remove_words": Look(width="full")}

    remove_field = forms.ChoiceField(required=False, label=_("In which field"), choices=[])
    remove_words = Words(
        max_length=LONGEST_TEXT, label=_("Words to take out"), help_text=_("As they stand in the text to be published")
    )
    remove_type = forms.ChoiceField(
        required=False, label=_("Why"), choices=[(code, gettext_lazy(words)) for code, words in REMOVAL_TYPES.items()]
    )

    def __init__(self, data: Any = None, *, decision: str = "", kind: str) -> None:
        super().__init__(data, decision=decision, kind=kind)
        fields = [(name, label_of(name, kind)) for name in (*TEXT_FIELDS, "recommendations", "event_name", "handling")]
        self.fields["remove_field"].choices = fields  # type: ignore[attr-defined]

    def clean(self) -> None:
        if self.decision == "remove":
            self.need("remove_words", gettext("Enter the words to take out"))
            self.need("remove_field", gettext("Select the field they are in"))
            self.need("remove_type", gettext("Select why they are taken out"))


class SuspendForm(forms.Form):
    note = Words(
        required=True,
        max_length=LONGEST_TEXT,
        rows=4,
        label=_("Why must it not be used?"),
        help_text=_("Everyone who was sent it is told to stop using it, and reads this"),
        error_messages={"required": _("Enter why it must not be used")},
    )
