"""How many publications a search finds, and how many it would find with another choice in one of its filters.

Exact up to `EXACT`; above, reckoned from a sample that every publication is or is not in for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from lessons.models import PublicationQuerySet
from lessons.search.matching import joined
from lessons.search.measure import SAMPLES
from lessons.search.ranking import matching
from lessons.search.wishes import quoted

EXACT = 10_000
#: Samples that are counted where there are too many to count all.
COUNTED_SAMPLES = 2
#: Stands for every publication, among the terms that are counted; no term begins like it.
EVERY = "every:"

COUNT = """
WITH counted AS MATERIALIZED ({rows}),
judged AS (SELECT terms, {lacking} AS lacking, {lacks} AS lacks FROM counted)
SELECT term, count(*) FROM judged, unnest(terms || ARRAY['every:']::varchar[]) AS term
WHERE lacking = 0 OR (lacking = 1 AND starts_with(term, lacks))
GROUP BY term
UNION ALL SELECT 'counted:', count(*) FROM counted
"""


@dataclass(frozen=True)
class Counts:
    """:ivar total: of all that is found; at most one more than `EXACT`
    :ivar by_term: of those with each term, under every filter but the one that the term belongs to
    :ivar is_about: whether `by_term` is reckoned from a sample
    """

    total: int
    by_term: dict[str, int]
    is_about: bool

    @property
    def is_more(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > EXACT


def count(others: PublicationQuerySet, chosen: Sequence[str]) -> Counts:
    """Count what is found and each choice.

    :param others: what every filter that has no terms lets through
    :param chosen: the terms of the filters that have some, one of each
    """
    found = _count(others.filter(terms__contains=list(chosen)) if chosen else others, ())
    total, by_term, is_about = found.total, found.by_term, found.is_about
    if chosen:
        near = _count(_lacking_one_at_most(others, chosen), chosen)
        prefixes = tuple(_prefix(term) for term in chosen)
        by_term = {term: number for term, number in by_term.items() if not term.startswith(prefixes)}
        by_term |= {term: number for term, number in near.by_term.items() if term.startswith(prefixes)}
        is_about = is_about or near.is_about
        if total <= EXACT:
            by_term |= dict.fromkeys(chosen, total)
    return Counts(total, {term: number for term, number in by_term.items() if number}, is_about)


def _count(publications: PublicationQuerySet, chosen: Sequence[str]) -> Counts:
    if publications.query.is_empty():
        return Counts(0, {}, is_about=False)
    numbers = _numbers(publications, chosen, limit=EXACT + 1)
    if numbers.pop("counted:") <= EXACT:
        return Counts(numbers.pop(EVERY, 0), numbers, is_about=False)
    sampled = matching(publications, joined("|", [quoted(f"s:{n}") for n in range(COUNTED_SAMPLES)]))
    numbers = _numbers(sampled, chosen)
    each = SAMPLES / COUNTED_SAMPLES
    return Counts(EXACT + 1, {term: round(number * each) for term, number in numbers.items()}, is_about=True)


def _numbers(publications: PublicationQuerySet, chosen: Sequence[str], limit: int | None = None) -> dict[str, int]:
    """Count each term among what has all of `chosen`, or all but one and the term is of that one's filter."""
    rows, parameters = publications.order_by().values("terms")[:limit].query.sql_with_params()
    lacking = " + ".join("(NOT terms @> ARRAY[%s]::varchar[])::int" for _ in chosen) or "0"
    cases = " ".join("WHEN NOT terms @> ARRAY[%s]::varchar[] THEN %s" for _ in chosen)
    lacks = f"CASE {cases} ELSE '' END" if chosen else "''"
    named = [value for term in chosen for value in (term, _prefix(term))]
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(rows=rows, lacking=lacking, lacks=lacks), [*parameters, *chosen, *named])
        return dict(cursor.fetchall())


def _lacking_one_at_most(publications: PublicationQuerySet, chosen: Sequence[str]) -> PublicationQuerySet:
    if len(chosen) < 2:
        return publications
    any_but_one = Q()
    for term in chosen:
        any_but_one |= Q(terms__contains=[other for other in chosen if other != term])
    return publications.filter(any_but_one)


def _prefix(term: str) -> str:
    return term.partition(":")[0] + ":"
