"""What we compare the search with, each on the very tokens that our own index holds."""

from __future__ import annotations

from collections.abc import Callable

DEPTH = 50
#: A text as a list of its tokens; marks and samples of the index are none.
TOKENS = """
SELECT id, ARRAY(SELECT lexeme FROM unnest(search), generate_series(1, cardinality(positions)))
FROM lessons_publication WHERE id IN ({}) ORDER BY id
"""


def bm25(readable) -> Callable[[str], list[int]]:
    """Return a search by bm25s with its default parameters (Lucene's BM25, k1 1.5, b 0.75)."""
    import bm25s
    from django.db import connection

    sql, parameters = readable.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TOKENS.format(sql), parameters)
        rows = cursor.fetchall()
    keys = [pk for pk, _ in rows]
    retriever = bm25s.BM25()
    retriever.index([tokens for _, tokens in rows], show_progress=False)

    def answer(words: str) -> list[int]:
        tokens = [token for token in query_tokens(words) if token in retriever.vocab_dict]
        if not tokens:
            return []
        places, scores = retriever.retrieve([tokens], k=min(DEPTH, len(keys)), show_progress=False)
        return [keys[place] for place, score in zip(places[0], scores[0], strict=True) if score > 0]

    return answer


def tantivy_search() -> Callable[[str], object]:
    """Return a search by tantivy: the best twenty of the same texts, how many match, and counts of their terms."""
    import tantivy
    from django.db import connection

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="en_stem")
    schema.add_text_field("terms", tokenizer_name="raw", fast=True)
    index = tantivy.Index(schema.build())
    writer = index.writer(200_000_000, 1)
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT title, what_happened, terms FROM lessons_publication WHERE 'official/all' = ANY(readers)"
        )
        for title, body, terms in cursor:
            writer.add_document(tantivy.Document(text=[title, title, title, body], terms=terms))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    facets = {"terms": {"terms": {"field": "terms", "size": 1_000}}}

    def answer(words: str) -> object:
        query = index.parse_query(" ".join(query_words(words)), ["text"])
        return searcher.search(query, limit=20, count=True), searcher.aggregate(query, facets)

    return answer


def query_words(words: str) -> list[str]:
    from lessons.search.text import fold

    return fold(words).split()


def query_tokens(words: str) -> list[str]:
    from django.db import connection

    from lessons.search.text import fold

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lexeme FROM unnest(to_tsvector('english', %s)), generate_series(1, cardinality(positions))",
            [fold(words)],
        )
        return [lexeme for (lexeme,) in cursor.fetchall()]


def plain_ts_rank(readable) -> Callable[[str], list[int]]:
    """Return a search as Django's own: websearch syntax, all words, sorted by ts_rank."""
    from django.contrib.postgres.search import SearchQuery, SearchRank
    from django.db.models import F

    from lessons.search.text import fold

    def answer(words: str) -> list[int]:
        query = SearchQuery(fold(words), config="english", search_type="websearch")
        ranked = readable.filter(search=query).alias(rank=SearchRank(F("search"), query)).order_by("-rank", "-pk")
        return list(ranked.values_list("pk", flat=True)[:DEPTH])

    return answer
