"""What is sent from the preview: which text was seen, and that it was checked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lessons.models import Lesson

LARGEST = 2**31 - 1


class PreviewForm(forms.Form):
    row_version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)
    all_checked = forms.BooleanField(required=False, label=_("I have checked each of these"))

    def __init__(self, data: Any = None, *, lesson: Lesson) -> None:
        super().__init__(data, initial={"row_version": lesson.row_version})
