"""The mail domains of an organisation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domains import MOST


class DomainsForm(forms.Form):
    domains = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
        label=_("Domains, one on each line"),
        help_text=_("What stands after the @, like example.gov.uk. Leave it empty to take any address"),
    )

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).replace(",", " ").split()[: MOST + 1]  # one too many is told
