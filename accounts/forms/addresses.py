"""A new mail address."""

from django import forms

from accounts.forms.people import AddressField
from govuk.look import Look


class AddressForm(forms.Form):
    looks = {"email": Look(width="two-thirds")}

    email = AddressField()
