"""Searching by what a person typed."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, IntegerField, Value, When

from lessons.models import PublicationQuerySet
from lessons.search.matching import all_of, any_of, joined, most_of
from lessons.search.ranking import Ranked, matching, rank
from lessons.search.wishes import Wishes, understand

#: With fewer than these, a search settles for most words, or any.
ENOUGH = 50
#: Results that are sorted by how well they fit; who goes on needs better words, not more pages.
RANKED = 300


@dataclass(frozen=True)
class Search:
    """A query and what it finds among some publications.

    :param query: the tsquery of lexemes that decides what is found
    """

    wishes: Wishes
    query: str

    @property
    def is_empty(self) -> bool:
        """No word of it is in the index's language: nothing can be found."""
        return self.wishes.is_empty

    def among(self, publications: PublicationQuerySet) -> PublicationQuerySet:
        """Keep what is found."""
        return publications.none() if self.is_empty else matching(publications, self.query)

    def finds_any(self, publications: PublicationQuerySet) -> bool:
        return not self.is_empty and first_with(publications, [self.query], enough=1) is not None

    def best(
        self, publications: PublicationQuerySet, *, at_most: int = RANKED, there: int | None = None
    ) -> list[Ranked]:
        """Return keys and scores of what fits best.

        :param there: how many are found, if that is known
        """
        return [] if self.is_empty else rank(publications, self.wishes, self.query, at_most=at_most, there=there)


def search(publications: PublicationQuerySet, words: str) -> Search:
    """Decide what `words` find: texts with all of them if these are enough, else with most, else with any.

    :param publications: all that the person may read.  Filters come later: the same words find the same whatever else
        is chosen, so that counts agree.
    """
    wishes = understand(words)
    queries = dict.fromkeys(
        joined("&", [query, *wishes.musts]) for query in (all_of(wishes), most_of(wishes), any_of(wishes))
    )
    *strict, loose = queries
    return Search(wishes, _first_with_enough(publications, strict) or loose)


def _first_with_enough(publications: PublicationQuerySet, queries: list[str]) -> str | None:
    """Return the first query that finds enough; the later ones are not tried then."""
    if not queries:
        return None
    chosen = first_with(publications, queries, enough=ENOUGH)
    return None if chosen is None else queries[chosen]


def first_with(publications: PublicationQuerySet, queries: list[str], *, enough: int) -> int | None:
    """Return the place of the first query that finds `enough`.

    Materialised, so that each is planned as if all it finds were wanted: for a few rows the planner would read the
    table until it comes across them, which takes minutes where there are none.
    """
    found, whens = [], ""
    parameters: list[Any] = []
    for place, query in enumerate(queries):
        sql, values = matching(publications.order_by(), query).values("pk").query.sql_with_params()
        found.append(f"found_{place} AS MATERIALIZED ({sql})")
        few = f"SELECT count(*) FROM (SELECT FROM found_{place} LIMIT {enough}) AS few"  # noqa: S608 - numbers
        whens += f" WHEN ({few}) >= {enough} THEN {place}"
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(found)} SELECT CASE {whens} END", parameters)
        (chosen,) = cursor.fetchone()
    return None if chosen is None else int(chosen)


def found(publications: PublicationQuerySet, words: str) -> PublicationQuerySet:
    """Keep what `words` find."""
    return search(publications, words).among(publications)


def best_first(publications: PublicationQuerySet, words: str) -> PublicationQuerySet:
    """Sort by how well the words fit, then newest first.

    :param publications: what was `found`, with filters or without
    """
    best = rank(publications, understand(words), "", at_most=RANKED)
    places = [When(pk=one.pk, then=Value(place)) for place, one in enumerate(best)]
    if not places:
        return publications
    place = Case(*places, default=Value(len(places)), output_field=IntegerField())
    return publications.order_by(place, "-published_at", "-pk")
