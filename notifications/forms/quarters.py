"""The form of the digest of a quarter."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.forms.fields import Words


class QuarterForm(forms.Form):
    """The Secretariat's words.  The lessons are moved by buttons of the page."""

    looks: ClassVar = {"words": Look(label_size="m")}

    words = Words(
        label=_("Your words, above the lessons"),
        help_text=_("Plain text; an empty line begins a new paragraph. Readers of OFFICIAL get it all."),
        max_length=5000,
        rows=10,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
