"""Reading CSV files strictly: what is wrong is said with the line, and nothing is guessed silently."""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.table_words import in_file, in_line, too_large, too_many_rows

FILE_LIMIT = 100 * 1024 * 1024  # bytes
ROW_LIMIT = 1_000_000
COLUMN_LIMIT = 500
CELL_LIMIT = 100_000  # characters
LINE_LIMIT = 5_000_000  # characters, so that a file without line breaks is not read into memory whole
SEPARATORS = (",", ";", "\t", "|")
UTF_16_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
OTHER_KINDS = {".xlsx", ".xls", ".ods", ".json", ".jsonl", ".pdf", ".docx", ".zip"}
HOW_TO_SAVE = _("Save it as “CSV UTF-8” and try again.")


class UnreadableTable(Exception):
    """The file cannot be read as a table.  The message is written for the person who has the file."""


@dataclass(frozen=True)
class Row:
    """One record of a table: cells by column, without white space around them."""

    line: int  # where the record begins in the file, from 1
    cells: dict[str, str]
    raw: list[str] = field(repr=False)  # as they stand in the file
    problem: str = ""  # why the record does not fit the header, or ""


@dataclass(frozen=True)
class Table:
    """A file that was read through once and found sound; `rows()` reads it again, a record at a time."""

    name: str
    columns: tuple[str, ...]
    size: int  # records
    encoding: str
    read: Callable[[], Iterator[Row]] = field(repr=False)

    def rows(self) -> Iterator[Row]:
        return self.read()

    def require(self, columns: Iterable[str]) -> None:
        """Check that the columns are there.

        :raises UnreadableTable: some are missing
        """
        if missing := [column for column in columns if column not in self.columns]:
            said = gettext("These columns are missing: %(missing)s. The file has %(columns)s.")
            said %= {"missing": ", ".join(missing), "columns": ", ".join(self.columns)}
            raise UnreadableTable(in_line(self.name, 1, said))


def open_csv(path: Path, *, row_limit: int = ROW_LIMIT) -> Table:
    """Read a CSV file through and return it as a table.

    UTF-8 with or without a mark, UTF-16 with one, and Windows-1252 are understood; separators are those of
    `SEPARATORS`, by the header.

    :raises UnreadableTable: it is missing, too large, in another encoding, or no sound CSV
    """
    size = _size_of(path)
    if path.suffix.lower() in OTHER_KINDS:
        raise UnreadableTable(in_file(path.name, gettext("It is no CSV file."), HOW_TO_SAVE))
    if not size:
        raise UnreadableTable(in_file(path.name, gettext("The file is empty.")))
    if size > FILE_LIMIT:
        raise UnreadableTable(in_file(path.name, too_large(FILE_LIMIT)))
    encoding = _encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        separator = _separator_of(path, next(_lines(path, file), ""))
    columns = columns_of(path, next(_records(path, encoding, separator), (1, []))[1])

    def read() -> Iterator[Row]:
        records = _records(path, encoding, separator)
        next(records)
        return (row_of(line, record, columns) for line, record in records if any(cell.strip() for cell in record))

    count = 0
    for count, row in enumerate(read(), start=1):
        if count > row_limit:
            raise UnreadableTable(in_line(path.name, row.line, too_many_rows(row_limit)))
    return Table(path.name, columns, count, encoding, read)


def _size_of(path: Path) -> int:
    try:
        if not path.is_file():
            raise UnreadableTable(gettext("There is no file %(path)s.") % {"path": path})
        return path.stat().st_size
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UnreadableTable(gettext("%(path)s cannot be read: %(error)s.") % {"path": path, "error": error}) from None


