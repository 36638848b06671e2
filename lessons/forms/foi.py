"""What the Secretariat records about a request for information."""

from typing import ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.people import OrganisationField
from govuk.fields import DateField
from govuk.look import Look
from lessons.models import Lesson
from lessons.models.foi import Answer, Outcome, Requester


class OpenForm(forms.Form):
    looks: ClassVar = {"lesson": Look(width=20), "reference": Look(width=20)}

    lesson = forms.CharField(
        max_length=30,
        label=_("Reference of the lesson"),
        error_messages={"required": _("Enter the reference of the lesson")},
    )
    reference = forms.CharField(
        max_length=60,
        label=_("Reference of the request"),
        help_text=_("Under which the authority that was asked keeps it"),
        error_messages={"required": _("Enter the reference of the request")},
    )
    requester = forms.ChoiceField(
        choices=Requester.choices,
        widget=forms.RadioSelect,
        label=_("Who asks?"),
        help_text=_("The kind only: who it is is not recorded here"),
        error_messages={"required": _("Select who asks")},
    )
    received_on = DateField(
        label=_("When was it received?"), error_messages={"required": _("Enter the day it was received")}
    )

    def clean_lesson(self) -> Lesson:
        found = Lesson.objects.filter(reference=self.cleaned_data["lesson"].strip().upper()).first()
        if found is None:
            raise forms.ValidationError(gettext("No lesson has this reference"))
        return found

    def clean_received_on(self) -> object:
        day = self.cleaned_data["received_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(gettext("The date must be today or in the past"))
        return day


class ConsultForm(forms.Form):
    organisation = OrganisationField(label=_("Organisation that is asked"))


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(choices=Answer.choices, label=_("Answer"))
    note = forms.CharField(required=False, max_length=500, label=_("Grounds (optional)"))


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        label=_("What came of it?"),
        error_messages={"required": _("Select what came of it")},
    )
    note = forms.CharField(required=False, max_length=500, label=_("Exemption or exception (optional)"))
