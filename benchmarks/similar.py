"""Lessons like a text: how often a right one is among the first five, and how long one call takes, beside BM25.

dev.py bench similar [--quick] [--publications N]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median

from benchmarks._collection import Text, load, read_uk_lessons
from benchmarks._database import portal_database

SHOWN = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="1,000 publications")
    options.add_argument("--publications", type=int, default=10_000)
    chosen = options.parse_args()
    number = 1_000 if chosen.quick else chosen.publications
    with portal_database():
        figures = measure(number)
    print(json.dumps(figures))


def measure(number: int) -> dict[str, float]:
    """Ask the judged queries of the corpus alone, then with others around it until there are `number` texts."""
    from benchmarks._peers import bm25
    from benchmarks._reader import a_reader
    from benchmarks._recombined import recombined
    from lessons.models import Publication
    from lessons.search.similar import most_alike, similar

    collection = read_uk_lessons()
    others = [Text(f"other-{n}", title, parts) for n, (title, parts) in enumerate(recombined(number))]
    ids = load([*collection.texts, *others[len(collection.texts) :]])
    reader = a_reader()
    readable = Publication.objects.readable_by(reader).unarchived()
    alone = readable.filter(pk__lte=len(collection.texts))

    def right(answer: Callable[[str], list[int]]) -> int:
        return sum(
            any(collection.judged[key].get(ids[pk], 0) >= 2 for pk in answer(words)[:SHOWN])
            for key, words in collection.queries.items()
        )

    peer = bm25(readable)
    texts = [" ".join(text.parts) for text in collection.texts[:40]]
    figures = {
        "publications": len(ids),
        "queries": len(collection.queries),
        "right_among_five": right(lambda words: [one.pk for one in most_alike(words, alone, SHOWN)]),
        "bm25_right_among_five": right(bm25(alone)),
        "median_ms": _median_ms(lambda text: similar(text, reader, SHOWN), texts),
        "bm25_median_ms": _median_ms(peer, texts),
    }
    for name, figure in figures.items():
        print(f"{name:24} {figure}")
    return figures


def _median_ms(call: Callable[[str], object], texts: list[str]) -> float:
    times = []
    for text in texts:
        began = time.perf_counter()
        call(text)
        times.append((time.perf_counter() - began) * 1000)
    return round(median(times), 1)


if __name__ == "__main__":
    main()
