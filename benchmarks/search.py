"""How fast lists, searches and lessons are answered over HTTP, beside their bare SQL and beside tantivy.

    dev.py bench search [--size 10000] [--quick] [--keep FOLDER]

Texts are those of the shared corpora, recombined; the server is gunicorn as the portal runs it, asked by one reader,
one request after the other, each of them different.  "sql" is the time of the same statements, sent again without
the portal.  It is compared with the same requests "again", since by then the database has read what they need.
"python" and "database" are how long each of the two processes computed for an answer: what other work on the machine
cannot spoil.  `--keep` leaves the database in a folder for the next run.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from benchmarks._database import portal_database

EACH = 40
#: Requests of each sort that are asked before anything is measured, for other words: a server runs for weeks.
BEFORE = 5
PAGES = 500  # of 20 lessons: the last that lists show


@dataclass(frozen=True)
class Asked:
    """One request; `body` makes it a POST."""

    path: str
    body: dict[str, object] | None = None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=10_000, help="publications")
    options.add_argument("--each", type=int, default=EACH, help="requests of each sort")
    options.add_argument("--quick", action="store_true", help="1,000 publications, ten requests of each sort")
    options.add_argument("--only", default="", help="sorts of requests, with commas between: list,lesson")
    options.add_argument("--load", action="store_true", help="only load, and measure another time")
    options.add_argument("--keep", type=Path, help="keep the database in this folder")
    chosen = options.parse_args()
    size, each = (1_000, 10) if chosen.quick else (chosen.size, chosen.each)
    with portal_database(chosen.keep):
        load(size)
        if chosen.load:
            return
        figures = measure(size, each, tuple(filter(None, chosen.only.split(","))))
    print(json.dumps(figures))


def load(size: int) -> None:
    from django.core.management import call_command

    from benchmarks._publications import Row, publish
    from benchmarks._recombined import recombined
    from lessons.models import Publication

    if there := Publication.objects.count():
        assert there == size, f"{there} publications are kept there: choose another folder"
        return
    call_command("load_reference", stdout=StringIO())
    began = time.perf_counter()
    tags = _Tags()
    publish(Row(n, title, parts, *tags.draw()) for n, (title, parts) in enumerate(recombined(size), start=1))
    print(f"loaded {size} publications in {time.perf_counter() - began:.0f} s")


class _Tags:
    """Codes for publications, some of them far more often than others."""

    def __init__(self) -> None:
        from accounts.models import ResilienceArea
        from lessons.models import Capability, NationalRisk, Theme

        self.chance = random.Random(7)
        self.risks = list(NationalRisk.objects.order_by("pk").values_list("code", "theme_code"))
        self.themes = list(Theme.objects.order_by("pk").values_list("code", flat=True))
        self.capabilities = list(Capability.objects.order_by("pk").values_list("code", flat=True))
        self.areas = list(ResilienceArea.objects.order_by("pk").values_list("code", flat=True))

    def draw(self) -> tuple[list[str], list[str]]:
        """Return terms and readers."""
        risk, risk_theme = self._one(self.risks)
        area = self._one(self.areas)
        terms = [
            f"kind:{self._one(('lesson_identified', 'notable_practice'))}",
            f"risk:{risk}",
            f"risk-theme:{risk_theme}",
            *{f"theme:{self._one(self.themes)}" for _ in range(2)},
            f"capability:{self._one(self.capabilities)}",
            f"area:{area}",
            f"sector:{self._one(('fire', 'police', 'ambulance', 'local-government', 'health'))}",
            f"source:{self._one(('incident', 'exercise', 'training', 'planned_event', 'external'))}",
            f"brag:{self._one(('green', 'blue', 'amber', 'red'))}",
        ]
        audience = self.chance.choices(("official/all", f"official/area:{area}", f"sensitive/area:{area}"), (90, 7, 3))
        return terms, [*audience, "owner:benchmark-frs", f"moderates:{area}", "national"]

    def _one(self, codes: Sequence):
        """Return one of them, the first much more often than the last."""
        return codes[int(len(codes) * self.chance.random() ** 2)]


def measure(size: int, each: int, only: tuple[str, ...] = ()) -> dict[str, float]:
    from benchmarks._answers import Client, Statements, cpu_seconds, web_server
    from benchmarks._peers import tantivy_search
    from benchmarks._questions import draw_words

    words = draw_words(each)
    asked = {name: some for name, some in requests(words, each, size).items() if not only or name in only}
    before = requests(draw_words(BEFORE, seed=BEFORE), BEFORE, size, seed=BEFORE)
    statements = Statements()
    figures: dict[str, float] = {"publications": size}
    with web_server() as (port, worker):
        client = Client(port)
        for name in asked:
            for one in before[name]:
                client.seconds(one)  # what is loaded once, in server and database
        for name, some in asked.items():
            computed = cpu_seconds(worker)
            took = [client.seconds(one) for one in some]
            figures |= _times(name, took)
            figures[f"{name}_slowest_ms"] = _ms(max(took))
            figures[f"{name}_python_ms"] = _ms((cpu_seconds(worker) - computed) / len(some))
            again = median(client.seconds(one) for one in some)
            computed = cpu_seconds(statements.backend)
            # Each is sent twice, like the pages: what is asked again was read before all the others were.
            learnt = [statements.learn(one) for one in some]
            bare = [statements.seconds(one) for one in learnt]
            figures[f"{name}_database_ms"] = _ms((cpu_seconds(statements.backend) - computed) / 2 / len(some))
            figures[f"{name}_sql_p50_ms"] = _ms(median(bare))
            limit = max(2 * median(bare), median(bare) + 0.04)
            figures[f"{name}_again_p50_ms"] = _ms(again)
            figures[f"{name}_within_twice_sql"] = again <= limit
            print(
                f"{name:18} p50 {figures[f'{name}_p50_ms']:7} ms   p95 {figures[f'{name}_p95_ms']:7} ms   "
                f"slowest {figures[f'{name}_slowest_ms']:7} ms   "
                f"again {figures[f'{name}_again_p50_ms']:7} ms   bare SQL {figures[f'{name}_sql_p50_ms']:7} ms   "
                f"CPU: Python {figures[f'{name}_python_ms']:5}, database {figures[f'{name}_database_ms']:5} ms"
            )
    peer = None if only else tantivy_search()
    for sort, some in words.items() if peer else ():
        figures |= _times(f"tantivy_{sort}", [_seconds(peer, query) for query in some])
        print(f"tantivy {sort:10} p50 {figures[f'tantivy_{sort}_p50_ms']:7} ms")
    pages = [figures[f"{name}_p95_ms"] for name in asked]
    figures["worst_p95_ms"] = max(pages)
    return figures


def requests(words: dict[str, list[str]], each: int, size: int, *, seed: int = 1) -> dict[str, list[Asked]]:
    """Return the requests of each sort."""
    chance = random.Random(seed)
    themes = ("communicate", "co-locate", "co-ordinate")
    filters = [
        {"kind": chance.choice(("lesson_identified", "notable_practice")), "theme": chance.choice(themes)}
        if n % 2
        else {"sector": chance.choice(("fire", "police", "health")), "sort": "newest"}
        for n in range(each)
    ]
    last = min(PAGES, math.ceil(size * 0.9 / 20))
    deep = [{"page": str(chance.randint(last // 2, last))} for _ in range(each)]
    references = [f"LI-2026-{chance.randint(1, size):07}" for _ in range(each * 3)]
    plans = [" ".join(chance.choices(words["question"], k=12)) for _ in range(each)]
    found = {f"search_{sort}": _pages([{"q": query} for query in some]) for sort, some in words.items()}
    return found | {
        "search_filtered": _pages({"q": q} | chosen for q, chosen in zip(words["several"], filters, strict=True)),
        "search_newest": _pages({"q": q, "sort": "newest"} for q in words["several"]),
        "search_deep": _pages({"q": q, "page": str(chance.randint(5, 60))} for q in words["common"]),
        "list": _pages(filters),
        "list_deep": _pages(deep),
        "lesson": [Asked(f"/lessons/{reference}/") for reference in _readable(references)[:each]],
        "similar": [Asked("/api/v1/similar/", {"text": plan}) for plan in plans],
        "api_search": [Asked(f"/api/v1/lessons/?{urlencode({'q': query})}") for query in words["several"]],
    }


def _pages(queries: Iterable[dict[str, str]]) -> list[Asked]:
    return [Asked(f"/lessons/?{urlencode(query)}") for query in queries]


def _readable(references: list[str]) -> list[str]:
    from benchmarks._reader import a_reader
    from lessons.models import Publication

    readable = Publication.objects.readable_by(a_reader()).filter(lesson__reference__in=references)
    return list(readable.order_by("pk").values_list("lesson__reference", flat=True))


def _seconds(call: Callable[[str], object], query: str) -> float:
    began = time.perf_counter()
    call(query)
    return time.perf_counter() - began


def _times(name: str, seconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    return {
        f"{name}_p50_ms": _ms(median(ranked)),
        f"{name}_p95_ms": _ms(ranked[min(len(ranked) - 1, math.ceil(len(ranked) * 0.95) - 1)]),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


if __name__ == "__main__":
    main()
