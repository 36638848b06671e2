"""Synonyms and abbreviations of the trade.  They widen what is asked, not what is stored: data/synonyms.csv."""

import csv
from collections import defaultdict
from functools import lru_cache

from django.conf import settings

from lessons.search.text import fold
from lessons.search.vocabulary import lexemes_of

FILE = settings.BASE_DIR / "data" / "synonyms.csv"
LONGEST_TERM = 6  # words

Phrase = tuple[str, ...]


def of(lexemes: list[str]) -> dict[str, tuple[Phrase, ...]]:
    """Return what else each of the lexemes, which stand in this order, may be called.

    A term of several words passes its synonyms to each of them: whoever writes `RVP` has said both `rendezvous` and
    `point`.
    """
    known = _known()
    found: dict[str, dict[Phrase, None]] = defaultdict(dict)
    for start in range(len(lexemes)):
        for end in range(start + 1, min(start + LONGEST_TERM, len(lexemes)) + 1):
            term = tuple(lexemes[start:end])
            for other in known.get(term, ()):
                for lexeme in term:
                    if lexeme not in other:
                        found[lexeme][other] = None
    return {lexeme: tuple(others) for lexeme, others in found.items()}


@lru_cache(maxsize=1)
def _known() -> dict[Phrase, tuple[Phrase, ...]]:
    """Return every term, as lexemes, with the terms that mean the same."""
    with FILE.open(encoding="utf-8", newline="") as file:
        groups = [[fold(term).split() for term in row["words"].split(";")] for row in csv.DictReader(file)]
    lexemes = lexemes_of(word for group in groups for term in group for word in term)
    known: dict[Phrase, dict[Phrase, None]] = defaultdict(dict)
    for group in groups:
        terms = [tuple(lexemes[word] for word in term if word in lexemes) for term in group]
        for term in filter(None, terms):
            known[term] |= {other: None for other in terms if other and other != term}
    return {term: tuple(others) for term, others in known.items()}
