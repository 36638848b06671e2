"""How many publications a search finds, and how many it would find with another choice in one of its filters.

Exact up to `EXACT`; above, reckoned from a sample that every publication is or is not in for good.  The sample is
counted first: where it has far too many, nothing else is.  Where hardly anything is chosen the counts are kept.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Func, Q, Value

from accounts.models import User
from lessons.filters import CODES, LessonFilters
from lessons.kept import count_in_parts
from lessons.models import Publication, PublicationQuerySet
from lessons.search.matching import joined
from lessons.search.measure import SAMPLES
from lessons.search.ranking import by_index, matching
from lessons.search.wishes import quoted

EXACT = 10_000
#: Samples that are counted; the first alone where it holds plenty.
COUNTED_SAMPLES = 2
PLENTY = 2_000
#: A sample that stands for so many times `EXACT` leaves no doubt that there are more: six standard deviations.
NO_DOUBT = 1.5
#: Of more than these only a sample is counted once for all: after each change all would take too long.
MOST_COUNTED = 20_000
#: Stands for every publication, among the terms that are counted; no term begins like it.
EVERY = "every:"

#: Of a sample the terms are read from its rows: an index of them would first gather all that have each term.
_TERMS_AS_READ = Func("terms", Value([]), function="array_cat", output_field=Publication._meta.get_field("terms"))
#: Terms are unnested beside the column, not joined: half the time.
COUNT = """
WITH counted AS MATERIALIZED ({rows})
SELECT '', term, count(*) FROM (SELECT unnest(terms) AS term FROM counted) AS each {if_wanted} GROUP BY term
UNION ALL SELECT '', 'every:', count(*) FROM counted
"""
#: Rows in groups: `lacks` is empty for those that have every chosen term, else the prefix of the one they lack.
COUNT_IN_GROUPS = """
WITH counted AS MATERIALIZED (SELECT terms, {lacks} AS lacks FROM ({rows}) AS found)
SELECT lacks, term, count(*) FROM (SELECT lacks, unnest(terms) AS term FROM counted) AS each
WHERE starts_with(term, lacks){and_wanted} GROUP BY lacks, term
UNION ALL SELECT lacks, 'every:', count(*) FROM counted GROUP BY lacks
"""
UNLESS_MORE = "(SELECT count(*) FROM counted) <= %s"


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


def count(others: PublicationQuerySet, chosen: Sequence[str], *, among: int) -> Counts:
    """Count what is found and each choice.

    :param others: what every filter that has no terms lets through
    :param chosen: the terms of the filters that have some, one of each
    :param among: how many publications there are, more or less
    """
    if others.query.is_empty():
        return Counts(0, {}, is_about=False)
    with by_index():
        return _count(others, chosen, among)


def _count(others: PublicationQuerySet, chosen: Sequence[str], among: int) -> Counts:
    near = _lacking_one_at_most(others, "terms", chosen)
    near_in_samples = _lacking_one_at_most(others.alias(read=_TERMS_AS_READ), "read", chosen)
    is_small = among <= NO_DOUBT * EXACT
    each, every, by_term = (0.0, {}, {}) if is_small else _sample(near_in_samples, chosen, 1)
    if sum(every.values()) * each <= NO_DOUBT * EXACT:
        all_of_them, exactly = _numbers(near, chosen, unless_more=True)
        if sum(all_of_them.values()) <= EXACT:
            return Counts(all_of_them.get("", 0), exactly, is_about=False)
    if sum(every.values()) < PLENTY:
        each, every, by_term = _sample(near_in_samples, chosen, COUNTED_SAMPLES)
    about = {term: round(number * each) for term, number in by_term.items()}
    if not chosen or every.get("", 0) * each > NO_DOUBT * EXACT:
        return Counts(EXACT + 1, about, is_about=True)
    # Too many lack one of the filters to be counted, not what has all of them.
    total, exactly = _exactly(others.filter(terms__contains=list(chosen)))
    if total > EXACT:
        return Counts(EXACT + 1, about, is_about=True)
    prefixes = tuple(_prefix(term) for term in chosen)
    of_the_chosen = {term: number for term, number in about.items() if term.startswith(prefixes)}
    by_term = {term: number for term, number in exactly.items() if not term.startswith(prefixes)}
    by_term |= of_the_chosen | dict.fromkeys(chosen, total)
    return Counts(total, {term: number for term, number in by_term.items() if number}, is_about=True)


def is_kept(filters: LessonFilters) -> bool:
    """Whether so little is chosen that many ask the same, one code at most."""
    return len(filters.cleaned) <= 1 and {*filters.cleaned} <= {*CODES, "archived"}


def count_kept(filters: LessonFilters, user: User, *, among: int) -> Counts:
    """Count what `user` finds and each choice as before, if nothing has changed since (see `lessons.kept`).

    Of `MOST_COUNTED` exactly, however many are found; of more as `count` does.
    """
    readable, chosen = Publication.objects.readable_by(user), {**filters.cleaned}
    is_about = among > MOST_COUNTED

    def numbers(terms: Sequence[str], by: Mapping[str, object]) -> Counter[str]:
        found = filters.narrow(readable, terms=() if is_about else terms)
        if is_about and terms:
            found = found.alias(read=_TERMS_AS_READ).filter(read__contains=terms)  # type: ignore[misc]  # an array
        counted = count_terms_in_samples if is_about else count_terms
        return sum(count_in_parts(found, user, counted, by=tuple(by.items())), Counter[str]())

    found = numbers(filters.terms, chosen)
    if is_about and found[EVERY] <= NO_DOUBT * EXACT:
        return count(filters.narrow(readable, terms=()), filters.terms, among=among)
    prefixes = tuple(_prefix(term) for term in filters.terms)
    by_term = {term: number for term, number in found.items() if not term.startswith((EVERY, *prefixes))}
    if prefixes:
        others = numbers((), {})
        by_term |= {term: number for term, number in others.items() if term.startswith(prefixes)}
    return Counts(min(found[EVERY], EXACT + 1), by_term, is_about)


def count_terms(publications: PublicationQuerySet) -> Counter[str]:
    """Return how many have each term, and how many there are, under `EVERY`."""
    every, by_term = _numbers(publications, ())
    return Counter({**by_term, EVERY: every.get("", 0)})


def count_terms_in_samples(publications: PublicationQuerySet) -> Counter[str]:
    """Return about how many have each term, and how many there are, under `EVERY`."""
    with by_index():
        each, every, by_term = _sample(publications, (), COUNTED_SAMPLES)
    return Counter({term: round(number * each) for term, number in (*by_term.items(), (EVERY, every.get("", 0)))})


def _sample(
    publications: PublicationQuerySet, chosen: Sequence[str], samples: int
) -> tuple[float, dict[str, int], dict[str, int]]:
    """Return for how many each counted publication stands, and the numbers of those in the first `samples`."""
    in_sample = matching(publications, joined("|", [quoted(f"s:{n}") for n in range(samples)]))
    return SAMPLES / samples, *_numbers(in_sample, chosen)


def _exactly(publications: PublicationQuerySet) -> tuple[int, dict[str, int]]:
    every, by_term = _numbers(publications, (), unless_more=True)
    return every.get("", 0), by_term


def _numbers(
    publications: PublicationQuerySet, chosen: Sequence[str], *, unless_more: bool = False
) -> tuple[dict[str, int], dict[str, int]]:
    """Count publications by what they lack of `chosen`, and each term: among what lacks nothing, or only its filter.

    :param unless_more: than `EXACT`: then no term is counted
    """
    limit = EXACT + 1 if unless_more else None
    rows, parameters = publications.order_by().values("terms")[:limit].query.sql_with_params()
    cases = " ".join("WHEN NOT terms @> ARRAY[%s]::varchar[] THEN %s" for _ in chosen)
    if chosen:
        and_wanted = f" AND {UNLESS_MORE}" if unless_more else ""
        sql = COUNT_IN_GROUPS.format(rows=rows, lacks=f"CASE {cases} ELSE '' END", and_wanted=and_wanted)
    else:
        sql = COUNT.format(rows=rows, if_wanted=f"WHERE {UNLESS_MORE}" if unless_more else "")
    named = [value for term in chosen for value in (term, _prefix(term))]
    every: dict[str, int] = {}
    by_term: dict[str, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*named, *parameters, *([EXACT] if unless_more else [])])
        for lacking, term, number in cursor.fetchall():
            if term == EVERY:
                every[lacking] = number
            else:
                by_term[term] += number
    return every, dict(by_term)


def _lacking_one_at_most(publications: PublicationQuerySet, column: str, chosen: Sequence[str]) -> PublicationQuerySet:
    if len(chosen) < 2:
        return publications
    any_but_one = Q()
    for term in chosen:
        any_but_one |= Q(**{f"{column}__contains": [other for other in chosen if other != term]})
    return publications.filter(any_but_one)


def _prefix(term: str) -> str:
    return term.partition(":")[0] + ":"
