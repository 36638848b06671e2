"""Any number of texts from the real ones of the shared corpora: each takes its sentences from several of them."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator

from benchmarks._collection import SHARED, _open

SENTENCES = (6, 16)


def recombined(number: int, *, seed: int = 20_26) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield `number` titles with what follows them, the same for the same seed."""
    draw = random.Random(seed)
    sentences, titles = _sentences()
    for _ in range(number):
        few = draw.randint(*SENTENCES)
        start = draw.randrange(len(sentences) - few)
        body = [*sentences[start : start + few // 2], *draw.choices(sentences, k=few - few // 2)]
        yield f"{draw.choice(titles)} {draw.choice(titles)}"[:120], (" ".join(body),)


def _sentences() -> tuple[list[str], list[str]]:
    with _open(SHARED / "safenet_1999_2015.csv") as file:
        reports = list(csv.DictReader(file))
    with _open(SHARED / "uk_lessons.csv") as file:
        lessons = list(csv.DictReader(file))
    texts = [report["what_happened"] for report in reports]
    texts += [" ".join((one["what_happened"], one["cause"], one["lesson"])) for one in lessons for _ in range(10)]
    sentences = [part for text in texts for part in re.split(r"(?<=[.!?])\s+", text) if 20 < len(part) < 400]
    return sentences, [row["title"] for row in [*reports, *lessons] if len(row["title"]) > 5]
