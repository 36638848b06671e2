"""Which of two goes into which."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.people import LOOK_UP, OrganisationField
from accounts.models import ResilienceArea
from govuk.look import Words


def areas() -> list[tuple[str, Words]]:
    return [("", _("Select an area")), *ResilienceArea.objects.current().order_by("name").values_list("code", "name")]


class AreaField(forms.ChoiceField):
    """An area that has not ended, by its code; cleans to the row."""

    def __init__(self, **more: Any) -> None:
        words = {"required": _("Select an area"), "invalid_choice": _("Select an area of the list")}
        super().__init__(
            choices=areas,
            widget=forms.Select(attrs=LOOK_UP),
            error_messages=words | more.pop("error_messages", {}),
            **more,
        )

    def clean(self, value: Any) -> ResilienceArea:
        return ResilienceArea.objects.get(code=super().clean(value))


class MergeForm(forms.Form):
    is_sure = forms.BooleanField(
        label=_("I know that this cannot be undone"), error_messages={"required": _("Tick that you know this")}
    )
    field_order = ("source", "target", "is_sure")


class MergeOrganisationsForm(MergeForm):
    source = OrganisationField(
        label=_("Organisation that ends"),
        error_messages={"required": _("Select the organisation that ends")},
    )
    target = OrganisationField(
        label=_("Organisation into which it goes"),
        error_messages={"required": _("Select the organisation into which it goes")},
    )


class MergeAreasForm(MergeForm):
    source = AreaField(label=_("Area that ends"), error_messages={"required": _("Select the area that ends")})
    target = AreaField(
        label=_("Area into which it goes"), error_messages={"required": _("Select the area into which it goes")}
    )
