"""The forms of the pages about all mail."""

from typing import ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from govuk.look import Look
from notifications.models import Delivery, DeliveryKind, DeliveryQuerySet, State


class MailFilters(forms.Form):
    """The filters of the list of mails; a wrong value filters nothing."""

    looks: ClassVar = {name: Look(width="full") for name in ("state", "kind", "reason", "address")}

    state = forms.ChoiceField(required=False, label=_("State"), choices=[("", _("Any")), *State.choices])
    kind = forms.ChoiceField(required=False, label=_("Mail"), choices=[("", _("Any")), *DeliveryKind.choices])
    reason = forms.CharField(
        required=False, max_length=200, label=_("Reason"), help_text=_("As the overview counts them, such as 550 5.1.1")
    )
    address = forms.CharField(
        required=False, max_length=254, label=_("To"), help_text=_("The address of a person or mailbox, in full")
    )

    @property
    def chosen(self) -> dict[str, str]:
        """What filters now: name -> value."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def apply(self, mails: DeliveryQuerySet) -> DeliveryQuerySet:
        chosen = self.chosen
        if "state" in chosen:
            mails = mails.filter(state=chosen["state"])
        if "kind" in chosen:
            mails = mails.filter(kind=chosen["kind"])
        if "reason" in chosen:
            mails = mails.filter(reason=chosen["reason"])
        if "address" in chosen:
            mails = mails.filter(_to(chosen["address"].strip()))
        return mails


def _to(address: str) -> Q:
    """Return the condition on mails to `address`: by whose they are, since addresses have no index of their own."""
    people = User.objects.filter(email__iexact=address).values_list("pk", flat=True)
    mailboxes = Organisation.objects.filter(mailbox__iexact=address).values_list("pk", flat=True)
    return Q(address=address.lower()) & (Q(person__in=list(people)) | Q(organisation__in=list(mailboxes)))


class ReplayForm(forms.Form):
    """Which mails to send again: some, or all in a state for a reason."""

    state = forms.ChoiceField(required=False, choices=[("", _("Any")), *State.choices])
    reason = forms.CharField(required=False, max_length=500)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    accepts_repeats = forms.BooleanField(
        required=False, label=_("I accept that some people may get the same mail a second time")
    )

    def chosen(self, keys: list[str]) -> DeliveryQuerySet:
        """Return the mails: those ticked, else all of the state and reason; none if nothing was chosen."""
        ticked = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 19]
        mails = Delivery.objects.all()
        if ticked:
            return mails.filter(pk__in=ticked)
        if not self.is_valid() or not self.cleaned_data["state"]:
            return mails.none()
        mails = mails.filter(state=self.cleaned_data["state"])
        reason = self.cleaned_data["reason"]
        return mails.filter(reason=reason) if reason else mails


class ReleaseForm(forms.Form):
    """Whether mail may go that may have gone already."""

    accepts_repeats = forms.BooleanField(
        required=False, label=_("I accept that some people may get the same emails a second time")
    )
