"""A new mail address."""

from django import forms

from accounts.forms.people import ADDRESS
from govuk.look import Look


class AddressForm(forms.Form):
    looks = {"email": Look(width="two-thirds")}

    email = forms.EmailField(help_text="Your own work address, not a shared mailbox", **ADDRESS)
