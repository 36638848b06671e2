"""People who read, search and look after lessons over HTTP, at a rate that does not wait for the answers."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from urllib.parse import quote

from devstack.waiting import LOOPBACK

#: How many of a hundred page views are of which sort.
MIX = {
    "home": 10,
    "list": 22,
    "search": 20,
    "lesson": 28,
    "risks": 3,
    "statistics": 2,
    "subscriptions": 3,
    "queue": 4,
    "api": 8,
}
GIVE_UP_SECONDS = 30


@dataclass(frozen=True)
class View:
    """One page, asked by one person."""

    sort: str
    path: str
    header: str  # a cookie, or a token


@dataclass
class Answers:
    """Seconds of each answer, by sort and by status; 0 is none."""

    seconds: list[tuple[str, int, float]] = field(default_factory=list)

    def statuses(self) -> Counter[int]:
        return Counter(status for _, status, _ in self.seconds)

    def p(self, share: float, sort: str | None = None) -> float:
        """Return the percentile in milliseconds."""
        ranked = sorted(took for one, _, took in self.seconds if sort in (None, one))
        return round(ranked[max(0, ceil(len(ranked) * share) - 1)] * 1000, 1) if ranked else 0.0


def views(people: Sequence[str], staff: Sequence[str], token: str, words: Sequence[str], size: int) -> Iterator[View]:
    """Yield page views without end, the same for every run."""
    chance = random.Random(11)
    while True:
        (sort,) = chance.choices(list(MIX), MIX.values())
        paths = {
            "home": "/",
            "list": f"/lessons/?page={chance.randint(1, 20)}&kind=lesson_identified",
            "search": f"/lessons/?q={quote(chance.choice(words))}",
            "lesson": f"/lessons/LI-2026-{chance.randint(1, size):07}/",
            "risks": "/risks/",
            "statistics": "/statistics/",
            "subscriptions": "/subscriptions/",
            "queue": "/review/",
            "api": f"/api/v1/lessons/?page_size=20&q={quote(chance.choice(words))}",
        }
        cookie = chance.choice(staff if sort == "queue" else people)
        yield View(sort, paths[sort], f"Authorization: Token {token}" if sort == "api" else f"Cookie: {cookie}")


async def ask(port: int, view: View, answers: Answers) -> None:
    """Ask over a connection of its own, as behind a proxy that keeps none, and note the answer."""
    began, status = time.perf_counter(), 0
    try:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            lines = [f"GET {view.path} HTTP/1.1", f"Host: {LOOPBACK}:{port}", view.header, "Connection: close", "", ""]
            writer.write("\r\n".join(lines).encode())
            page = await reader.read(-1)
            writer.close()
            status = int(page[9:12])
    except (OSError, TimeoutError, ValueError):
        status = 0
    answers.seconds.append((view.sort, status, time.perf_counter() - began))


async def at_a_rate(port: int, each: Iterator[View], *, per_second: float, seconds: float) -> Answers:
    """Ask so often, whether or not the answers come; return them all."""
    answers, asked = Answers(), set()
    began = time.perf_counter()
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        task = asyncio.create_task(ask(port, next(each), answers))
        asked.add(task)
        task.add_done_callback(asked.discard)
    await asyncio.gather(*asked)
    return answers


async def one_after_the_other(port: int, each: Iterator[View], *, at_once: int, seconds: float) -> Answers:
    """Let so many people each ask again as soon as they are answered: as much as can be answered."""
    answers, end = Answers(), time.perf_counter() + seconds

    async def go_on() -> None:
        while time.perf_counter() < end:
            await ask(port, next(each), answers)

    await asyncio.gather(*(go_on() for _ in range(at_once)))
    return answers


async def until_well(port: int, each: Iterator[View], *, in_a_row: int = 10, soon: float = 1.0) -> float:
    """Ask until so many answers in a row were good and soon; return how long the first of these took to come."""
    began, good = time.perf_counter(), 0
    first = 0.0
    while good < in_a_row and time.perf_counter() - began < 60:
        answers, asked_at = Answers(), time.perf_counter()
        await ask(port, next(each), answers)
        _, status, took = answers.seconds[0]
        first = asked_at if not good else first
        good = good + 1 if status < 400 or status == 404 else 0
        good = good if took < soon else 0
        await asyncio.sleep(0.05)
    return round(first - began, 1) if good else 60.0
