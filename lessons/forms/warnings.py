"""The owner's answers to the warnings about their text."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.actions.warnings import LONGEST_REASON
from lessons.forms.fields import Words
from lessons.models import Answer, WarningKind
from lessons.warnings.answers import Warned

ANSWERS = {
    Answer.FALSE_ALARM: _("It is something else: a false alarm"),
    Answer.NEEDED: _("It is, and others need it to understand the lesson"),
}


class Asked(NamedTuple):
    warned: Warned
    answer: forms.BoundField


class WarningsForm(forms.Form):
    """For each warning an answer, or none yet."""

    def __init__(self, data: Any = None, *, warnings: list[Warned]) -> None:
        super().__init__(data)
        self.warnings = warnings
        self.looks: dict[str, Look] = {}
        for warned in warnings:
            self._ask(warned)

    def _ask(self, warned: Warned) -> None:
        answer, because = f"answer-{warned.code}", f"because-{warned.code}"
        is_marking = warned.spotted.found.kind == WarningKind.MARKING
        choices = [(code, words) for code, words in ANSWERS.items() if not (is_marking and code == Answer.NEEDED)]
        reveals = {} if is_marking else {str(Answer.NEEDED): because}
        self.looks[answer] = Look(label_size="s", called=gettext("what it is"), small=True, reveals=reveals)
        self.looks[because] = Look(called=gettext("why it is needed"))
        given = warned.answer
        self.fields[answer] = forms.ChoiceField(
            required=False,
            choices=choices,
            widget=forms.RadioSelect,
            initial=given.answer if given else "",
            label=gettext("What is it?"),
            help_text=gettext("Such a marking may not be stored here: take the words out, or all of it.")
            if is_marking
            else "",
        )
        if not is_marking:
            self.fields[because] = Words(
                max_length=LONGEST_REASON,
                initial=given.because if given else "",
                label=gettext("Why is it needed?"),
                help_text=gettext("For example: it is the public telephone line of the service"),
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for warned in self.warnings:
            because = f"because-{warned.code}"
            if values.get(f"answer-{warned.code}") == Answer.NEEDED and not values.get(because):
                self.add_error(because, gettext("Enter why it is needed"))
        return values

    def asked(self) -> Iterator[Asked]:
        return (Asked(warned, self[f"answer-{warned.code}"]) for warned in self.warnings)

    def answers(self) -> Iterator[tuple[str, str, str]]:
        """Return code, answer and reason of each that was answered."""
        for warned in self.warnings:
            if answer := self.cleaned_data.get(f"answer-{warned.code}"):
                yield warned.code, answer, self.cleaned_data.get(f"because-{warned.code}", "")
