"""The form of an organisation's mailbox."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from govuk.look import Look


class MailboxForm(forms.Form):
    """Its address and, for administrators, its clearance."""

    looks: ClassVar = {
        "address": Look(label_size="m", called=_("the address of the mailbox"), width="two-thirds"),
        "language": Look(inline=True),
    }

    address = forms.EmailField(
        label=_("Address of the mailbox"),
        help_text=_("One that a team reads, never a person’s. Empty: no mailbox."),
        required=False,
        max_length=254,
    )
    language = forms.ChoiceField(
        label=_("Language of its emails"), choices=settings.LANGUAGES, widget=forms.RadioSelect, required=False
    )
    is_cleared = forms.BooleanField(
        label=_("May be told of OFFICIAL-SENSITIVE lessons"),
        help_text=_(
            "An email holds the reference and a link. Who follows it has to sign in and be entitled to read it."
        ),
        required=False,
    )

    def __init__(self, *args: Any, organisation: Organisation, may_clear: bool, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "address": organisation.mailbox,
            "language": organisation.language,
            "is_cleared": organisation.mailbox_cleared,
        }
        super().__init__(*args, **kwargs)
        if not may_clear or not organisation.mailbox_confirmed_at:
            del self.fields["is_cleared"]

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        if not address.partition("@")[0].isascii():
            raise forms.ValidationError(gettext("Enter an address whose part before the @ has plain letters only"))
        return address
