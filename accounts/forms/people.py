"""What an administrator says about a person, and what a person says who asks to be let in."""

from datetime import date
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.domains import is_work_address, refusal
from accounts.models import Organisation, ResilienceArea, User
from accounts.places import Place
from accounts.roles import CLEARED_BY_ROLE, Role
from govuk.fields import DateField
from govuk.look import Look, Words

LOOK_UP = {"data-autocomplete": ""}
ROLE_HINTS: dict[str, Words] = {
    Role.READER: _("Reads published lessons and subscribes to them"),
    Role.CONTRIBUTOR: _("Reads, and writes lessons and debriefs"),
    Role.JOL_SPOC: _("Sees, signs off and answers for all that your organisation records"),
    Role.JOL_LEAD: _("As the SPoC"),
    Role.TRAINING_LEAD: _("Reads; named on the register"),
    Role.STRATEGIC_LEAD: _("Sees and suspends, and answers for what your organisation did about it"),
    Role.ORGANISATION_ADMIN: _("Looks after the people of your organisation"),
    Role.LRF_MODERATOR: _("Edits and publishes what the area submits"),
    Role.SECRETARIAT: _("Moderates for the whole country"),
    Role.BOARD_MEMBER: _("Reads every published lesson"),
    Role.ANALYST: _("Studies what is published, with API and downloads"),
    Role.AUDITOR: _("Reads what was submitted, and the audit trail"),
    Role.SYSTEM_ADMIN: _("Looks after administrators; reads no lesson"),
}


def organisations() -> list[tuple[str, Words]]:
    found = Organisation.objects.current().order_by("name").values_list("code", "name")
    return [("", _("Select an organisation")), *found]


YOUR_OWN = _("Your own work address, not a shared mailbox")


class AddressField(forms.EmailField):
    """Somebody's own mail address."""

    def __init__(self, help_text: Words = YOUR_OWN) -> None:
        words = {"required": _("Enter an email address"), "invalid": _("Enter an email address, like name@example.org")}
        super().__init__(label=_("Email address"), max_length=254, help_text=help_text, error_messages=words)


class OrganisationField(forms.ChoiceField):
    """An organisation that has not ended, by its code; cleans to the row."""

    def __init__(self, **more: Any) -> None:
        words = {"required": _("Select an organisation"), "invalid_choice": _("Select an organisation of the list")}
        widget = forms.Select(attrs=LOOK_UP)
        super().__init__(
            choices=organisations, widget=widget, error_messages=words | more.pop("error_messages", {}), **more
        )

    def clean(self, value: Any) -> Organisation | None:
        code = super().clean(value)
        return Organisation.objects.get(code=code) if code else None


class RoleForm(forms.Form):
    """A role and how long it lasts."""

    looks = {"role": Look(hints=ROLE_HINTS), "ends_on": Look(called=_("the last day"))}

    role = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=_("Role"),
        error_messages={"required": _("Select a role"), "invalid_choice": _("Select a role")},
    )
    ends_on = DateField(
        required=False, label=_("Last day (optional)"), help_text=_("For cover or a secondment, for example 27 3 2027")
    )

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in place.roles]  # type: ignore[attr-defined]
        if len(place.roles) == 1:
            self.fields["role"].initial = place.roles[0].value

    def clean_ends_on(self) -> date | None:
        last: date | None = self.cleaned_data.get("ends_on")
        if last and last < timezone.localdate():
            raise forms.ValidationError(gettext("The last day must be today or later"))
        return last


