"""Words as the index has them, and how rare they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import cached_property

from lessons.search.indexing import USUAL_LENGTH
from lessons.search.measure import MARKS, mark, rarity

#: Stands for all publications among the lexemes, none of which has a colon at its end.
WHOLE = "all:"
KNOWN = """
SELECT lexeme, documents, 0 FROM lessons_lexeme WHERE lexeme = ANY(%s::varchar[])
UNION ALL SELECT %s, documents, length FROM lessons_collection
"""


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
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [[*plain, *marked], WHOLE])
            found = {lexeme: (documents, length) for lexeme, documents, length in cursor.fetchall()}
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
