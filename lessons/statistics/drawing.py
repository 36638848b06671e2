"""The geometry of charts: where each bar, column and tile stands.  Templates draw them as SVG."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any

#: Steps of the one colour in which maps and matrices are shaded; 0 is nothing.
SHADES = 5

COLUMN_AREA = (600, 200)  # units of the view box, without the labels below
LABEL_ROOM = 24
TILE = 64
#: Wider columns would be blocks, and further apart a phone would not show them without scrolling.
WIDEST_COLUMN, WIDEST_STEP = 60, 90


@dataclass(frozen=True)
class Row:
    """One thing that is counted.

    :ivar url: the list of what is counted; "" where there is none
    """

    name: str
    count: int
    url: str = ""
    more: tuple[Any, ...] = ()  # further cells of the table
    instead: str = ""  # shown where the count is not told

    @property
    def shown(self) -> int | str:
        return self.instead or self.count


@dataclass(frozen=True)
class Bar:
    row: Row
    percent: str  # of the longest


def bars(rows: list[Row]) -> list[Bar]:
    """Return each row with the length of its bar."""
    longest = max((row.count for row in rows), default=0) or 1
    return [Bar(row, f"{100 * row.count / longest:.1f}%") for row in rows]


@dataclass(frozen=True)
class Column:
    row: Row
    x: float
    y: float
    width: float
    height: float
    middle: float
    has_label: bool


@dataclass
class Columns:
    columns: list[Column] = field(default_factory=list)
    width: int = COLUMN_AREA[0]
    height: int = COLUMN_AREA[1] + LABEL_ROOM + 18
    baseline: int = COLUMN_AREA[1] + 18


def columns(rows: list[Row], labels: int = 12) -> Columns:
    """Return where each column stands; every n-th has a label, so that about `labels` fit."""
    drawn = Columns()
    if not rows:
        return drawn
    highest = max(row.count for row in rows) or 1
    step = min(COLUMN_AREA[0] / len(rows), WIDEST_STEP)
    width = min(step * 0.8, WIDEST_COLUMN)
    every = -(-len(rows) // labels)
    for place, row in enumerate(rows):
        height = COLUMN_AREA[1] * row.count / highest
        middle = step * (place + 0.5)
        drawn.columns.append(
            Column(
                row=row,
                x=round(middle - width / 2, 1),
                y=round(drawn.baseline - height, 1),
                width=round(width, 1),
                height=round(height, 1),
                middle=round(middle, 1),
                has_label=(len(rows) - 1 - place) % every == 0,
            )
        )
    return drawn


def shade(count: int, highest: int) -> int:
    """Return the step of the shade for `count`: 0 for none, else 1 to `SHADES` by the square root.

    Counts of lessons are uneven: a few areas have most.  The root keeps the small ones apart.
    """
    if count <= 0:
        return 0
    root: float = (count / highest) ** 0.5
    return max(1, min(SHADES, round(SHADES * root)))


@dataclass(frozen=True)
class Tile:
    row: Row
    letters: str
    x: int
    y: int
    shade: int

    @property
    def middle(self) -> int:
        return self.x + TILE // 2


@dataclass(frozen=True)
class Tiles:
    tiles: list[Tile]
    width: int
    height: int
    side: int = TILE - 4


def tiles(places: list[tuple[Row, int, int]]) -> Tiles:
    """:param places: row, row of the map, column of the map"""
    highest = max((row.count for row, _, _ in places), default=0) or 1
    short = letters_of(row.name for row, _, _ in places)
    drawn = [
        Tile(row, short[row.name], column * TILE, line * TILE, shade(row.count, highest))
        for row, line, column in places
    ]
    width = max((tile.x for tile in drawn), default=0) + TILE
    return Tiles(drawn, width, max((tile.y for tile in drawn), default=0) + TILE)


def letters_of(names: Iterable[str]) -> dict[str, str]:
    """Return for each name three letters that no other has."""
    usual = {name: letters(name) for name in names}
    often = Counter(usual.values())
    found = {name: short for name, short in usual.items() if often[short] == 1}
    for name in sorted(usual.keys() - found.keys()):
        taken = {*found.values()}
        found[name] = next((short for short in _other_letters(name) if short not in taken), usual[name])
    return found


def _other_letters(name: str) -> Iterator[str]:
    """Yield what may stand for a name besides its first letters: "NYO" for North Yorkshire, "NOT" for Northampton."""
    words = re.findall(r"\b[A-Z][a-z]+", name)
    if len(words) > 1:
        yield f"{words[0][0]}{words[-1][:2]}".upper()
    plain = "".join(words).upper()
    yield from (f"{plain[:2]}{letter}" for letter in plain[2:])


def letters(name: str) -> str:
    """Return what stands for a long name on a small tile: "CUM", "CDD"."""
    words = [word for word in name.replace(",", " ").replace("-", " ").split() if word[0].isupper()]
    return "".join(word[0] for word in words[:3]) if len(words) > 2 else name.replace(" ", "")[:3].upper()


@dataclass(frozen=True)
class MatrixCell:
    count: int
    url: str
    shade: int


@dataclass(frozen=True)
class MatrixRow:
    name: str
    cells: list[MatrixCell]
    total: int


def matrix(rows: dict[str, list[tuple[int, str]]], *, years_of_first: int = 1) -> list[MatrixRow]:
    """:param rows: name -> (count, url) by column

    :param years_of_first: that the first column stands for: it is shaded as one of them would be
    """

    def weight(column: int, count: int) -> int:
        return count if column else ceil(count / max(years_of_first, 1))

    weights = {name: [weight(n, count) for n, (count, _) in enumerate(cells)] for name, cells in rows.items()}
    highest = max((each for all_of_row in weights.values() for each in all_of_row), default=0) or 1
    return [
        MatrixRow(
            name,
            [
                MatrixCell(count, url, shade(each, highest))
                for (count, url), each in zip(cells, weights[name], strict=True)
            ],
            sum(count for count, _ in cells),
        )
        for name, cells in rows.items()
    ]