class InviteForm(RoleForm):
    field_order = ("email", "name", "organisation", "role", "cleared", "ends_on")
    looks = RoleForm.looks | {"email": Look(width="two-thirds"), "name": Look(width="two-thirds")}

    email = AddressField(_("The person's own work address, not a shared mailbox"))
    name = forms.CharField(max_length=150, label=_("Name"), error_messages={"required": _("Enter a name")})
    organisation = OrganisationField(label=_("Organisation for which they work"))
    cleared = forms.BooleanField(
        required=False,
        label=_("Entitled to OFFICIAL-SENSITIVE"),
        help_text=_("Only if you know that they need it. Leads and moderators may read it in any case"),
    )

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, place=place, **kwargs)
        if place.organisation:
            del self.fields["organisation"]
        if Role.READER not in place.roles:
            del self.fields["cleared"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("role") in CLEARED_BY_ROLE:
            values["cleared"] = False
        return values


class PlaceForm(forms.Form):
    """Going to the people of a place somewhere in the country, for those whose roles reach all of them."""

    area = forms.ChoiceField(required=False, label=_("People of an area"), widget=forms.Select(attrs=LOOK_UP))
    organisation = OrganisationField(required=False, label=_("People of an organisation"))
    work_addresses = OrganisationField(required=False, label=_("Work addresses of an organisation"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = ResilienceArea.objects.current().order_by("name").values_list("code", "name")
        self.fields["area"].choices = [("", _("Select an area")), *areas]  # type: ignore[attr-defined]
        if not by.has_role(Role.SECRETARIAT):
            del self.fields["area"], self.fields["work_addresses"]
        if not by.has_role(Role.SYSTEM_ADMIN):
            del self.fields["organisation"]

    def url(self) -> str:
        """Return the address of the page that was chosen, or ""."""
        if area := self.cleaned_data.get("area"):
            return reverse("people_of", args=["area", area])
        if organisation := self.cleaned_data.get("organisation"):
            return reverse("people_of", args=["organisation", organisation.code])
        organisation = self.cleaned_data.get("work_addresses")
        return reverse("mail_domains", args=[organisation.code]) if organisation else ""


class AccessForm(forms.Form):
    """Asking to be let in."""

    looks = {"name": Look(width="two-thirds"), "email": Look(width="two-thirds")}

    name = forms.CharField(max_length=150, label=_("Your name"), error_messages={"required": _("Enter your name")})
    email = AddressField()
    organisation = OrganisationField(label=_("Organisation for which you work"))
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        label=_("What you want to use the lessons for"),
        help_text=_("The administrator of your organisation reads this"),
        error_messages={"required": _("Enter what you want to use the lessons for")},
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        organisation, address = values.get("organisation"), values.get("email")
        if organisation and address and not is_work_address(address, organisation):
            self.add_error("email", refusal(organisation))
        return values


class SponsorForm(forms.Form):
    looks = {"name": Look(width="two-thirds"), "most_people": Look(width=3), "ends_on": Look(called=_("the last day"))}

    name = forms.CharField(
        max_length=200,
        label=_("Organisation to admit"),
        error_messages={"required": _("Enter the name of the organisation")},
    )
    sponsor = forms.ChoiceField(
        label=_("Organisation that sponsors it"), error_messages={"required": _("Select an organisation")}
    )
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("Why"),
        help_text=_("What it does in your area, and why it should read and learn with you"),
        error_messages={"required": _("Enter why")},
    )
    most_people = forms.IntegerField(
        min_value=1,
        max_value=200,
        initial=10,
        label=_("How many people at most"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    may_write = forms.BooleanField(required=False, label=_("It may submit lessons, too"))
    ends_on = DateField(
        label=_("Last day"),
        help_text=_("Within 12 months from today, for example 27 3 2027"),
        error_messages={"required": _("Enter the last day")},
    )

    def __init__(self, *args: Any, sponsors: "list[Organisation]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sponsors = {one.code: one for one in sponsors}
        choices = [(one.code, one.name) for one in sponsors]
        if len(choices) > 1:  # nobody sponsors by oversight
            choices = [("", ""), *choices]
            self.fields["sponsor"].widget.attrs |= LOOK_UP
        self.fields["sponsor"].choices = choices  # type: ignore[attr-defined]

    def clean_sponsor(self) -> Organisation:
        return self.sponsors[self.cleaned_data["sponsor"]]
