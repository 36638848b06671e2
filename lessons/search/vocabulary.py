"""Words as the index has them, and how rare they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Value
from django.utils.functional import cached_property

from lessons.models import Collection, Lexeme
from lessons.search.indexing import USUAL_LENGTH
from lessons.search.measure import MARKS, mark, rarity

#: Stands for all publications among the lexemes, none of which has a colon at its end.
WHOLE = "all:"


def lexemes_of(words: Iterable[str]) -> dict[str, str]:
    """Return the lexeme of each word, as the index has it; stop words are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, lexeme FROM unnest(%s::text[]) AS word, "
            "LATERAL (SELECT lexeme FROM unnest(to_tsvector('english', word)) LIMIT 1) AS found",
            [list(dict.fromkeys(words))],
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True)
class Vocabulary:
    """How many of the counted publications have which lexeme.  A lexeme that is not known is in none."""

    documents: dict[str, int]
    among: int
    length: int

    @classmethod
    def about(cls, lexemes: Iterable[str]) -> "Vocabulary":
        """Look up `lexemes` and their marks."""
        plain = list(lexemes)
        marked = [mark(level, lexeme) for level in range(1, len(MARKS) + 1) for lexeme in plain]
        known = Lexeme.objects.filter(lexeme__in=[*plain, *marked]).values_list("lexeme", "documents", Value(0))
        whole = Collection.objects.values_list(Value(WHOLE), "documents", "length")
        found = {lexeme: (documents, length) for lexeme, documents, length in known.union(whole, all=True)}
        among, length = found.pop(WHOLE, (0, 0))
        return cls({lexeme: documents for lexeme, (documents, _) in found.items()}, among, length)

    @cached_property
    def average_length(self) -> float:
        return self.length / self.among if self.among else USUAL_LENGTH

    def rarity(self, documents: int) -> float:
        return rarity(documents, self.among)

    def part(self, lexeme: str) -> float:
        """Return how likely a publication has the lexeme."""
        return min(1.0, self.documents.get(lexeme, 0) / self.among) if self.among else 0.0
