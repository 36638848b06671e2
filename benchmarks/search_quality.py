"""How good the answers of the search are: nDCG@10, MRR and recall@50, beside BM25 on the same tokens and plain ts_rank.

    dev.py bench search_quality [--collection DIR] [--show] [--quick]

DIR holds corpus.jsonl and queries.jsonl (`_id`, `title`, `text`) and qrels.tsv (`query-id corpus-id score`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from math import log2
from pathlib import Path
from statistics import mean

from benchmarks._collection import Collection, load, read_collection, read_uk_lessons
from benchmarks._database import portal_database

DEPTH = 50
Answers = Callable[[str], list[int]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--collection", type=Path, metavar="DIR")
    options.add_argument("--show", action="store_true", help="also print the figures of each query")
    options.add_argument("--quick", action="store_true", help="the same: it is quick")
    chosen = options.parse_args()
    collection = read_collection(chosen.collection) if chosen.collection else read_uk_lessons()
    with portal_database():
        figures = measure(collection, show=chosen.show)
    print(json.dumps(figures))


def measure(collection: Collection, *, show: bool) -> dict[str, float]:
    """Ask every judged query of each of the three; return the means."""
    from benchmarks._peers import bm25, plain_ts_rank
    from benchmarks._reader import a_reader
    from lessons.models import Publication
    from lessons.search.finding import search

    ids = load(collection.texts)
    readable = Publication.objects.readable_by(a_reader()).unarchived()

    def ours(words: str) -> list[int]:
        return [one.pk for one in search(readable, words).best(readable, at_most=DEPTH)]

    asked = {key: words for key, words in collection.queries.items() if collection.judged.get(key)}
    print(f"{collection.name}: {len(ids)} texts, {len(asked)} judged queries")
    ranked = {
        name: {key: [ids[pk] for pk in answer(words)] for key, words in asked.items()}
        for name, answer in {"ours": ours, "bm25": bm25(readable), "ts_rank": plain_ts_rank(readable)}.items()
    }
    scores = {name: {key: ndcg(found[key], collection.judged[key]) for key in asked} for name, found in ranked.items()}
    if show:
        for key, words in asked.items():
            print("  ".join(f"{scores[name][key]:.3f}" for name in scores), key, words[:90])
    figures = {
        "ndcg10": _mean(scores["ours"].values()),
        "bm25_ndcg10": _mean(scores["bm25"].values()),
        "ts_rank_ndcg10": _mean(scores["ts_rank"].values()),
        "mrr": _mean(reciprocal_rank(ranked["ours"][key], collection.judged[key]) for key in asked),
        "recall50": _mean(recall(ranked["ours"][key], collection.judged[key]) for key in asked),
        "bm25_mrr": _mean(reciprocal_rank(ranked["bm25"][key], collection.judged[key]) for key in asked),
        "bm25_recall50": _mean(recall(ranked["bm25"][key], collection.judged[key]) for key in asked),
    }
    for name, figure in figures.items():
        print(f"{name:16} {figure:.4f}")
    return figures


def _mean(figures) -> float:
    numbers = list(figures)
    return round(mean(numbers), 4) if numbers else 0.0


def ndcg(found: list[str], judged: Mapping[str, float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain, with the judgement as gain."""
    gained = sum(judged.get(one, 0) / log2(place + 2) for place, one in enumerate(found[:depth]))
    best = sum(gain / log2(place + 2) for place, gain in enumerate(sorted(judged.values(), reverse=True)[:depth]))
    return gained / best if best else 0.0


def reciprocal_rank(found: list[str], judged: Mapping[str, float]) -> float:
    return next((1 / place for place, one in enumerate(found, start=1) if judged.get(one, 0) > 0), 0.0)


def recall(found: list[str], judged: Mapping[str, float]) -> float:
    relevant = {one for one, score in judged.items() if score > 0}
    return len(relevant & set(found[:DEPTH])) / len(relevant) if relevant else 0.0


if __name__ == "__main__":
    main()
