"""Reading JSON Lines as tables: one object a line; lists become cells with semicolons, `{"a": {"b": 1}}` a cell `a.b`.

A list of objects stays JSON.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accounts.tables import (
    CELL_LIMIT,
    COLUMN_LIMIT,
    FILE_LIMIT,
    LINE_LIMIT,
    ROW_LIMIT,
    Row,
    Table,
    UnreadableTable,
    columns_of,
)

LIST_SEPARATOR = ";"


def open_json_lines(path: Path, *, row_limit: int = ROW_LIMIT) -> Table:
    """Read a file of JSON Lines through and return it as a table, whose columns are the keys in use.

    :raises UnreadableTable: it is missing, too large, or a line is no object of plain values
    """
    if path.stat().st_size > FILE_LIMIT:
        raise UnreadableTable(f"{path.name} is larger than {FILE_LIMIT // 1024**2} MB. Split it into several files.")
    names: dict[str, None] = {}
    count = 0
    for count, (line, cells) in enumerate(_objects(path), start=1):
        names |= dict.fromkeys(cells)
        if len(names) > COLUMN_LIMIT:
            raise UnreadableTable(f"{path.name}, line {line}: there are more than {COLUMN_LIMIT} different keys.")
        if count > row_limit:
            raise UnreadableTable(f"{path.name} has more than {row_limit:,} rows (line {line}). Split it.")
    if not count:
        raise UnreadableTable(f"{path.name} is empty.")
    columns = columns_of(path, list(names))

    def read() -> Iterator[Row]:
        for line, cells in _objects(path):
            whole = {column: cells.get(column, "") for column in columns}
            yield Row(line, whole, list(whole.values()))

    return Table(path.name, columns, count, "utf-8", read)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LINE_LIMIT + 1), b""), start=1):
            if len(line) > LINE_LIMIT:
                raise UnreadableTable(f"{path.name}, line {number}: the line is longer than {LINE_LIMIT:,} characters.")
            if line.strip():
                yield number, _cells(path, number, line)


def _cells(path: Path, number: int, line: bytes) -> dict[str, str]:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableTable(f"{path.name}, line {number}: it is no JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise UnreadableTable(f"{path.name}, line {number}: each line must be a JSON object.")
    return {name: _text(value, f"{path.name}, line {number}: {name}") for name, value in _flat(found)}


def _flat(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        name = str(key).strip()
        if isinstance(value, dict):
            yield from ((f"{name}.{str(inner).strip()}", one) for inner, one in value.items())
        else:
            yield name, value


def _text(value: Any, where: str) -> str:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        value = LIST_SEPARATOR.join(str(one) for one in value)
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, dict | list):
        raise UnreadableTable(f"{where}: a value must be text, a number, a list of these, or one object of them.")
    text = "" if value is None else str(value).strip()
    if len(text) > CELL_LIMIT or "\0" in text:
        raise UnreadableTable(f"{where}: the text is longer than {CELL_LIMIT:,} characters, or has a NUL in it.")
    return text
