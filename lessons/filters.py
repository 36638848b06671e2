"""The filters of published lessons: one form for the page, the API and what is subscribed to."""

from django import forms
from django.db.models import TextChoices
from django.utils.formats import date_format

from accounts.models import ResilienceArea, ResponderType
from govuk.look import Look
from lessons import search
from lessons.models import Brag, Capability, EventKind, Kind, NationalRisk, PublicationQuerySet, Theme

LONGEST_QUERY = 300  # characters: a long question fits, a pasted document does not


#: Filters by a code among the terms of a publication; its prefix is the name with hyphens.
CODES = ("kind", "risk", "risk_theme", "theme", "capability", "area", "sector", "source", "brag")
#: Filters by a day: name -> what of the publication must stand on which side of it.
DAYS = {
    "since": "published_at__date__gte",
    "until": "published_at__date__lte",
    "submitted_since": "lesson__submitted_at__date__gte",
    "submitted_until": "lesson__submitted_at__date__lte",
    "event_since": "event_on__gte",
    "event_until": "event_on__lte",
}


class Archived(TextChoices):
    """What becomes of archived lessons, which lists leave out unless asked."""

    INCLUDE = "include", "Archived lessons too"
    ONLY = "only", "Archived lessons only"


class LessonFilters(forms.Form):
    """The filters of the lesson list.  A code that is not known is an error, never a wider list."""

    looks = {"since": Look(width=10), "until": Look(width=10)}

    q = forms.CharField(
        required=False, max_length=LONGEST_QUERY, label="Words", help_text="“exact words”, OR, -without"
    )
    kind = forms.ChoiceField(required=False, choices=[("", "Any"), *Kind.choices], label="Kind")
    risk = forms.ChoiceField(
        required=False, label="National Risk", widget=forms.Select(attrs={"data-autocomplete": ""})
    )
    risk_theme = forms.ChoiceField(required=False, label="Theme of the risk")
    theme = forms.ChoiceField(required=False, label="JESIP theme", widget=forms.Select(attrs={"data-autocomplete": ""}))
    area = forms.ChoiceField(required=False, label="Area", widget=forms.Select(attrs={"data-autocomplete": ""}))
    capability = forms.ChoiceField(
        required=False, label="Capability", widget=forms.Select(attrs={"data-autocomplete": ""})
    )
    sector = forms.ChoiceField(required=False, label="Sector")
    source = forms.ChoiceField(required=False, choices=[("", "Any"), *EventKind.choices], label="Source")
    brag = forms.ChoiceField(required=False, choices=[("", "Any"), *Brag.choices], label="BRAG rating")
    since = forms.DateField(required=False, label="Published from", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="Published to", widget=forms.DateInput(attrs={"type": "date"}))
    submitted_since = forms.DateField(required=False, label="Submitted from", widget=forms.HiddenInput)
    submitted_until = forms.DateField(required=False, label="Submitted to", widget=forms.HiddenInput)
    event_since = forms.DateField(required=False, label="Event from", widget=forms.HiddenInput)
    event_until = forms.DateField(required=False, label="Event to", widget=forms.HiddenInput)
    archived = forms.ChoiceField(
        required=False, choices=[("", "Leave them out"), *Archived.choices], label="Archived lessons"
    )

    def __init__(self, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]  # Django's own signature
        super().__init__(*args, **kwargs)
        risks = sorted(NationalRisk.objects.current().only("code", "name", "theme_code", "theme"), key=lambda r: r.name)
        self.risk_names = {risk.code: risk.name for risk in risks}
        self.risk_theme_names = {risk.theme_code: risk.theme for risk in risks}
        self.theme_names = dict(Theme.objects.order_by("name").values_list("code", "name"))
        self.area_names = dict(ResilienceArea.objects.order_by("name").values_list("code", "name"))
        self.capability_names = dict(Capability.objects.order_by("name").values_list("code", "name"))
        sectors = ResponderType.objects.order_by("sector").values_list("sector", flat=True).distinct()
        self.sector_names = {code: code.replace("-", " ").capitalize() for code in sectors}
        for name, names in self._names().items():
            self.fields[name].choices = [("", "Any"), *sorted(names.items(), key=lambda item: item[1])]  # type: ignore[attr-defined]

    def _names(self) -> dict[str, dict[str, str]]:
        return {
            "risk": self.risk_names,
            "risk_theme": self.risk_theme_names,
            "theme": self.theme_names,
            "capability": self.capability_names,
            "area": self.area_names,
            "sector": self.sector_names,
        }

    @property
    def cleaned(self) -> dict[str, object]:
        """The values that are right; a filter with a wrong value is left out (its words are in `errors`)."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    @property
    def terms(self) -> list[str]:
        """The codes that a publication must have."""
        chosen = self.cleaned
        return [f"{name.replace('_', '-')}:{chosen[name]}" for name in CODES if name in chosen]

    @property
    def chosen_labels(self) -> list[str]:
        """What is filtered by, in words."""
        fixed = {"kind": Kind, "source": EventKind, "brag": Brag, "archived": Archived}
        names = self._names() | {name: dict(choices.choices) for name, choices in fixed.items()}
        found = [names[name][str(value)] for name, value in self.cleaned.items() if name in names]
        days = ((self.fields[name].label, value) for name, value in self.cleaned.items() if name in DAYS)
        return found + [f"{str(label).lower()} {date_format(day, 'j F Y')}" for label, day in days]

    def apply(self, publications: PublicationQuerySet) -> PublicationQuerySet:
        """Narrow `publications` to what every filter lets through, in no order of its own."""
        chosen = self.cleaned
        if terms := self.terms:
            publications = publications.filter(terms__contains=terms)
        for name, lookup in DAYS.items():
            if name in chosen:
                publications = publications.filter(**{lookup: chosen[name]})
        archived = chosen.get("archived")
        if archived != Archived.INCLUDE:
            publications = publications.filter(archived_at__isnull=archived != Archived.ONLY)
        if "q" in chosen:
            publications = search.found(publications, str(chosen["q"]))
        return publications
