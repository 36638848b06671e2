"""Which texts a search finds, as a tsquery that the index answers alone.

All words, if that gives enough; else most of them, by weight; else any.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lessons.search.measure import MARKS, mark
from lessons.search.wishes import Phrase, Wish, Wishes, quoted, side_by_side

#: A text that has words of this part of the whole weight has "most" of them.
MOST = 0.5
#: Wishes by which texts are told apart here; the rest only ranks what is found.
DECIDING = 8
#: Operands of one tsquery: each is looked at for every text that may match.
LONGEST_QUERY = 150
#: Of one that only chooses what is scored; at 1,000,000 half as many operands take a third of the time.
LONGEST_LOOK = 80
#: Sums of gains are told apart in so many steps.
STEPS = 200


@dataclass(frozen=True)
class Choice:
    """One way to gain by a wish."""

    query: str
    gain: float
    chance: float


def all_of(wishes: Wishes) -> str:
    return joined("&", [_query(wish) for wish in wishes.wishes])


def any_of(wishes: Wishes) -> str:
    return joined("|", [_query(wish) for wish in wishes.wishes])


def most_of(wishes: Wishes) -> str:
    deciding = [(Choice(_query(wish), wish.weight, 0),) for wish in wishes.wishes[:DECIDING]]
    return _reaching(MOST * sum(choices[0].gain for choices in deciding), deciding)


def promising(wishes: Wishes, looks: Iterable[int]) -> Iterator[str]:
    """Yield a tsquery for each number of texts in `looks`: about so many, those that can rank highest.

    It ends where all that match are not many more.
    """
    choices = [_choices(wish, wishes) for wish in wishes.wishes[:DECIDING]]
    whole = sum(ways[0].gain for ways in choices)
    chances = _chances(choices, whole)
    last = 0
    for texts in looks:
        steps = _reached_by(texts / max(wishes.vocabulary.among, 1), chances)
        best = _reaching((steps - 0.5) / STEPS * whole, choices, longest=LONGEST_LOOK) if steps else ""
        if not best:
            return
        if steps != last:
            yield best
        last = steps


def joined(operator: str, queries: Sequence[str]) -> str:
    parts = [query for query in queries if query]
    return f" {operator} ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)


def _query(wish: Wish) -> str:
    return joined("|", [side_by_side(phrase) for phrase in (wish.phrase, *wish.synonyms)])


def _choices(wish: Wish, wishes: Wishes) -> tuple[Choice, ...]:
    """Return the ways to gain by `wish`, most gain first: prominent, less so, at all."""
    phrases = (wish.phrase, *wish.synonyms)
    shares = [*MARKS, 1.0]
    found = []
    for level in range(len(MARKS), -1, -1):
        query = joined("|", [_marked(phrase, level) for phrase in phrases])
        chance = min(1.0, sum(_chance(phrase, level, wishes) for phrase in phrases))
        found.append(Choice(query, wish.weight * shares[level], chance))
    return tuple(found)


def _marked(phrase: Phrase, level: int) -> str:
    if len(phrase) > 1 or not level:
        return side_by_side(phrase)
    return quoted(mark(level, phrase[0]))


def _chance(phrase: Phrase, level: int, wishes: Wishes) -> float:
    lexemes = [mark(level, phrase[0])] if level and len(phrase) == 1 else phrase
    return min(wishes.vocabulary.part(lexeme) for lexeme in lexemes)


def _chances(choices: Sequence[tuple[Choice, ...]], whole: float) -> list[float]:
    """Return how likely a text gains each sum, in `STEPS` from nothing to the `whole`.

    Words are taken to be independent of each other, which they are not: more texts will have several.
    """
    chances = [1.0] + [0.0] * STEPS  # of each sum so far
    for ways in choices:
        outcomes, before = [], 0.0
        for way in ways:
            outcomes.append((round(way.gain / whole * STEPS), max(0.0, way.chance - before)))
            before = max(before, way.chance)
        outcomes.append((0, 1 - before))
        after = [0.0] * (STEPS + 1)
        for reached, chance in enumerate(chances):
            for gain, likely in outcomes if chance else ():
                after[min(STEPS, reached + gain)] += chance * likely
        chances = after
    return chances


def _reached_by(part: float, chances: Sequence[float]) -> int:
    """Return the most steps that at least `part` of all texts are expected to reach; 0: any will do."""
    expected = 0.0
    for steps in range(STEPS, 0, -1):
        expected += chances[steps]
        if expected >= part:
            return steps
    return 0


def _reaching(threshold: float, choices: Sequence[tuple[Choice, ...]], *, longest: int = LONGEST_QUERY) -> str:
    """Return the tsquery of all ways to reach `threshold`; empty if nothing is needed for it.

    Until it is short enough, choices are told apart less, those of least gain first: whoever has the word at all is
    granted the most by it; then whoever has not, too.
    """
    at_all: list[tuple[Choice, ...]] = [(replace(ways[-1], gain=ways[0].gain),) for ways in choices]
    simpler = [[*choices[:known], *at_all[known:]] for known in range(len(choices), 0, -1)]
    simpler += [at_all[:known] for known in range(len(choices), 0, -1)]
    for deciding in simpler:
        granted = sum(ways[0].gain for ways in choices[len(deciding) :])
        try:
            return _Ways(deciding, longest).to_reach(threshold - granted, 0) or ""
        except TooManyWays:
            continue
    return ""


class TooManyWays(Exception):
    """The tsquery would take longer to answer than it saves."""


class _Ways:
    """The ways in which some choices reach a sum, in a tsquery of at most so many operands."""

    def __init__(self, choices: Sequence[tuple[Choice, ...]], longest: int) -> None:
        self.choices, self.longest = choices, longest
        self.left = [sum(ways[0].gain for ways in choices[start:]) for start in range(len(choices) + 1)]
        self.known: dict[tuple[int, int], str | None] = {}

    def to_reach(self, threshold: float, start: int) -> str | None:
        """Return the tsquery over the choices from `start`; empty: nothing is needed; None: there is no way.

        :raises TooManyWays:
        """
        if threshold <= 0:
            return ""
        if self.left[start] < threshold:
            return None
        key = (start, round(threshold * 100))
        if key not in self.known:
            self.known[key] = self._options(threshold, start)
        return self.known[key]

    def _options(self, threshold: float, start: int) -> str:
        ways = self.choices[start]
        furthers = [self.to_reach(threshold - way.gain, start + 1) for way in ways]
        furthers.append(self.to_reach(threshold, start + 1))
        options = [
            joined("&", [way.query, further])
            for way, further, weaker in zip(ways, furthers, furthers[1:], strict=False)
            if further is not None and further != weaker  # else the weaker way does as well
        ]
        if furthers[-1] is not None:
            options.append(furthers[-1])
        query = joined("|", options)
        if query.count("'") > 2 * self.longest:
            raise TooManyWays
        return query
