"""Lessons for a plan, an exercise scenario or a message from an incident, each with the passage that calls for it.

The text is read and forgotten: nothing of it is stored or logged.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lessons.alike import lexemes_of as lexemes_of_publications
from lessons.models import Publication, PublicationQuerySet
from lessons.search import synonyms
from lessons.search.finding import search
from lessons.search.text import fold
from lessons.search.vocabulary import Vocabulary, lexemes_of

LONGEST_TEXT = 50_000  # characters
#: A plan has many subjects: it is looked up in so many pieces at most, of at least so many characters.
MOST_PIECES = 8
SHORTEST_PIECE = 1_500
#: A passage is a few sentences: what can be shown beside a lesson.
LONGEST_PASSAGE = 280
BEST_OF_A_PIECE = 15
SHOWN = 20
#: A lesson that shares fewer words with a passage is left out: one word is chance.
FEWEST_WORDS = 2
MOST_WORDS = 6

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?]+|\n|$)\s*")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Part:
    """Some characters of a passage, and whether they are a word that the lesson shares."""

    text: str
    is_shared: bool


@dataclass(frozen=True)
class Fit:
    """A lesson that a text calls for.

    :ivar words: what both speak of, in the words of the text, the rarest first
    :ivar passage: where the text speaks of it most
    """

    publication: Publication
    score: float
    words: tuple[str, ...]
    passage: tuple[Part, ...]


def lessons_for(text: str, publications: PublicationQuerySet) -> list[Fit]:
    """Return the lessons among `publications` that fit `text`, best first."""
    passages = passages_of(text[:LONGEST_TEXT])
    scores = _scores(pieces_of(passages), publications)
    best = sorted(scores, key=lambda pk: (-scores[pk], -pk))[: 2 * SHOWN]
    texts = publications.select_related("lesson").defer("search").in_bulk(best)
    reader = _Reader(passages, lexemes_of_publications(best))
    fits = [reader.fit(texts[pk], scores[pk]) for pk in best if pk in texts]
    return [fit for fit in fits if len(fit.words) >= FEWEST_WORDS][:SHOWN]


def passages_of(text: str) -> list[str]:
    """Return the text as passages of some sentences each; a sentence without end is cut."""
    passages: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        current = ""
        for sentence in _SENTENCE.findall(paragraph):
            if current and len(current) + len(sentence) > LONGEST_PASSAGE:
                passages.append(current)
                current = ""
            current += sentence
            while len(current) > LONGEST_PASSAGE:
                cut = current.rfind(" ", 1, LONGEST_PASSAGE) + 1 or LONGEST_PASSAGE
                passages.append(current[:cut])
                current = current[cut:]
        passages.append(current)
    return [passage.strip() for passage in passages if passage.strip()]


def pieces_of(passages: list[str]) -> list[str]:
    """Return the passages put together to at most `MOST_PIECES` pieces of about the same length."""
    length = max(SHORTEST_PIECE, sum(map(len, passages)) // MOST_PIECES + LONGEST_PASSAGE)
    pieces = [""]
    for passage in passages:
        if pieces[-1] and len(pieces[-1]) + len(passage) > length:
            pieces.append("")
        pieces[-1] += passage + "\n"
    return [piece for piece in pieces if piece.strip()]


def _scores(pieces: Iterable[str], publications: PublicationQuerySet) -> dict[int, float]:
    """Return how well each publication fits the piece that it fits best."""
    scores: dict[int, float] = {}
    for piece in pieces:
        words = fold(piece).lower()  # a text gives no orders: no quotes, no minus, no OR
        for one in search(publications, words).best(publications, at_most=BEST_OF_A_PIECE):
            scores[one.pk] = max(scores.get(one.pk, 0), one.score)
    return scores


class _Reader:
    """Looks for what a text shares with lessons: words looked up once, then in memory."""

    def __init__(self, passages: list[str], found: dict[int, set[str]]) -> None:
        self.passages = passages
        self.found = found
        words = [word for passage in passages for word in _words(passage)]
        self.lexemes = lexemes_of(words)
        in_order = [self.lexemes[word] for word in words if word in self.lexemes]
        self.meant = synonyms.of(in_order)
        vocabulary = Vocabulary.about(set(in_order))
        self.weights = {word: vocabulary.rarity(vocabulary.documents.get(word, 0)) for word in set(in_order)}
        self.inside = [{self.lexemes[word] for word in _words(passage) if word in self.lexemes} for passage in passages]

    def fit(self, publication: Publication, score: float) -> Fit:
        shared = self._shared(self.found.get(publication.pk, set()))
        weighed = [sum(self.weights[lexeme] for lexeme in inside & shared) for inside in self.inside]
        passage = self.passages[weighed.index(max(weighed))] if weighed else ""
        return Fit(publication, score, tuple(self._named(passage, shared)), tuple(self._parts(passage, shared)))

    def _shared(self, theirs: set[str]) -> set[str]:
        """Return the lexemes of the text that the lesson has too, itself or as a synonym."""
        shared = self.weights.keys() & theirs
        return shared | {
            word for word, phrases in self.meant.items() if any(set(phrase) <= theirs for phrase in phrases)
        }

    def _named(self, passage: str, shared: set[str]) -> list[str]:
        named: dict[str, str] = {}
        for match in _WORD.finditer(passage):
            lexeme = self._lexeme(match[0])
            if lexeme in shared and not match[0].isdigit():
                named.setdefault(lexeme, match[0])
        rarest = sorted(named, key=lambda lexeme: -self.weights[lexeme])[:MOST_WORDS]
        return [named[lexeme] for lexeme in rarest]

    def _parts(self, passage: str, shared: set[str]) -> list[Part]:
        parts, end = [], 0
        for match in _WORD.finditer(passage):
            if self._lexeme(match[0]) in shared:
                parts += [Part(passage[end : match.start()], is_shared=False), Part(match[0], is_shared=True)]
                end = match.end()
        return [part for part in [*parts, Part(passage[end:], is_shared=False)] if part.text]

    def _lexeme(self, word: str) -> str:
        folded = _words(word)
        return self.lexemes.get(folded[0], "") if folded else ""


def _words(text: str) -> list[str]:
    return fold(text).lower().split()