def _encoding_of(path: Path) -> str:
    """Say how the file is encoded.

    :raises UnreadableTable: none of the encodings fits
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start[:2] in UTF_16_MARKS:
                return _checked(path, UTF_16_MARKS[start[:2]])
            file.seek(0)
            for number, line in enumerate(iter(lambda: file.readline(LINE_LIMIT), b""), start=1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return _without_utf_8(path, number)
    except OSError as error:
        why = {"path": path, "error": error.strerror}
        raise UnreadableTable(gettext("%(path)s cannot be read: %(error)s.") % why) from None
    return "utf-8-sig"


def _without_utf_8(path: Path, number: int) -> str:
    """Line `number` is no UTF-8, so the file is Windows-1252, unless lines before are UTF-8 with accents."""
    with path.open("rb") as file:
        before = b"".join(file.readline(LINE_LIMIT) for _ in range(number - 1))
    if not before.isascii():
        said = gettext("Some characters are not UTF-8, those before are.")
        raise UnreadableTable(in_line(path.name, number, said, HOW_TO_SAVE))
    return _checked(path, "cp1252")


def _checked(path: Path, encoding: str) -> str:
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            while piece := file.read(1024 * 1024):
                line += piece.count("\n")
    except UnicodeError:
        said = gettext("Characters from here on are neither UTF-8 nor Windows-1252 nor UTF-16.")
        raise UnreadableTable(in_line(path.name, line, said, HOW_TO_SAVE)) from None
    return encoding


def _lines(path: Path, file: Iterable[str]) -> Iterator[str]:
    readline = file.readline  # type: ignore[attr-defined]
    number = 0
    while line := readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            said = gettext("The line is longer than %(most)s characters.") % {"most": f"{LINE_LIMIT:,}"}
            raise UnreadableTable(in_line(path.name, number, said))
        if "\0" in line:
            said = gettext("There is a NUL character, as in a file that is no plain text or is UTF-16 without a mark.")
            raise UnreadableTable(in_line(path.name, number, said, HOW_TO_SAVE))
        yield line


def _separator_of(path: Path, header: str) -> str:
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator), [])))


def _records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line it begins on."""
    csv.field_size_limit(CELL_LIMIT)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(path, file), delimiter=separator, skipinitialspace=True, strict=True)
        while True:
            begins = reader.line_num + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableTable(in_line(path.name, begins, _plain(error))) from None
            yield begins, record


def _plain(error: csv.Error) -> str:
    reason = str(error)
    if "field larger" in reason:
        return gettext(
            "A cell of the record that begins here is longer than %(most)s characters. "
            "A quotation mark may not be closed."
        ) % {"most": f"{CELL_LIMIT:,}"}
    if "unexpected end" in reason:
        return gettext("A quotation mark in the record that begins here is not closed.")
    if "expected after" in reason:
        return gettext(
            "A quotation mark in the record that begins here is not closed, or is followed by text. "
            "Inside a cell, write it twice."
        )
    return gettext("The record that begins here cannot be read (%(reason)s).") % {"reason": reason}


def columns_of(path: Path, header: list[str]) -> tuple[str, ...]:
    """Return the names of the columns.

    :raises UnreadableTable: one has none, two have the same, or there are too many
    """
    columns = [name.strip() for name in header]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        said = gettext("There is no header. The first line must name the columns.")
        raise UnreadableTable(in_line(path.name, 1, said))
    if len(columns) > COLUMN_LIMIT:
        said = gettext("There are more than %(most)s columns.") % {"most": COLUMN_LIMIT}
        raise UnreadableTable(in_line(path.name, 1, said))
    if "" in columns:
        said = gettext("Column %(number)s has no name.") % {"number": columns.index("") + 1}
        raise UnreadableTable(in_line(path.name, 1, said))
    names = [name.casefold() for name in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        said = gettext("These columns are named twice: %(columns)s.") % {"columns": ", ".join(twice)}
        raise UnreadableTable(in_line(path.name, 1, said))
    return tuple(columns)


def row_of(line: int, record: list[str], columns: tuple[str, ...]) -> Row:
    """Return a record as a row of a table with these columns."""
    cells = dict(zip(columns, (cell.strip() for cell in record), strict=False))
    filled = len(record)
    while filled > len(columns) and not record[filled - 1].strip():
        filled -= 1
    problem = ""
    if filled != len(columns):
        problem = gettext(
            "The row has %(cells)s cells, the header has %(columns)s. A separator or a quotation mark may be missing."
        ) % {"cells": filled, "columns": len(columns)}
    return Row(line, cells, record, problem)
