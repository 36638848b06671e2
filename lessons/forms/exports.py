"""What a person says about a download."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.models import ExportForm


class DownloadForm(forms.Form):
    """:param sensitive: lessons marked OFFICIAL-SENSITIVE among those found; none: nothing is asked about them."""

    looks = {
        "form": Look(
            hints={
                ExportForm.CSV: _("A table for any spreadsheet or statistics program"),
                ExportForm.XLSX: _("A table for Excel"),
                ExportForm.NDJSON: _("For programs: every field as the API has it"),
            }
        )
    }

    form = forms.ChoiceField(
        choices=ExportForm.choices,
        widget=forms.RadioSelect,
        label=_("Kind of file"),
        error_messages={"required": _("Select the kind of file")},
    )
    sensitive = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, initial: Any = None, sensitive: int = 0) -> None:
        super().__init__(data, initial=initial)
        if sensitive:
            self.fields["sensitive"].label = gettext("Include those marked OFFICIAL-SENSITIVE (%(sensitive)s)") % {
                "sensitive": sensitive
            }
            self.fields["sensitive"].help_text = gettext("You are asked for your password before the file is made")
        else:
            del self.fields["sensitive"]
