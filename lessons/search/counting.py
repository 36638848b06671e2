"""Keeping count of the words in publications that every responder may read."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accounts.locks import OneAtATime
from lessons.models import Collection, CountedPublication, Publication, PublicationQuerySet
from lessons.search.text import document

#: Publications whose words are counted in one transaction.
BATCH = 2_000
EVERYBODY = "official/all"

LEXEMES = (
    "SELECT lexeme, count(*) AS documents FROM lessons_publication, unnest(search) WHERE id = ANY(%s) GROUP BY lexeme"
)
#: Words as they are written: of letters, neither very short nor very long, and not among the stop words.
WORDS = """
SELECT lexeme AS word, count(*) AS documents
FROM unnest(%s::text[]) AS document, unnest(to_tsvector('simple', document))
WHERE lexeme ~ '^[[:alpha:]]{3,40}$' AND numnode(plainto_tsquery('english', lexeme)) > 0
GROUP BY lexeme
"""
TRIGRAMS = "(SELECT array_agg(DISTINCT substr(' ' || word || ' ', n, 3)) FROM generate_series(1, length(word)) AS n)"

MORE_LEXEMES = f"""
INSERT INTO lessons_lexeme AS known (lexeme, documents) {LEXEMES} ORDER BY lexeme
ON CONFLICT (lexeme) DO UPDATE SET documents = known.documents + excluded.documents
"""
MORE_WORDS = f"""
INSERT INTO lessons_word AS known (word, documents, trigrams)
SELECT word, documents, {TRIGRAMS} FROM ({WORDS}) AS counted ORDER BY word
ON CONFLICT (word) DO UPDATE SET documents = known.documents + excluded.documents
"""  # noqa: S608
FEWER_LEXEMES = f"""
UPDATE lessons_lexeme AS known SET documents = greatest(0, known.documents - gone.documents)
FROM ({LEXEMES}) AS gone WHERE known.lexeme = gone.lexeme
"""  # noqa: S608
FEWER_WORDS = f"""
UPDATE lessons_word AS known SET documents = greatest(0, known.documents - gone.documents)
FROM ({WORDS}) AS gone WHERE known.word = gone.word
"""  # noqa: S608
EMPTY = "DELETE FROM lessons_lexeme WHERE documents = 0; DELETE FROM lessons_word WHERE documents = 0"


def for_everybody() -> PublicationQuerySet:
    """Return the publications whose words may be known to all."""
    return Publication.objects.live().filter(readers__contains=[EVERYBODY])


def count_words(*, at_a_time: int = BATCH) -> int:
    """Bring the counts up to date; return how many publications were counted or uncounted.

    Does nothing if nothing changed, or while another process does it.
    """
    changed = 0
    while batch := _count_batch(at_a_time):
        changed += batch
    return changed


@transaction.atomic
def _count_batch(at_most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [OneAtATime.COUNT_WORDS])
        if not cursor.fetchone()[0]:
            return 0
        counted = CountedPublication.objects.filter(publication=OuterRef("pk"))
        new = list(for_everybody().filter(~Exists(counted)).values_list("pk", flat=True)[:at_most])
        still = for_everybody().filter(pk=OuterRef("publication_id"))
        gone = list(CountedPublication.objects.filter(~Exists(still)).values_list("pk", flat=True)[:at_most])
        if not new and not gone:
            return 0
        if gone:
            cursor.execute(FEWER_LEXEMES, [gone])
            cursor.execute(FEWER_WORDS, [_documents(gone)])
            cursor.execute(EMPTY)
            CountedPublication.objects.filter(pk__in=gone).delete()
        if new:
            cursor.execute(MORE_LEXEMES, [new])
            cursor.execute(MORE_WORDS, [_documents(new)])
            CountedPublication.objects.bulk_create([CountedPublication(pk=pk) for pk in new])
        _measure(new, gone)
    return len(new) + len(gone)


def _documents(pks: Sequence[int]) -> list[str]:
    return [document(text) for text in Publication.objects.filter(pk__in=pks).defer("search")]


def _measure(new: Sequence[int], gone: Sequence[int]) -> None:
    whole, _ = Collection.objects.get_or_create(pk=1, defaults={"documents": 0, "length": 0})
    for pks, sign in ((new, 1), (gone, -1)):
        lengths = Publication.objects.filter(pk__in=pks).values_list("length", flat=True)
        whole.documents = max(0, whole.documents + sign * len(pks))
        whole.length = max(0, whole.length + sign * sum(lengths))
    whole.save()
