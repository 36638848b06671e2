"""The form with which a draft begins."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from govuk.look import Look
from lessons.forms import choices
from lessons.forms.fields import Words
from lessons.forms.questions import QUESTIONS
from lessons.look_alikes import is_for_the_area, name_of
from lessons.models import Event, Kind


class StartForm(forms.Form):
    """What a draft needs: whose it is, its kind, its event and a title."""

    looks: ClassVar = {
        "kind": Look(
            label_size="m",
            called=_("what you want to share"),
            hints={
                Kind.LESSON_IDENTIFIED: _("Something went wrong, was missing, or should be done differently"),
                Kind.NOTABLE_PRACTICE: _("Something went well, and others could do it too"),
            },
        ),
        "organisation": Look(label_size="m", called=_("the organisation you write for")),
        "event": Look(label_size="m", called=_("an event")),
        "title": Look(label_size="m"),
    }
    kind = forms.ChoiceField(choices=Kind.choices, widget=forms.RadioSelect, label=_("What do you want to share?"))
    organisation: Any = forms.ModelChoiceField(
        queryset=None,
        to_field_name="code",
        label=_("Which organisation do you write for?"),
        empty_label=_("Select one"),
    )
    event: Any = forms.ModelChoiceField(
        queryset=None,
        required=False,
        label=_("Which event does it come from?"),
        help_text=_(
            "If it is recorded already, by you or by another organisation of your area, choose it: "
            "one event serves all agencies. If not, leave this out: you describe it on the next page."
        ),
        empty_label=_("A new event"),
    )
    title = Words(max_length=120, required=True, label=_("Title"), help_text=_(QUESTIONS["title"].hint))

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        organisations = choices.organisations_written_for(user)
        own = [m.organisation_id for m in user.active_memberships]
        self.events = choices.events_for(user, organisations.filter(pk__in=own))
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        self.fields["event"].queryset = self.events  # type: ignore[attr-defined]
        self.fields["event"].label_from_instance = name_of  # type: ignore[attr-defined]
        self.fields["event"].widget.attrs["data-autocomplete"] = ""
        some = list(organisations[:2])
        self.only_one = some[0] if len(some) == 1 else None
        if self.only_one:
            del self.fields["organisation"]
        else:
            self.fields["organisation"].widget.attrs["data-autocomplete"] = ""
            self.fields["organisation"].initial = next((o.code for o in organisations.filter(pk__in=own[:1])), None)
        if not self.events.exists():
            del self.fields["event"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.only_one:
            values["organisation"] = self.only_one
        event, organisation = values.setdefault("event", None), values.get("organisation")
        if event and organisation and event.organisation_id != organisation.pk and not is_for_the_area(event):
            self.add_error(
                "event",
                gettext("%(organisation)s recorded this event. Choose that organisation, or a new event.")
                % {"organisation": event.organisation},
            )
        return values


class SameEventForm(forms.Form):
    """Whether the event of a draft is one of those that are recorded already."""

    looks: ClassVar = {"same": Look(label_size="m", called=_("the event, or that it is another one"))}
    ANOTHER = "another"

    same = forms.ChoiceField(widget=forms.RadioSelect, label=_("Is it one of these?"))

    def __init__(self, data: Any = None, *, alike: list[Event]) -> None:
        super().__init__(data)
        self.fields["same"].choices = [  # type: ignore[attr-defined]
            *((str(event.pk), name_of(event)) for event in alike),
            (self.ANOTHER, gettext("None of these: it is another event")),
        ]
