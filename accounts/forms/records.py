"""Periods, holds, and whose records are asked for."""

from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.records import Unit
from accounts.records import holds
from govuk.fields import DateField
from govuk.look import Look


class PeriodForm(forms.Form):
    looks: ClassVar = {"number": Look(width=4), "unit": Look(inline=True)}

    number = forms.IntegerField(
        min_value=1, max_value=1000, label=_("Number"), error_messages={"required": _("Enter a number from 1 to 1,000")}
    )
    unit = forms.ChoiceField(choices=Unit.choices, widget=forms.RadioSelect, label=_("Unit"))


class HoldForm(forms.Form):
    looks: ClassVar = {"subject": Look(width="two-thirds")}

    subject = forms.CharField(
        max_length=254,
        label=_("What is held"),
        help_text=_("The reference of a lesson, “draft” or “event” and its number, or the email address of a person"),
        error_messages={"required": _("Enter what is held")},
    )
    reason = forms.CharField(
        max_length=200,
        label=_("Why"),
        help_text=_("An inquiry and its number, for example; no names"),
        error_messages={"required": _("Enter why it is held")},
    )
    until = DateField(
        required=False, label=_("Until (optional)"), help_text=_("Without a day it is held until it is lifted")
    )

    def clean_subject(self) -> models.Model:
        found = holds.find(self.cleaned_data["subject"])
        if found is None:
            raise forms.ValidationError(gettext("There is nothing of this name. Check the reference or the address"))
        return found


class PersonForm(forms.Form):
    """Whose records they are."""

    looks: ClassVar = {"person": Look(width="two-thirds")}

    person = forms.CharField(
        max_length=254,
        label=_("Email address of the person"),
        error_messages={"required": _("Enter an email address")},
    )

    def clean_person(self) -> User:
        found = User.objects.filter(email__iexact=self.cleaned_data["person"].strip()).first()
        if found is None:
            raise forms.ValidationError(gettext("No account has this address"))
        return found


class EraseForm(PersonForm):
    sure = forms.BooleanField(
        label=_("The person’s account is to be erased, for good"),
        error_messages={"required": _("Tick that the account is to be erased")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].widget = forms.HiddenInput()
