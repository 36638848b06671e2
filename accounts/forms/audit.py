"""What auditors look for."""

from typing import ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from accounts.trail.search import of_item, of_person
from govuk.fields import DateField
from govuk.look import Look


class AuditFilters(forms.Form):
    """The filters of the audit trail; a wrong value filters nothing and is said."""

    looks: ClassVar = {name: Look(width="full") for name in ("person", "action", "item", "request")}

    person = forms.CharField(
        required=False, max_length=254, label=_("Person"), help_text=_("Email address, or number of the account")
    )
    action = forms.CharField(
        required=False, max_length=60, label=_("Action"), help_text=_("Its beginning, such as “lesson.publish”")
    )
    item = forms.CharField(
        required=False, max_length=100, label=_("Item"), help_text=_("Reference, or kind and number")
    )
    request = forms.CharField(required=False, max_length=64, label=_("Request number"))
    since = DateField(required=False, label=_("From the day"))
    until = DateField(required=False, label=_("To the day"))

    def apply(self, events: "QuerySet[AuditEvent]") -> "QuerySet[AuditEvent]":
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "person" in given:
            events = events.filter(of_person(given["person"]))
        if "action" in given:
            events = events.filter(action__startswith=given["action"])
        if "item" in given:
            events = events.filter(of_item(given["item"]))
        if "request" in given:
            events = events.filter(request_id=given["request"])
        if "since" in given:
            events = events.filter(at__date__gte=given["since"])
        if "until" in given:
            events = events.filter(at__date__lte=given["until"])
        return events

    @property
    def in_words(self) -> str:
        """What filters now, for the record of a download: the person's address is not kept in it."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "person" in given:
            given["person"] = "given"
        return " ".join(f"{name}={value}" for name, value in given.items())


class DownloadForm(forms.Form):
    form = forms.ChoiceField(choices=[("csv", "CSV"), ("ndjson", "NDJSON")])
