"""Did you mean …?  Only words of publications that every responder may read are offered."""

import re

from django.db import connection

from lessons.models import Lexeme, PublicationQuerySet
from lessons.search.finding import search
from lessons.search.text import without_accents
from lessons.search.vocabulary import lexemes_of

#: Shorter words are too like each other.
SHORTEST = 4
LONGEST = 40
#: Words of one query that are looked up: with more unknown ones, it is not a matter of spelling.
MOST = 4
#: Mistakes that are forgiven: one in a short word, more in a longer one.
LETTERS_FOR_EACH_MISTAKE = 4
CANDIDATES = 30

#: Known words that share most groups of three letters with the one that was typed.
NEAREST = """
SELECT word, documents FROM (
    SELECT word, documents,
           cardinality(ARRAY(SELECT unnest(trigrams) INTERSECT SELECT unnest(%(threes)s::text[]))) AS same
    FROM lessons_word WHERE trigrams && %(threes)s::varchar[] AND length(word) BETWEEN %(length)s - 2 AND %(length)s + 2
) AS near ORDER BY same DESC, documents DESC, word LIMIT %(limit)s
"""


def suggestion(words: str, publications: PublicationQuerySet) -> str | None:
    """Return `words` with what seems misspelt put right, if that finds something among `publications`; else None."""
    better = {word: near for word in _unknown(words) if (near := _nearest(word))}
    if not better:
        return None
    corrected = re.sub(r"\w+", lambda match: better.get(_plain(match[0]), match[0]), words)
    # A word counted a minute ago may stand in nothing that is still open: what is offered must find something.
    return corrected if search(publications, corrected).finds_any(publications) else None


def _unknown(words: str) -> list[str]:
    typed = dict.fromkeys(_plain(word) for word in re.findall(r"\w+", words[:1_000]))
    lexemes = lexemes_of(word for word in typed if SHORTEST <= len(word) <= LONGEST and word.isalpha())
    known = set(Lexeme.objects.filter(lexeme__in=lexemes.values()).values_list("lexeme", flat=True))
    unknown = [word for word, lexeme in lexemes.items() if lexeme not in known]
    return unknown if len(unknown) <= MOST else []


def _nearest(word: str) -> str | None:
    padded = f" {word} "
    threes = sorted({padded[start : start + 3] for start in range(len(padded) - 2)})
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, {"threes": threes, "length": len(word), "limit": CANDIDATES})
        found = cursor.fetchall()
    forgiven = max(1, len(word) // LETTERS_FOR_EACH_MISTAKE)
    near = sorted((mistakes(word, other), -documents, other) for other, documents in found)
    return near[0][2] if near and near[0][0] <= forgiven else None


def mistakes(word: str, other: str) -> int:
    """Return how many letters are missing, too many, wrong, or in each other's place."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(row[-1] + 1, last[j] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _plain(word: str) -> str:
    return without_accents(word).casefold()
