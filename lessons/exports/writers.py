"""Documents as bytes: NDJSON and CSV.  A workbook is in `xlsx`."""

import csv
import io
import json
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Any

from accounts.cells import harmless
from lessons.exports.document import CODE_LISTS

#: Rows of one piece that is handed to the server.
ROWS_IN_A_PIECE = 100
SEPARATOR = "; "

#: Columns of a table, in reading order.
TABLE = (
    "reference",
    "kind",
    "title",
    "version",
    "published_at",
    "attributed_to",
    "event_name",
    "event_kind",
    "event_date",
    "event_precision",
    "statement",
    "what_happened",
    "context",
    "impact",
    "why",
    "recommendations",
    "no_recommendation_because",
    "action_taken",
    "benefit",
    "evidence",
    "to_copy_it",
    "brag",
    "marking",
    "handling",
    "audience",
    "audience_sectors",
    "audience_areas",
    "attribution",
    "not_a_national_risk",
    *CODE_LISTS,
    "archived_at",
    "url",
)

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut `rows` into lists of at most `ROWS_IN_A_PIECE`."""
    rows = iter(rows)
    while piece := list(islice(rows, ROWS_IN_A_PIECE)):
        yield piece


def ndjson(documents: Iterable[dict[str, Any]]) -> Generator[bytes, None, None]:
    """Yield one JSON object a line."""
    for piece in pieces(documents):
        yield "".join([_json(document) + "\n" for document in piece]).encode()


def table_row(document: dict[str, Any]) -> list[str | int]:
    """Return the cells of one lesson, as text but for the number of the version."""
    event = document["event"]
    flat = document | {f"event_{name}": value for name, value in event.items()}
    flat["recommendations"] = "\n".join(_recommendation(one) for one in document["recommendations"])
    return [_cell(flat[name]) for name in TABLE]


def _recommendation(one: dict[str, Any]) -> str:
    by_whom = one.get("by_whom", "")
    return f"{one.get('text', '')} (for: {by_whom})" if by_whom else str(one.get("text", ""))


def _cell(value: Any) -> str | int:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    if isinstance(value, list):
        return SEPARATOR.join(value)
    return value or ""


def csv_lines(documents: Iterable[dict[str, Any]]) -> Generator[bytes, None, None]:
    """Yield a table with a header, in UTF-8 with the mark by which spreadsheets know it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(TABLE)
    yield _taken(buffer)
    for piece in pieces(documents):
        writer.writerows([harmless(cell) for cell in table_row(document)] for document in piece)
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
