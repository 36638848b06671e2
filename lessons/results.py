"""One page of what a search finds: sorted, with what was found in each text, and what else could be chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, IntegerField, TextChoices, Value, When
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.statements import AsOne, ByKeys, Statement
from lessons import counts
from lessons.filters import CODES, LessonFilters
from lessons.models import Publication, PublicationQuerySet
from lessons.named import with_names
from lessons.recurring import linked
from lessons.search.finding import RANKED, Search, search
from lessons.search.vocabulary import Vocabulary
from lessons.snippets import with_snippets

PER_PAGE = 20


def _select_shown(user: User, keys: list[int], query: str | None) -> PublicationQuerySet:
    """Return what a page shows of these, with what was found in each."""
    chosen = RawSQL("SELECT unnest(%s::bigint[])", [keys])
    readable = Publication.objects.readable_by(user).filter(pk__in=chosen)
    return with_snippets(readable.for_cards().order_by(), query)


_SHOWN: Statement[Publication] = Statement(_select_shown)


class Sort(TextChoices):
    RELEVANCE = "relevance", _("Best match")
    NEWEST = "newest", _("Newest")
    RECURRENT = "recurrent", _("Found most often")


@dataclass(frozen=True)
class Choice:
    """One code of a filter: how many it would find; `code` is empty for the way back from what is chosen."""

    code: str
    name: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """The choices of one filter, those that find most first."""

    name: str
    label: str
    choices: list[Choice]

    @property
    def chosen(self) -> Choice | None:
        return next((choice for choice in self.choices if choice.is_chosen), None)


class Results:
    """What the filters find among what `user` may read."""

    def __init__(self, user: User, filters: LessonFilters, sort: str = "") -> None:
        self.user, self.filters = user, filters
        self.readable = readable = Publication.objects.readable_by(user)
        words = str(filters.cleaned.get("q", ""))
        self.search: Search | None = search(readable, words) if words else None
        offered = [one for one in Sort if self.search or one != Sort.RELEVANCE]
        self.sorts = offered
        self.sort = Sort(sort) if sort in offered else offered[0]

    @property
    def has_unknown_words(self) -> bool:
        """Whether a word is in none of the lessons whose words are counted, so that it may be misspelt."""
        if self.search is None:
            return False
        counted = self.search.wishes.vocabulary
        return counted.among > 0 and any(wish.phrase[0] not in counted.documents for wish in self.search.wishes.wishes)

    @cached_property
    def found(self) -> PublicationQuerySet:
        return self._among(self.filters.narrow(self.readable))

    def _among(self, publications: PublicationQuerySet) -> PublicationQuerySet:
        return self.search.among(publications) if self.search else publications

    @cached_property
    def counts(self) -> counts.Counts:
        among = self.search.wishes.vocabulary.among if self.search else Vocabulary.about(()).among
        if counts.is_kept(self.filters):
            return counts.count_kept(self.filters, self.user, among=among)
        others = self._among(self.filters.narrow(self.readable, terms=()))
        return counts.count(others, self.filters.terms, among=among)

    @cached_property
    def facets(self) -> list[Facet]:
        """The filters that have codes, without codes that nothing has."""
        names = self.filters.names
        found: dict[str, dict[str, int]] = {name.replace("_", "-"): {} for name in CODES}
        for term, number in self.counts.by_term.items():
            prefix, _, code = term.partition(":")
            if prefix in found:
                found[prefix][code] = number
        return [self._facet(name, names[name], found[name.replace("_", "-")]) for name in CODES]

    def _facet(self, name: str, names: Mapping[str, str], found: dict[str, int]) -> Facet:
        chosen = str(self.filters.cleaned.get(name, ""))
        if chosen:
            found.setdefault(chosen, 0)
        choices = [Choice(code, str(names.get(code, code)), number, code == chosen) for code, number in found.items()]
        choices.sort(key=lambda choice: (not choice.is_chosen, -choice.count, choice.name))
        return Facet(name, str(self.filters.fields[name].label), choices)

    def page(self, number: str | None) -> "Page[Publication]":
        """Return one page; of more than `counts.EXACT`, the first pages only."""
        page: Page[Any] = Paginator(range(min(self.counts.total, counts.EXACT)), PER_PAGE).get_page(number)
        start = (page.number - 1) * PER_PAGE
        texts = self._sorted(start, start + len(page.object_list))
        page.object_list = with_names(texts, self.filters.names)
        return page

    def _sorted(self, start: int, end: int) -> list[Publication]:
        # Keys first: of texts that are passed over, no lesson is looked up and no snippet made.
        keys = self._keys(start, end)
        if not keys:
            return []
        query = self.search.query if self.search else ""
        found = _SHOWN(user=ByKeys(self.user), keys=AsOne(keys), query=query or None)
        texts = {text.pk: text for text in found}
        return [texts[pk] for pk in keys if pk in texts]

    def _keys(self, start: int, end: int) -> list[int]:
        rows = self._in_order(self.found.for_list()).values_list("pk", flat=True)
        if self.search is None or self.sort != Sort.RELEVANCE:
            return list(rows[start:end])
        best = [one.pk for one in self.search.best(self.found, at_most=RANKED, there=self.counts.total)]
        further = range(max(start - len(best), 0), max(end - len(best), 0))
        others = rows.exclude(pk__in=best)[further.start : further.stop] if further else []
        return [*best[start:end], *others]

    def _in_order(self, rows: PublicationQuerySet) -> PublicationQuerySet:
        return most_recurrent_first(rows, self.readable) if self.sort == Sort.RECURRENT else rows


def most_recurrent_first(publications: PublicationQuerySet, readable: PublicationQuerySet) -> PublicationQuerySet:
    """Sort by how often each lesson was found, as far as the person may read it, then newest first."""
    groups = linked(readable)
    sizes: dict[int, list[int]] = {}
    for lesson, group in groups.items():
        sizes.setdefault(sum(other == group for other in groups.values()), []).append(lesson)
    whens = [When(lesson__in=lessons, then=Value(size)) for size, lessons in sizes.items()]
    if not whens:
        return publications
    times = Case(*whens, default=Value(1), output_field=IntegerField())
    return publications.alias(times=times).order_by("-times", "-published_at", "-pk")
