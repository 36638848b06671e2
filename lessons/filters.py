"""The filters of published lessons: one form for the page, the API and what is subscribed to."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from django import forms
from django.db import connection, models
from django.db.models import CharField, TextChoices, Value
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import ResilienceArea, ResponderType
from govuk.look import Look
from lessons.models import Brag, Capability, EventKind, Kind, NationalRisk, PublicationQuerySet, Theme
from lessons.search.finding import search

LONGEST_QUERY = 300  # characters: a long question fits, a pasted document does not


#: Filters by a code among the terms of a publication; its prefix is the name with hyphens.
CODES = ("kind", "risk", "risk_theme", "theme", "capability", "area", "sector", "source", "brag")
#: Those whose codes are rows of tables.
FROM_TABLES = ("risk", "risk_theme", "theme", "capability", "area", "sector")
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

    INCLUDE = "include", _("Archived lessons too")
    ONLY = "only", _("Archived lessons only")


def named(choices: type[models.TextChoices]) -> dict[str, str]:
    """Return the labels by their codes, in the language that is spoken."""
    return {code: str(label) for code, label in choices.choices}


class LessonFilters(forms.Form):
    """The filters of the lesson list.  A code that is not known is an error, never a wider list."""

    looks = {"since": Look(width=10), "until": Look(width=10)}

    q = forms.CharField(
        required=False, max_length=LONGEST_QUERY, label=_("Words"), help_text=_("“exact words”, OR, -without")
    )
    kind = forms.ChoiceField(required=False, choices=[("", _("Any")), *Kind.choices], label=_("Kind"))
    risk = forms.ChoiceField(
        required=False, label=_("National Risk"), widget=forms.Select(attrs={"data-autocomplete": ""})
    )
    risk_theme = forms.ChoiceField(required=False, label=_("Theme of the risk"))
    theme = forms.ChoiceField(
        required=False, label=_("JESIP theme"), widget=forms.Select(attrs={"data-autocomplete": ""})
    )
    area = forms.ChoiceField(required=False, label=_("Area"), widget=forms.Select(attrs={"data-autocomplete": ""}))
    capability = forms.ChoiceField(
        required=False, label=_("Capability"), widget=forms.Select(attrs={"data-autocomplete": ""})
    )
    sector = forms.ChoiceField(required=False, label=_("Sector"))
    source = forms.ChoiceField(required=False, choices=[("", _("Any")), *EventKind.choices], label=_("Source"))
    brag = forms.ChoiceField(required=False, choices=[("", _("Any")), *Brag.choices], label=_("BRAG rating"))
    since = forms.DateField(required=False, label=_("Published from"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label=_("Published to"), widget=forms.DateInput(attrs={"type": "date"}))
    submitted_since = forms.DateField(required=False, label=_("Submitted from"), widget=forms.HiddenInput)
    submitted_until = forms.DateField(required=False, label=_("Submitted to"), widget=forms.HiddenInput)
    event_since = forms.DateField(required=False, label=_("Event from"), widget=forms.HiddenInput)
    event_until = forms.DateField(required=False, label=_("Event to"), widget=forms.HiddenInput)
    archived = forms.ChoiceField(
        required=False, choices=[("", _("Leave them out")), *Archived.choices], label=_("Archived lessons")
    )

    def __init__(self, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]  # Django's own signature
        super().__init__(*args, **kwargs)
        rows = _coded()
        self.risk_names = {row.code: row.name for row in rows["risk"]}
        self.risk_theme_names = {row.theme_code: row.theme for row in rows["risk"]}
        self.theme_names = {row.code: row.name for row in rows["theme"]}
        self.area_names = {row.code: row.name for row in rows["area"]}
        self.capability_names = {row.code: row.name for row in rows["capability"]}
        self.sector_names = {row.code: row.code.replace("-", " ").capitalize() for row in rows["sector"]}
        names = self.names
        for name in FROM_TABLES:
            # A function: hundreds of choices are put in order only where a value is checked or a list is drawn.
            self.fields[name].choices = partial(_in_order, names[name])  # type: ignore[attr-defined]

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """The name of each code, by filter."""
        return {
            "risk": self.risk_names,
            "risk_theme": self.risk_theme_names,
            "theme": self.theme_names,
            "capability": self.capability_names,
            "area": self.area_names,
            "sector": self.sector_names,
            "kind": named(Kind),
            "source": named(EventKind),
            "brag": named(Brag),
        }

    def clean_submitted_since(self) -> date | None:
        """Months are whole: no lesson says when it was submitted, and the very day could say by whom."""
        day: date | None = self.cleaned_data["submitted_since"]
        return day and day.replace(day=1)

    def clean_submitted_until(self) -> date | None:
        day: date | None = self.cleaned_data["submitted_until"]
        return day and day.replace(day=monthrange(day.year, day.month)[1])

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
    def labels(self) -> dict[str, str]:
        """What is filtered by, in words, by filter."""
        names = self.names | {"archived": named(Archived)}
        found = {name: names[name][str(value)] for name, value in self.cleaned.items() if name in names}
        days = {name: value for name, value in self.cleaned.items() if name in DAYS}
        return found | {
            name: f"{str(self.fields[name].label).lower()} {date_format(day, 'j F Y')}"  # type: ignore[arg-type]
            for name, day in days.items()
        }

    @property
    def chosen_labels(self) -> list[str]:
        return list(self.labels.values())

    def narrow(self, publications: PublicationQuerySet, terms: Sequence[str] | None = None) -> PublicationQuerySet:
        """Narrow `publications` to what every filter but the words lets through.

        :param terms: to be had instead of those that are chosen
        """
        chosen = self.cleaned
        if wanted := self.terms if terms is None else terms:
            publications = publications.filter(terms__contains=wanted)
        for name, lookup in DAYS.items():
            if name in chosen:
                publications = publications.filter(**{lookup: chosen[name]})
        archived = chosen.get("archived")
        if archived != Archived.INCLUDE:
            publications = publications.filter(archived_at__isnull=archived != Archived.ONLY)
        return publications

    def apply(self, publications: PublicationQuerySet) -> PublicationQuerySet:
        """Narrow `publications` to what every filter lets through, in no order of its own.

        :param publications: all that the person may read: the words are understood by these, whatever else is chosen
        """
        found = self.narrow(publications)
        if words := self.cleaned.get("q"):
            found = search(publications, str(words)).among(found)
        return found


def _in_order(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("", gettext("Any")), *sorted(names.items(), key=itemgetter(1))]


class _Coded(NamedTuple):
    """A row that can be chosen; the last three are of National Risks only."""

    filter: str
    code: str
    name: str
    theme_code: str
    theme: str
    edition: str


def _coded() -> dict[str, list[_Coded]]:
    """Return every risk, theme, capability, area and sector by filter, in one query; risks by rising edition."""
    with connection.cursor() as cursor:
        cursor.execute(*_select_coded())
        rows = [_Coded(*row) for row in cursor.fetchall()]
    found: dict[str, list[_Coded]] = {name: [] for name in FROM_TABLES}
    for row in sorted(rows, key=lambda one: one.edition):
        found[row.filter].append(row)
    return found


@cache
def _select_coded() -> tuple[str, tuple[Any, ...]]:
    """Return the query and its parameters: always the same, and longer in the making than in the answering."""
    none = [Value("", output_field=CharField()) for _ in range(3)]
    tables = {"theme": Theme, "capability": Capability, "area": ResilienceArea}
    rows = [
        NationalRisk.objects.values_list(Value("risk"), "code", "name", "theme_code", "theme", "edition"),
        ResponderType.objects.values_list(Value("sector"), "sector", "sector", *none).distinct(),
        *(model.objects.values_list(Value(name), "code", "name", *none) for name, model in tables.items()),  # type: ignore[attr-defined]
    ]
    sql, parameters = rows[0].union(*rows[1:], all=True).query.sql_with_params()
    return sql, parameters
