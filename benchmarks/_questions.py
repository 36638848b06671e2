"""What the search is asked when its speed is measured: words rare and common, several at once, questions of ten."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from benchmarks._recombined import _sentences

QUESTION_WORDS = 10
#: Part of the publications that have a word, from and to.
RARE = (0.0, 0.002)
COMMON = (0.15, 1.0)


def draw_words(number: int, *, seed: int = 20_26) -> dict[str, list[str]]:
    """Return `number` queries of each sort, from the words that are in the index."""
    draw = random.Random(seed)
    rare, common = _words(*RARE), _words(*COMMON)
    between = _words(RARE[1], COMMON[0])
    return {
        "rare": _some(draw, rare, number),
        "common": _some(draw, common, number),
        "several": [
            " ".join((draw.choice(common), draw.choice(between), draw.choice(draw.choice((between, common)))))
            for _ in range(number)
        ],
        "question": _questions(draw, number),
    }


def _words(least: float, most: float) -> list[str]:
    from lessons.models import Collection, Word

    among = Collection.objects.get().documents
    found = Word.objects.filter(documents__gt=max(1, least * among), documents__lte=max(2, most * among))
    return list(found.order_by("word").values_list("word", flat=True))


def _some(draw: random.Random, words: Sequence[str], number: int) -> list[str]:
    return draw.sample(words, number) if len(words) >= number else draw.choices(words, k=number)


def _questions(draw: random.Random, number: int) -> list[str]:
    """Return stretches of ten words, as people write them, with a question mark."""
    sentences, _ = _sentences()
    long = [words for one in sentences if len(words := re.findall(r"[\w’'-]+", one)) > QUESTION_WORDS]
    chosen = []
    for words in draw.sample(long, number):
        start = draw.randrange(len(words) - QUESTION_WORDS)
        chosen.append(" ".join(words[start : start + QUESTION_WORDS]) + "?")
    return chosen
