"""Which lessons say much the same, by the rare words that they share.  It helps a person; it decides nothing."""

from itertools import combinations
from math import sqrt

from django.db import connection

from lessons.models import Publication
from lessons.search.vocabulary import Vocabulary

#: Two texts are called alike from this share of the weight of their words on.
ALIKE = 0.27
#: Texts that are compared, each with each.
MOST_COMPARED = 80

#: Marks of prominence and samples have a colon (`lessons/search/measure.py`).
LEXEMES = """
SELECT id, array(SELECT lexeme FROM unnest(search) WHERE lexeme !~ ':') FROM lessons_publication WHERE id = ANY(%s)
"""


def alike(publications: list[Publication]) -> list[list[Publication]]:
    """Return groups of two and more that say much the same, the largest first; of the first `MOST_COMPARED`."""
    texts = publications[:MOST_COMPARED]
    lexemes = lexemes_of([text.pk for text in texts])
    vocabulary = Vocabulary.about({word for words in lexemes.values() for word in words})
    weights = {
        word: vocabulary.rarity(vocabulary.documents.get(word, 0)) for words in lexemes.values() for word in words
    }
    whole = {pk: sum(weights[word] for word in words) for pk, words in lexemes.items()}
    groups: list[set[int]] = []
    for one, other in combinations([text.pk for text in texts], 2):
        shared = sum(weights[word] for word in lexemes[one] & lexemes[other])
        if whole[one] and whole[other] and shared / sqrt(whole[one] * whole[other]) >= ALIKE:
            joined = [group for group in groups if group & {one, other}]
            groups = [group for group in groups if group not in joined] + [{one, other}.union(*joined)]
    found = [[text for text in texts if text.pk in group] for group in groups]
    return sorted(found, key=lambda group: (-len(group), group[0].pk))


def lexemes_of(pks: list[int]) -> dict[int, set[str]]:
    """Return the words of publications, as the index has them."""
    with connection.cursor() as cursor:
        cursor.execute(LEXEMES, [pks])
        return {pk: set(words) for pk, words in cursor.fetchall()}
