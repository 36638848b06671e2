"""What a text asks for, in lexemes of the index and with weights."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from lessons.search import synonyms
from lessons.search.vocabulary import Vocabulary, lexemes_of
from lessons.search.words import Piece, Typed, take_apart

#: Wishes of one query that are weighed; the rarest are kept.
MOST_WISHES = 24
#: A synonym is worth a little less than the word that was typed.
SYNONYM = 0.4

#: One lexeme, or several that stand side by side.
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """One thing that a text should speak of: a word or one of its synonyms.

    :param weight: what a text gains at most by it
    """

    phrase: Phrase
    weight: float
    synonyms: tuple[Phrase, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """All that was asked for.

    :param pairs: lexemes that stood side by side in what was typed
    :param musts: each is a tsquery that has to hold
    """

    wishes: tuple[Wish, ...]
    pairs: tuple[tuple[str, str], ...]
    musts: tuple[str, ...]
    vocabulary: Vocabulary

    @property
    def is_empty(self) -> bool:
        return not self.wishes and not self.musts

    @property
    def total(self) -> float:
        return sum(wish.weight for wish in self.wishes)


def quoted(lexeme: str) -> str:
    """Return `lexeme` as it stands in a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def side_by_side(phrase: Phrase) -> str:
    """Return the tsquery for lexemes in a row."""
    return " <-> ".join(map(quoted, phrase))


def understand(text: str, *, at_most: int = MOST_WISHES) -> Wishes:
    """Look up what `text` asks for.

    :param at_most: wishes to keep, those of most weight
    """
    typed = take_apart(text)
    lexemes = lexemes_of(typed.words)
    rows = [_phrase(piece, lexemes) for piece in typed.wanted]
    in_a_row = [lexeme for phrase in rows for lexeme in phrase]
    others = [_phrase(piece, lexemes) for group in typed.either for piece in group]
    counts = Counter([*in_a_row, *(lexeme for phrase in others for lexeme in phrase)])
    meant = synonyms.of(in_a_row or list(counts))
    vocabulary = Vocabulary.about({*counts, *(lexeme for found in meant.values() for row in found for lexeme in row)})
    wishes = [_wish(lexeme, times, meant.get(lexeme, ()), vocabulary) for lexeme, times in counts.items()]
    wishes.sort(key=lambda wish: -wish.weight)
    kept = tuple(wishes[:at_most])
    known = {wish.phrase[0] for wish in kept}
    pairs = tuple(dict.fromkeys((a, b) for a, b in pairwise(in_a_row) if a != b and {a, b} <= known))
    return Wishes(kept, pairs, _musts(typed, lexemes), vocabulary)


def _phrase(piece: Piece, lexemes: dict[str, str]) -> Phrase:
    return tuple(lexemes[word] for word in piece.words if word in lexemes)


def _wish(lexeme: str, times: int, meant: tuple[Phrase, ...], vocabulary: Vocabulary) -> Wish:
    documents = [vocabulary.documents.get(lexeme, 0)]
    documents += [min(vocabulary.documents.get(part, 0) for part in phrase) for phrase in meant]
    return Wish((lexeme,), vocabulary.rarity(max(documents)) * times, meant)


def _musts(typed: Typed, lexemes: dict[str, str]) -> tuple[str, ...]:
    orders = [_exactly(piece, lexemes) for piece in typed.wanted if piece.quoted]
    for group in typed.either:
        options = [_exactly(piece, lexemes) for piece in group]
        orders.append(" | ".join(option for option in options if option))
    orders += [f"!({order})" for piece in typed.unwanted if (order := _exactly(piece, lexemes))]
    return tuple(f"({order})" for order in orders if order)


def _exactly(piece: Piece, lexemes: dict[str, str]) -> str:
    """Return the tsquery for the words of `piece` in a row, as far apart as they were typed."""
    order, gap = "", 1
    for word in piece.words:
        if word not in lexemes:  # a stop word holds a place
            gap += 1
            continue
        order += (f" <{gap}> " if order else "") + quoted(lexemes[word])
        gap = 1
    return order
