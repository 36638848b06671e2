"""Files of reference data: read whole and checked, then brought into a table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import models

from accounts.tables import Row, UnreadableTable, open_csv

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NAME_LIMIT = 200


@dataclass(frozen=True)
class Loaded:
    """What a file did to its table."""

    what: str
    rows: int
    added: int
    changed: int
    left_over: list[str]  # codes that are stored and no longer in the file


class ReferenceFile:
    """One file: its rows, and everything that is wrong with it."""

    def __init__(self, path: Path, columns: Sequence[str], *, required: Sequence[str], unique_in: str = "") -> None:
        """:param unique_in: the column within which codes and names are unique, such as `edition`"""
        self.name = path.name
        self.problems: list[str] = []
        self.rows: list[Row] = []  # those that fit the header
        try:
            table = open_csv(path)
            table.require(columns)
        except UnreadableTable as error:
            self.problems.append(str(error))
            return
        seen: dict[tuple[str, str, str], int] = {}
        for row in table.rows():
            if row.problem:
                self.wrong(row, row.problem)
            else:
                self._check_row(row, required, unique_in, seen)
                self.rows.append(row)
        if not table.size:
            self.problems.append(f"{self.name} has a header and no rows.")

    def _check_row(
        self, row: Row, required: Sequence[str], unique_in: str, seen: dict[tuple[str, str, str], int]
    ) -> None:
        for column in required:
            if not row.cells[column]:
                self.wrong(row, f"{column} is empty.")
        if not CODE.fullmatch(row.cells["code"]) or len(row.cells["code"]) > 100:
            self.wrong(row, f"code “{row.cells['code']}” is not made of small letters, digits and single hyphens.")
        if len(row.cells["name"]) > NAME_LIMIT:
            self.wrong(row, f"name is longer than {NAME_LIMIT} characters.")
        for column in ("code", "name"):
            key = (row.cells.get(unique_in, ""), column, row.cells[column].casefold())
            if key in seen:
                self.wrong(row, f"{column} “{row.cells[column]}” stands already on line {seen[key]}.")
            seen.setdefault(key, row.line)

    def wrong(self, row: Row, what: str) -> None:
        self.problems.append(f"{self.name}, line {row.line}: {what}")

    def must_be(self, column: str, allowed: Sequence[str]) -> None:
        """Note each row whose cell is none of `allowed`."""
        for row in self.rows:
            if row.cells.get(column, "") not in allowed:
                self.wrong(row, f"{column} is “{row.cells.get(column, '')}”; it must be one of {_listed(allowed)}.")

    def must_be_number(self, column: str, lowest: int, highest: int, *, may_be_empty: bool = False) -> None:
        for row in self.rows:
            value = row.cells.get(column, "")
            if value == "" and may_be_empty:
                continue
            if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
                self.wrong(row, f"{column} is “{value}”; it must be a number from {lowest} to {highest}.")


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(allowed) if len(allowed) <= 10 else f"{len(allowed)} known values"


def upsert(what: str, wanted: Sequence[models.Model], *, key: tuple[str, ...], fields: tuple[str, ...]) -> Loaded:
    """Bring a table to what a file says, in at most three queries.  Rows that are not in the file stay.

    :param key: fields that say which row is meant
    :param fields: fields that the file holds, besides the key
    """
    model = type(wanted[0])
    rows: models.Manager[models.Model] = model._default_manager  # noqa: SLF001 - Django documents it
    stored = {_values(row, key): row for row in rows.all()}
    new = [row for row in wanted if _values(row, key) not in stored]
    changed = []
    for row in wanted:
        known = stored.get(_values(row, key))
        if known is not None and _values(known, fields) != _values(row, fields):
            for name in fields:
                setattr(known, name, getattr(row, name))
            changed.append(known)
    if changed:
        rows.bulk_update(changed, fields)
    rows.bulk_create(new)  # after it: a name that somebody gave up is free
    named = {_values(row, key) for row in wanted}
    left_over = sorted("/".join(map(str, values)) for values in stored if values not in named)
    return Loaded(what, len(wanted), len(new), len(changed), left_over)


def _values(row: models.Model, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in names)
