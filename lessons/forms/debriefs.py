"""The forms with which a debrief is opened: its event, and itself."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, ResilienceArea, User
from accounts.roles import Scope, permissions_of
from govuk.fields import DateField, PartialDate, PartialDateField
from govuk.look import Look
from lessons.forms.fields import GroupedChoices, Words
from lessons.look_alikes import events_seen_by, look_alikes, name_of
from lessons.models import DebriefKind, Event, EventKind
from lessons.models.debriefs import RUNS

#: Events offered in the list; older ones are found as look-alikes.
EVENTS_OFFERED = 200
STAYS_OPEN = timedelta(days=14)
ANOTHER = "another"
#: Whoever serves more areas is not among the organisations of each, where a hundred would hide the few that are local.
MOST_AREAS_OF_LOCAL = 10


def organisations_run_for(user: User) -> QuerySet[Organisation]:
    """Return the organisations for which `user` may run debriefs."""
    ours = [m.organisation_id for m in user.active_memberships if RUNS in permissions_of(m.role, Scope.ORGANISATION)]
    return Organisation.objects.current().filter(pk__in=ours).order_by("name", "pk")


class DebriefEventForm(forms.Form):
    """Which event the debrief is about: one that is recorded, or a new one after a look at what is like it."""

    looks: ClassVar = {
        "event": Look(label_size="m", called=_("an event")),
        "name": Look(called=_("the name of the event")),
        "kind": Look(called=_("what kind of event it was")),
        "date": Look(called=_("the date of the event")),
        "area": Look(called=_("a resilience area")),
        "organisation": Look(called=_("the organisation that records it")),
        "same": Look(label_size="m", called=_("the event, or that it is another one")),
    }
    #: Its choices are known only when the rest was read.
    same = forms.CharField(required=False, widget=forms.RadioSelect, label=_("Is it one of these?"))
    offered = forms.BooleanField(required=False, widget=forms.HiddenInput)
    event: Any = forms.ModelChoiceField(
        queryset=None, required=False, label=_("An event that is recorded already"), empty_label=_("None of these")
    )
    organisation: Any = forms.ModelChoiceField(
        queryset=None, label=_("Which organisation records it?"), empty_label=None
    )
    name = Words(max_length=150, label=_("Name of the event"), help_text=_("A code name is fine."))
    kind = forms.ChoiceField(
        required=False, choices=EventKind.choices, widget=forms.RadioSelect, label=_("What kind of event was it?")
    )
    date = PartialDateField(required=False, label=_("When was it?"), help_text=_("For example: 14 1 2026"))
    area: Any = forms.ModelChoiceField(
        queryset=ResilienceArea.objects.current().order_by("name"),
        to_field_name="code",
        required=False,
        label=_("Which resilience area was it in?"),
        empty_label=_("Select an area"),
        widget=forms.Select(attrs={"data-autocomplete": ""}),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user, self.alike = user, list[Event]()
        organisations = organisations_run_for(user)
        seen = events_seen_by(user)
        offered = Event.objects.filter(pk__in=[event.pk for event in seen[:EVENTS_OFFERED]])
        self.fields["event"].queryset = offered.order_by("-started_on", "-pk")  # type: ignore[attr-defined]
        self.fields["event"].label_from_instance = name_of  # type: ignore[attr-defined]
        self.fields["event"].widget.attrs["data-autocomplete"] = ""
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        self.only_one = organisations.first() if organisations.count() == 1 else None
        if self.only_one:
            del self.fields["organisation"]
        areas = list(ResilienceArea.objects.filter(organisations__in=organisations).distinct()[:2])
        self.fields["area"].initial = areas[0].code if len(areas) == 1 else None
        if not offered.exists():
            del self.fields["event"]

    def new_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "date", "kind", "area", "organisation") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("event"):
            return values
        for name, words in (
            ("name", gettext("Enter the name of the event")),
            ("kind", gettext("Select what kind of event it was")),
            ("date", gettext("Enter the date of the event")),
            ("area", gettext("Select a resilience area")),
        ):
            if not values.get(name) and not self.has_error(name):
                self.add_error(name, words)
        day: PartialDate | None = values.get("date")
        if day and day.date > timezone.localdate():
            self.add_error("date", gettext("The date of the event must be today or in the past"))
        if not self.errors:
            self._look_for_the_same(values)
        return values

    def _look_for_the_same(self, values: dict[str, Any]) -> None:
        """Fill `alike`, unless one of them was chosen, or that it is none of them."""
        chosen = values.get("same")
        if chosen == ANOTHER:
            return
        found = look_alikes(user=self.user, name=values["name"], started_on=values["date"].date, areas=[values["area"]])
        values["event"] = next((event for event in found if str(event.pk) == chosen), None)
        if values["event"] or not found:
            return
        self.alike = found
        self.fields["same"].widget.choices = [
            *((str(event.pk), name_of(event)) for event in found),
            (ANOTHER, gettext("None of these: it is another event")),
        ]
        if values["offered"]:
            self.add_error("same", gettext("Select the event, or that it is another one"))

    @property
    def recorded_by(self) -> Organisation:
        return self.only_one or self.cleaned_data["organisation"]


class DebriefForm(forms.Form):
    looks: ClassVar = {
        "organisation": Look(label_size="m", called=_("the organisation that runs it")),
        "kind": Look(label_size="m", called=_("what kind of debrief it is")),
        "held_on": Look(label_size="m", called=_("the date of the debrief")),
        "closes_on": Look(label_size="m", called=_("the last day for points")),
        "organisations": Look(small=True),
    }
    organisation: Any = forms.ModelChoiceField(queryset=None, label=_("Which organisation runs it?"), empty_label=None)
    kind = forms.ChoiceField(
        choices=DebriefKind.choices, widget=forms.RadioSelect, label=_("What kind of debrief is it?")
    )
    held_on = DateField(label=_("When is it held?"), help_text=_("For example: 21 1 2026"))
    closes_on = DateField(
        label=_("Until when can people add points?"), help_text=_("The end of this day. You can close it earlier.")
    )
    organisations = GroupedChoices(
        label=_("Which other organisations take part? (optional)"),
        help_text=_("Their members can read the debrief. To add points nobody needs more than the code."),
    )

    def __init__(self, data: Any = None, *, user: User, event: Event) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"held_on": today, "closes_on": today + STAYS_OPEN})
        self.event = event
        ours = organisations_run_for(user)
        self.fields["organisation"].queryset = ours  # type: ignore[attr-defined]
        self.only_one = ours.first() if ours.count() == 1 else None
        if self.only_one:
            del self.fields["organisation"]
        self._offer_partners(ours)

    def _offer_partners(self, ours: QuerySet[Organisation]) -> None:
        areas = self.event.areas.order_by("name")
        others = Organisation.objects.current().exclude(pk__in=ours.values("pk"))
        wide = Organisation.objects.alias(number=Count("areas")).filter(number__gt=MOST_AREAS_OF_LOCAL)
        offered = [(area.name, others.filter(areas=area).exclude(pk__in=wide.values("pk"))) for area in areas]
        national = others.filter(pk__in=wide.values("pk"), areas__in=areas).distinct()
        groups = [
            (heading, list(there.order_by("name").values_list("code", "name")))
            for heading, there in [*offered, (gettext("National"), national)]
        ]
        groups = [(heading, names) for heading, names in groups if names]
        self.fields["organisations"].choices = groups  # type: ignore[attr-defined]
        if not groups:
            del self.fields["organisations"]

    def clean_closes_on(self) -> Any:
        day = self.cleaned_data["closes_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(gettext("The last day for points must be today or in the future"))
        return day

    def values(self) -> dict[str, Any]:
        """Return what `open_debrief` is to store."""
        cleaned = self.cleaned_data
        return {
            "event": self.event,
            "organisation": self.only_one or cleaned["organisation"],
            "kind": cleaned["kind"],
            "held_on": cleaned["held_on"],
            "closes_at": end_of(cleaned["closes_on"]),
            "organisations": list(Organisation.objects.filter(code__in=cleaned.get("organisations", []))),
        }


def end_of(day: Any) -> datetime:
    """Return the last moment of `day` in London: pages say "23:59", which nobody takes for the day after."""
    return timezone.make_aware(datetime.combine(day, time.max))
