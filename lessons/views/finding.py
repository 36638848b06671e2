"""The search page: words, filters with counts, and what they find.  Its address holds all of it."""

from dataclasses import dataclass
from functools import cache
from urllib.parse import quote_plus

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from lessons.filters import CODES, DAYS, LessonFilters
from lessons.results import Facet, Results
from lessons.search.spelling import suggestion
from lessons.snippets import show
from lessons.views.reading import SignedInRequest

#: Choices of a filter that are shown at once; the rest unfolds.
SHOWN_CHOICES = 7
#: Filters that a subscription knows too, with the words.
SUBSCRIBED = ("q", *CODES)
#: What the address of the page may hold besides the filters.
KEPT = (*LessonFilters.base_fields, "sort")


@dataclass(frozen=True)
class Link:
    """A choice as a link, to the page with it, or without it where it is chosen."""

    text: str
    url: str
    count: int | None = None
    is_chosen: bool = False


@dataclass(frozen=True)
class LinkedFacet:
    facet: Facet
    links: list[Link]

    @property
    def first(self) -> list[Link]:
        return self.links[:SHOWN_CHOICES]

    @property
    def others(self) -> list[Link]:
        return self.links[SHOWN_CHOICES:]


@require_GET
def lesson_list(request: SignedInRequest) -> HttpResponse:
    given: QueryDict = request.GET.copy()
    results = _results(request, given)
    words = str(results.filters.cleaned.get("q", ""))
    better = suggestion(words, results.readable) if results.has_unknown_words else None
    instead = bool(better) and not results.counts.total
    if instead:  # results rather than none
        given["q"] = better or ""
        results = _results(request, given)
    filters = results.filters
    page = results.page(given.get("page"))
    for text in page:
        show(text)
    query = kept(given, filters)
    days_are_open = any(name in filters.cleaned or name in filters.errors for name in (*DAYS, "archived"))
    context = {
        "filters": filters,
        "form": filters,
        "results": results,
        "page": page,
        "facets": [_linked(facet, query) for facet in results.facets if facet.choices],
        "chosen": _chosen(filters, query),
        "hidden": [(name, value) for name, value in query.items() if name in CODES or name == "sort"],
        "sorts": [
            Link(str(one.label), _with(query, sort=one.value), is_chosen=one == results.sort) for one in results.sorts
        ],
        "query": query.urlencode(),
        "suggestion": Link(better, _with(query, q=better)) if better else None,
        "instead_of": words if instead else "",
        "is_subscribed_to": any(name in query for name in SUBSCRIBED),
        "not_subscribed": [label for name, label in filters.labels.items() if name in DAYS],
        "days_are_open": days_are_open,
        "days": _days(filters) if days_are_open else _no_days(get_language()),
    }
    return render(request, "lessons/list.html", context)


def _results(request: SignedInRequest, given: QueryDict) -> Results:
    return Results(request.user, LessonFilters(given), given.get("sort", ""))


def _days(filters: LessonFilters) -> SafeString:
    return format_html("{}{}{}", *(filters[name].as_field_group() for name in ("since", "until", "archived")))


@cache
def _no_days(language: str) -> SafeString:
    """Return the fields as nearly everybody gets them, who chose none."""
    return _days(LessonFilters({}))


def kept(given: QueryDict, filters: LessonFilters) -> QueryDict:
    """Return the parameters that choose something, in one order, without the number of the page."""
    query = QueryDict(mutable=True)
    for name in KEPT:
        value = given.get(name, "")
        if value and name not in filters.errors:
            query[name] = value
    return query


def _with(query: QueryDict, **changes: str) -> str:
    changed = query.copy()
    for name, value in changes.items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    return f"?{changed.urlencode()}"


def _linked(facet: Facet, query: QueryDict) -> LinkedFacet:
    without = _with(query, **{facet.name: ""})
    start = f"{without}&" if len(without) > 1 else without
    links = [
        Link(
            choice.name,
            without if choice.is_chosen else f"{start}{facet.name}={quote_plus(choice.code)}",
            choice.count,
            choice.is_chosen,
        )
        for choice in facet.choices
    ]
    return LinkedFacet(facet, links)


def _chosen(filters: LessonFilters, query: QueryDict) -> list[Link]:
    """Return what is filtered by, each as the way to the page without it."""
    return [Link(label, _with(query, **{name: ""})) for name, label in filters.labels.items()]
