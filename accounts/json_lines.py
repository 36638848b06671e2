"""Reading JSON Lines as tables: one object a line; lists become cells with semicolons, `{"a": {"b": 1}}` a cell `a.b`.

A list of objects stays JSON.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from accounts.table_words import in_file, in_line, too_large, too_many_rows
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
        raise UnreadableTable(in_file(path.name, too_large(FILE_LIMIT)))
    names: dict[str, None] = {}
    count = 0
    for count, (line, cells) in enumerate(_objects(path), start=1):
        names |= dict.fromkeys(cells)
        if len(names) > COLUMN_LIMIT:
            said = gettext("There are more than %(most)s columns.") % {"most": COLUMN_LIMIT}
            raise UnreadableTable(in_line(path.name, line, said))
        if count > row_limit:
            raise UnreadableTable(in_line(path.name, line, too_many_rows(row_limit)))
    if not count:
        raise UnreadableTable(in_file(path.name, gettext("The file is empty.")))
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
                said = gettext("The line is longer than %(most)s characters.") % {"most": f"{LINE_LIMIT:,}"}
                raise UnreadableTable(in_line(path.name, number, said))
            if line.strip():
                yield number, _cells(path, number, line)


def _cells(path: Path, number: int, line: bytes) -> dict[str, str]:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableTable(in_line(path.name, number, gettext("It is no JSON in UTF-8."))) from None
    if not isinstance(found, dict):
        raise UnreadableTable(in_line(path.name, number, gettext("Each line must be a JSON object.")))
    return {name: _text(value, name, path.name, number) for name, value in _flat(found)}


def _flat(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        name = str(key).strip()
        if isinstance(value, dict):
            yield from ((f"{name}.{str(inner).strip()}", one) for inner, one in value.items())
        else:
            yield name, value


def _text(value: Any, key: str, name: str, line: int) -> str:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        value = LIST_SEPARATOR.join(str(one) for one in value)
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, dict | list):
        said = gettext("The value of “%(key)s” must be text, a number, a list of these, or one object of them.")
        raise UnreadableTable(in_line(name, line, said % {"key": key}))
    text = "" if value is None else str(value).strip()
    if len(text) > CELL_LIMIT or "\0" in text:
        said = gettext("The text of “%(key)s” is longer than %(most)s characters, or has a NUL in it.")
        raise UnreadableTable(in_line(name, line, said % {"key": key, "most": f"{CELL_LIMIT:,}"}))
    return text
