"""What a person types into a search box, taken apart.

Words are wishes: the more of them a text has, and the rarer they are, the better it fits.  Quotes, OR and a minus are
orders: `"exact words"`, `this OR that`, `-without`.  In prose they are not: whoever pastes a sentence with "quotes" in
it, or types in CAPITALS, gives no orders.  A quotation mark that is never closed says nothing of where the exact words
end, and one after a word or a number (3" hose) opens nothing.
"""

import re
from dataclasses import dataclass

from lessons.search.text import fold

#: What is read of a query.  More only costs time: a text of this length has named its subject.
LONGEST_WORDS = 20_000  # characters
MOST_WORDS = 2_000
#: So many words that are part of no order make prose.
PROSE = 9

_PIECE = re.compile(r'(?P<minus>(?<!\S)-(?=["\w]))?(?:(?<!\w)"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')


@dataclass(frozen=True)
class Piece:
    """One or more words that stand together in what was typed."""

    words: tuple[str, ...]
    quoted: bool = False


@dataclass(frozen=True)
class Typed:
    """`wanted` in the order typed; of each group in `either` one must be there; none of `unwanted` may be."""

    wanted: tuple[Piece, ...]
    either: tuple[tuple[Piece, ...], ...]
    unwanted: tuple[Piece, ...]

    @property
    def words(self) -> list[str]:
        pieces = [*self.wanted, *(piece for group in self.either for piece in group), *self.unwanted]
        return [word for piece in pieces for word in piece.words]


def take_apart(text: str) -> Typed:
    """Read `text` as a person means it.  There is no wrong syntax: signs that mean nothing are spaces."""
    text = text[:LONGEST_WORDS].replace("“", '"').replace("”", '"')
    typed = _with_orders(_tokens(text))
    if sum(not piece.quoted for piece in typed.wanted) < PROSE:
        return typed
    return Typed(tuple(Piece((word,)) for word in fold(text).split()[:MOST_WORDS]), (), ())


def _with_orders(tokens: list[tuple[Piece | None, bool]]) -> Typed:
    unwanted = tuple(piece for piece, minus in tokens if piece and minus)
    chain = [piece for piece, minus in tokens if not minus]
    groups: list[list[Piece]] = []
    joins = False
    for piece in chain:
        if piece is None:  # OR joins what stands on both sides of it
            joins = bool(groups)
        elif joins:
            groups[-1].append(piece)
            joins = False
        else:
            groups.append([piece])
    wanted = tuple(group[0] for group in groups if len(group) == 1)
    return Typed(wanted, tuple(tuple(group) for group in groups if len(group) > 1), unwanted)


def _tokens(text: str) -> list[tuple[Piece | None, bool]]:
    """Return pieces in order, each with whether a minus stands before it; None is OR."""
    found: list[tuple[Piece | None, bool]] = []
    is_shouted = text == text.upper() and len(text.split()) > 3
    budget = MOST_WORDS
    for match in _PIECE.finditer(text):
        minus = bool(match["minus"])
        if match["plain"] == "OR" and not minus and not is_shouted:
            found.append((None, False))
            continue
        words = tuple(fold(match["quoted"] or match["plain"] or "").split())[:budget]
        budget -= len(words)
        if match["quoted"] is not None or minus:
            found += [(Piece(words, quoted=True), minus)] if words else []
        else:
            found += [(Piece((word,)), False) for word in words]
    return found
