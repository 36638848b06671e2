"""Storing the words by which publications are found."""

from collections.abc import Iterable

from django.db import connection

from lessons.models import Publication
from lessons.search.measure import MARKS, SAMPLES, saturation
from lessons.search.text import document

#: Words in a text as long as most: what the marks are reckoned with, so that they never go stale.
USUAL_LENGTH = 200

_MARKS = ", ".join(
    f"array_agg('{level}:' || lexeme) FILTER (WHERE f / (f + {saturation('length', USUAL_LENGTH)}) >= {share})"
    for level, share in enumerate(MARKS, start=1)
)
#: Vector and length of a `document` in the given expression, for the row `id`.
VECTOR = f"""
SELECT words || array_to_tsvector(array_cat(ARRAY['s:' || mod({{id}}, {SAMPLES})], marks)) AS search, length
FROM to_tsvector('english', {{document}}) AS words,
LATERAL (SELECT coalesce(sum(cardinality(positions)), 0)::int AS length FROM unnest(words)) AS whole,
LATERAL (
    SELECT array_cat({_MARKS}) AS marks
    FROM (SELECT lexeme, cardinality(positions)::float AS f FROM unnest(words) WHERE length(lexeme) < 100) AS each
) AS prominent
"""  # noqa: S608 - constants of this package

STORE = f"""
UPDATE lessons_publication SET (search, length) = ({VECTOR.format(id="id", document="given.document")})
FROM unnest(%s::bigint[], %s::text[]) AS given(publication, document) WHERE id = given.publication
"""  # noqa: S608


def index(text: Publication) -> None:
    """Store the words by which `text` is found."""
    index_all([text])


def index_all(texts: Iterable[Publication]) -> None:
    """Store the words of several publications at once."""
    documents = {text.pk: document(text) for text in texts}
    with connection.cursor() as cursor:
        cursor.execute(STORE, [list(documents), list(documents.values())])
