"""The step about the event that the learning comes from."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, ResilienceArea, User
from govuk.fields import PartialDate, PartialDateField
from govuk.look import Look
from lessons.actions.drafts import event_may_change, save_event_step, version_of
from lessons.forms import choices
from lessons.forms.fields import GroupedChoices, Words
from lessons.forms.steps import StepForm
from lessons.models import Event, EventKind, LegalContext, Lesson, Marking, Scale

#: field of the form -> field of the event
EVENT_FIELD = {
    "event_name": "name",
    "event_kind": "kind",
    "place": "place",
    "scale": "scale",
    "legal_contexts": "legal_contexts",
    "event_marking": "marking",
}
DECLARED = {"yes": True, "no": False, "unknown": None}


class EventStep(StepForm):
    slug = "event"
    heading = _("The event")
    together = ("event_date", "event_ended")
    looks: ClassVar = {
        "event_name": Look(label_size="m", called=_("the name of the event")),
        "event_kind": Look(label_size="m", called=_("what kind of event it was")),
        "event_date": Look(label_size="m", called=_("the date of the event")),
        "event_ended": Look(called=_("the end of the event")),
        "area": Look(label_size="m", called=_("a resilience area")),
        "place": Look(called=_("the place"), width="two-thirds"),
        "event_areas": Look(small=True),
        "event_organisations": Look(small=True),
        "scale": Look(small=True),
        "major_incident": Look(inline=True, small=True),
        "legal_contexts": Look(label_size="m", small=True),
        "event_marking": Look(small=True),
    }
    #: Always in view; the others fold away.
    FIRST = ("event_name", "event_kind", "event_date", "area", "legal_contexts")
    MORE = (
        "event_ended",
        "place",
        "major_incident",
        "scale",
        "event_areas",
        "event_organisations",
        "add_organisation",
        "event_marking",
    )

    event_version = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )
    event_name = Words(max_length=150)
    event_kind = forms.ChoiceField(required=False, choices=EventKind.choices, widget=forms.RadioSelect)
    event_date = PartialDateField(required=False)
    area = forms.ChoiceField(required=False, widget=forms.Select(attrs={"data-autocomplete": ""}))
    legal_contexts = forms.MultipleChoiceField(
        required=False, choices=LegalContext.choices, widget=forms.CheckboxSelectMultiple
    )
    event_ended = PartialDateField(required=False)
    place = Words(max_length=200)
    major_incident = forms.ChoiceField(
        required=False,
        choices=[("yes", _("Yes")), ("no", _("No")), ("unknown", _("Not known"))],
        widget=forms.RadioSelect,
    )
    scale = forms.ChoiceField(required=False, choices=Scale.choices, widget=forms.RadioSelect)
    event_areas = GroupedChoices()
    event_organisations = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    add_organisation = forms.ChoiceField(required=False, widget=forms.Select(attrs={"data-autocomplete": ""}))
    event_marking = forms.ChoiceField(required=False, choices=Marking.choices, widget=forms.RadioSelect)

    @property
    def event(self) -> Event:
        return self.lesson.event

    def stored(self) -> dict[str, Any]:
        event = self.event
        declared = next(code for code, value in DECLARED.items() if value == event.major_incident)
        return {
            **{ours: getattr(event, theirs) for ours, theirs in EVENT_FIELD.items()},
            "event_version": version_of(event),
            "event_date": event.started_on and PartialDate(event.started_on, event.precision),  # type: ignore[arg-type]
            "event_ended": event.ended_on and PartialDate(event.ended_on, event.precision),  # type: ignore[arg-type]
            "major_incident": declared,
            "event_areas": [area.code for area in event.areas.all()],
            "event_organisations": [organisation.code for organisation in event.organisations.all()],
            "area": self.lesson.area.code if self.lesson.area else "",
        }

    def prepare(self) -> None:
        self.may_change_event = self.is_blank or event_may_change(self.lesson)
        self._offer("area", [("", gettext("None: the national team decides")), *choices.areas()])
        if not self.may_change_event:
            for name in [*self.FIRST, *self.MORE, "event_version"]:
                if name != "area":
                    del self.fields[name]
            return
        self._offer("event_areas", choices.areas_by_region())
        everyone = choices.organisations()
        self._offer("add_organisation", [("", ""), *everyone])
        stored = [] if self.is_blank else list(self.event.organisations.all())
        named = dict(everyone) | {o.code: o.name for o in stored}
        sent = self.data.getlist("event_organisations") if hasattr(self.data, "getlist") else []
        shown = dict.fromkeys([*(o.code for o in stored), *(code for code in sent if code in named)])
        self._offer("event_organisations", [(code, named[code]) for code in shown])
        if not shown:
            del self.fields["event_organisations"]

    def _offer(self, name: str, offered: list[Any]) -> None:
        self.fields[name].choices = offered  # type: ignore[attr-defined]

    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST if name in self.fields]

    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE if name in self.fields]

    def more_is_open(self) -> bool:
        """Whether something among what folds away is wrong."""
        return any(field.errors for field in self.more())

    def clean_event_date(self) -> PartialDate | None:
        return self._past("event_date", gettext("The date of the event"))

    def clean_event_ended(self) -> PartialDate | None:
        return self._past("event_ended", gettext("The end of the event"))

    def _past(self, name: str, subject: str) -> PartialDate | None:
        day: PartialDate | None = self.cleaned_data[name]
        if day and day.date > timezone.localdate():
            raise forms.ValidationError(gettext("%(subject)s must be today or in the past") % {"subject": subject})
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        began, ended = values.get("event_date"), values.get("event_ended")
        if began and ended and began.precision != ended.precision:
            self.add_error(
                "event_ended",
                gettext("Enter the end to the %(precision)s, as the date of the event")
                % {"precision": began.precision},
            )
        elif began and ended and ended.date < began.date:
            self.add_error("event_ended", gettext("The end of the event must be the same as or after its date"))
        elif ended and not began and not self.has_error("event_date"):
            self.add_error("event_date", gettext("Enter the date of the event too"))
        return values

    def values(self) -> dict[str, Any]:
        """Return what `save_event_step` is to store, or the area alone if the event may not be changed."""
        cleaned = self.cleaned_data
        area = ResilienceArea.objects.filter(code=cleaned["area"]).first()
        if not self.may_change_event:
            return {"area": area}
        began, ended = cleaned["event_date"], cleaned["event_ended"]
        chosen = {*cleaned.get("event_organisations", []), cleaned["add_organisation"]}
        return {
            **{theirs: cleaned[ours] for ours, theirs in EVENT_FIELD.items()},
            "area": area,
            "marking": cleaned["event_marking"] or Marking.OFFICIAL,
            "started_on": began and began.date,
            "ended_on": ended and ended.date,
            "precision": began.precision if began else self.event.precision,
            "major_incident": DECLARED.get(cleaned["major_incident"]),
            "areas": sorted(ResilienceArea.objects.filter(code__in=cleaned["event_areas"]), key=str),
            "organisations": sorted(Organisation.objects.filter(code__in=chosen), key=str),
        }

    def save(self, *, by: User, at: datetime, by_itself: bool = False) -> Lesson:
        if not self.may_change_event:
            return super().save(by=by, at=at, by_itself=by_itself)
        return save_event_step(
            lesson=self.lesson,
            by=by,
            at=at,
            row_version=self.cleaned_data["row_version"],
            event_version=self.cleaned_data["event_version"],
            by_itself=by_itself,
            **self.values(),
        )
