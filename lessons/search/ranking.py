"""Sorting what was found by how well it fits: BM25, and a bonus where words stand together as they were typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection

from lessons.models import PublicationQuerySet
from lessons.search.matching import any_of, joined, promising
from lessons.search.measure import EVEN, saturation, share
from lessons.search.wishes import SYNONYM, Phrase, Wish, Wishes, quoted, side_by_side

#: What neighbouring words that stand together add, as a part of what the commoner of them adds.
TOGETHER = 0.25
#: Words that stand together: next to each other, or with one between.
NEAR = (1, 2)
#: The best by words alone, among which those with words that stand together are moved up.
SECOND_LOOK = 300
#: Texts that are scored: first as few as may do, then more, until enough were compared.  There are often more than
#: reckoned: words that go together are in the same texts.
WIDER = (1_000, 6_000)
#: Where only a few are wanted, it starts with so many for each of them.
FOR_EACH = (4, 40)
#: Texts that are enough to find the best of: for each that is wanted, and at most.
COMPARED_FOR_EACH, COMPARED = 20, 300
MOST_SCORED = 6_000
#: One word alone says little about which of thousands, in which it stands out, is best: fewer of them do.
MOST_SCORED_BY_ONE_WORD = 3_000
BY_INDEX = "SET LOCAL enable_seqscan = off; "


class Lexemes(SearchQuery):
    """A tsquery that is written in lexemes of the index already."""

    def as_sql(self, compiler, connection, function=None, template=None):  # type: ignore[no-untyped-def, override]
        sql, parameters = compiler.compile(self.source_expressions[-1])
        return f"{sql}::tsquery", parameters


@dataclass(frozen=True)
class Ranked:
    """The key of a publication, and how well it fits: the part of all that could be gained, about 0 to 1."""

    pk: int
    score: float


def matching(publications: PublicationQuerySet, query: str) -> PublicationQuerySet:
    """Keep what matches a tsquery of lexemes; an empty one keeps all."""
    return publications.filter(search=Lexemes(query)) if query else publications


@contextmanager
def by_index() -> Iterator[None]:
    """Have the statements inside look words up in the index, however many texts have them.

    For a common word the planner would read the whole table: it does not know that each text has to be fetched and
    unpacked for that.  At 10,000 texts that took two to three times as long.
    """

    def ask(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        return execute(BY_INDEX + sql, parameters, many, context)

    with connection.execute_wrapper(ask):
        yield


def rank(
    publications: PublicationQuerySet, wishes: Wishes, query: str, *, at_most: int, there: int | None = None
) -> list[Ranked]:
    """Return the best of those `publications` that match the tsquery `query`, best first.

    :param at_most: how many are wanted
    :param there: how many match, if that is known
    """
    if not wishes.wishes:
        newest = matching(publications, query).order_by("-published_at", "-pk")
        return [Ranked(pk, 0.0) for pk in newest.values_list("pk", flat=True)[:at_most]]
    looks = _looks(at_most)
    if there is not None and there <= looks[0]:
        looks = []
    is_any = query == any_of(wishes)  # whatever is promising has some of the words
    for best in promising(wishes, looks):
        compared, found = _scored(publications, wishes, best if is_any else joined("&", [query, best]), at_most)
        if len(found) >= at_most and compared >= min(COMPARED_FOR_EACH * at_most, COMPARED):
            return found
    return _scored(publications, wishes, query, at_most)[1]


def _looks(at_most: int) -> list[int]:
    """Return among how many texts the best are sought: few where few are wanted, then more."""
    few = (min(times * at_most, WIDER[0]) for times in FOR_EACH)
    return sorted({max(texts, 2 * at_most) for texts in (*few, *WIDER)})


def _scored(publications: PublicationQuerySet, wishes: Wishes, query: str, at_most: int) -> tuple[int, list[Ranked]]:
    """Return how many texts were scored, and the best of them."""
    columns = matching(publications.order_by(), query).values("pk", "length", "published_at", "search")
    most = MOST_SCORED if len(wishes.wishes) > 1 else MOST_SCORED_BY_ONE_WORD
    candidates, parameters = columns[:most].query.sql_with_params()
    ranks = _Ranks()
    gained = " + ".join(f"{wish.weight:.6f} * {ranks.share(wish)}" for wish in wishes.wishes)
    together, pairs = _together(wishes)
    k = saturation("length", wishes.vocabulary.average_length)
    sql = f"""
        SELECT id, (score + {together}) / {wishes.total:.6f} AS fit, compared
        FROM (
            SELECT id, published_at, words, k, {gained} AS score, count(*) OVER () AS compared
            FROM (
                SELECT id, published_at, words, k, {", ".join(ranks.columns)}
                FROM (
                    -- Joined to nothing, so that it is fetched and unpacked once and not for every word.
                    SELECT id, published_at, search || ''::tsvector AS words, {k} AS k
                    FROM ({candidates}) AS candidate (id, length, published_at, search)
                    OFFSET 0
                ) AS unpacked
                OFFSET 0
            ) AS ranked
            ORDER BY score DESC, published_at DESC, id DESC
            LIMIT {max(SECOND_LOOK, at_most)}
        ) AS best
        ORDER BY fit DESC, published_at DESC, id DESC
        LIMIT {at_most}
    """  # noqa: S608 - numbers and constants of this package; lexemes are parameters
    with by_index(), connection.cursor() as cursor:
        cursor.execute(sql, [*pairs, *ranks.parameters, *parameters])
        rows = cursor.fetchall()
    return (rows[0][2] if rows else 0), [Ranked(pk, score) for pk, score, _ in rows]


@dataclass
class _Ranks:
    """One `ts_rank` for each phrase, as a column of its own."""

    columns: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)

    def share(self, wish: Wish) -> str:
        """Return the SQL of the share that a text has of `wish`, 0 to 1."""
        own = self._of(wish.phrase)
        others = [f"{SYNONYM} * {self._of(phrase)}" for phrase in wish.synonyms]
        return f"greatest({', '.join([own, *others])})" if others else own

    def _of(self, phrase: Phrase) -> str:
        ranks = [f"ts_rank({EVEN}, words, %s::tsquery)" for _ in phrase]
        self.parameters += [] if len(phrase) == 1 else [side_by_side(phrase)]
        self.parameters += [side_by_side((lexeme,)) for lexeme in phrase]
        column = ranks[0]
        if len(phrase) > 1:
            column = f"CASE WHEN words @@ %s::tsquery THEN least({', '.join(ranks)}) ELSE 0 END"
        name = f"r{len(self.columns)}"
        self.columns.append(f"({column})::float AS {name}")
        return share(name, "k")


def _together(wishes: Wishes) -> tuple[str, list[str]]:
    """Return the SQL of the bonus for words that stand together, and its parameters.

    As for a word, it is less in a long text, where more things stand together by chance.
    """
    weights = {wish.phrase[0]: wish.weight for wish in wishes.wishes}
    tests = [
        f"CASE WHEN words @@ %s::tsquery THEN {min(weights[a], weights[b]):.6f} ELSE 0 END" for a, b in wishes.pairs
    ]
    near = [" | ".join(f"{quoted(a)} <{gap}> {quoted(b)}" for gap in NEAR) for a, b in wishes.pairs]
    return f"({' + '.join(tests) or '0'}) * {TOGETHER} / (1 + k)", near
