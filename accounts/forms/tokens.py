"""What a person says about a new token."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import TokenScope
from accounts.tokens import NAME_LIMIT
from govuk.look import Look

LASTS = {30: _("30 days"), 90: _("90 days"), 180: _("180 days"), 365: _("A year")}


class TokenForm(forms.Form):
    looks = {
        "lasts": Look(inline=True, small=True),
        "scopes": Look(
            hints={
                TokenScope.READ_PUBLISHED: _("What you find under “Find lessons”, marked OFFICIAL"),
                TokenScope.READ_SENSITIVE: _("Only with the one above; you are asked for your password"),
                TokenScope.READ_STATISTICS: _("The figures of the statistics pages"),
                TokenScope.WRITE_DRAFTS: _("In your name; submitting them stays with you"),
            }
        ),
    }

    name = forms.CharField(
        max_length=NAME_LIMIT,
        label=_("Name"),
        help_text=_("What it is for, so that you know it again: “Monthly report”"),
        error_messages={"required": _("Enter a name")},
    )
    scopes = forms.MultipleChoiceField(
        choices=TokenScope.choices,
        widget=forms.CheckboxSelectMultiple,
        label=_("What it may do"),
        help_text=_("Never more than you may do yourself"),
        error_messages={"required": _("Select what it may do")},
    )
    lasts = forms.TypedChoiceField(
        choices=[*LASTS.items()],
        coerce=int,
        initial=90,
        widget=forms.RadioSelect,
        label=_("How long it lasts"),
        error_messages={"required": _("Select how long it lasts")},
    )

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["lasts"])
