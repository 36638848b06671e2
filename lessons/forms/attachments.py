"""The form with which a file is attached."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from govuk.look import Look
from lessons.attachments.kinds import KINDS


class AttachmentForm(forms.Form):
    looks: ClassVar = {"file": Look(label_size="m", called=_("a file"))}
    file = forms.FileField(
        allow_empty_file=True,  # refused in words of our own
        label=_("Attach a file"),
        help_text=_("PDF, DOCX, XLSX, PPTX, PNG, JPEG, CSV or TXT, up to 20 megabytes, without a password and macros."),
        widget=forms.FileInput(
            attrs={"accept": ",".join(f".{suffix}" for kind in KINDS.values() for suffix in kind.suffixes)}
        ),
    )
