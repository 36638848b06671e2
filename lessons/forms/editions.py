"""Taking in an edition of the risk register: first its file, then what became of the entries that are gone."""

from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.editions import LONGEST_FILE, Comparison, Gone

#: Before the code of a risk that is gone, in the name of its field.
BECAME = "became-"


class RegisterForm(forms.Form):
    looks: ClassVar = {"file": Look(called=_("a file"))}

    file = forms.FileField(
        label=_("CSV file of one edition"),
        help_text=_("Columns: code, number, name, theme, theme_code, likelihood, impact, edition"),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size and file.size > LONGEST_FILE:
            raise forms.ValidationError(gettext("The file is larger than 1 MB: a register is far smaller"))
        return file


class BecameForm(forms.Form):
    """For each entry that is gone: which new entry is the same risk, if any.  Nothing is chosen beforehand."""

    content = forms.CharField(widget=forms.HiddenInput, strip=False)

    def __init__(self, data: Any = None, *, comparison: Comparison, content: str = "") -> None:
        super().__init__(data, initial={"content": content})
        for gone in comparison.gone:
            suggested = {entry.code for entry in gone.suggestions}
            others = [entry for entry in comparison.unknown if entry.code not in suggested]
            self.fields[f"{BECAME}{gone.risk.code}"] = forms.ChoiceField(
                required=False,
                label=gone.risk.name,
                help_text=_hint(gone),
                choices=[
                    ("", gettext("It has left the register")),
                    *((entry.code, f"Suggested: {entry.name}") for entry in gone.suggestions),
                    *((entry.code, entry.name) for entry in others),
                ],
            )

    @property
    def became(self) -> dict[str, str]:
        """Code of a risk that is gone -> code of the entry it is now, where somebody chose one."""
        chosen = {name.removeprefix(BECAME): code for name, code in self.cleaned_data.items() if name != "content"}
        return {old: new for old, new in chosen.items() if new}

    def clean(self) -> None:
        chosen = [(name, code) for name, code in self.cleaned_data.items() if name != "content" and code]
        codes = [code for _, code in chosen]
        for name, code in chosen:
            if codes.count(code) > 1:
                self.add_error(name, gettext("Two risks cannot become the same entry: choose it for one of them"))


def _hint(gone: Gone) -> str:
    carried = {0: "No lesson carries it.", 1: "1 lesson carries it."}.get(
        gone.lessons, f"{gone.lessons} lessons carry it."
    )
    return f"{carried} It may be “{gone.suggestions[0].name}” now." if gone.suggestions else carried
