"""Reading Excel workbooks as tables: looked over before they are unpacked, without macros, nothing calculated."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from accounts.table_words import in_file, in_line, too_large, too_many_rows
from accounts.tables import (
    CELL_LIMIT,
    COLUMN_LIMIT,
    FILE_LIMIT,
    ROW_LIMIT,
    Row,
    Table,
    UnreadableTable,
    columns_of,
    row_of,
)

#: What a workbook may be unpacked: a small file can hold gigabytes of nothing.
UNPACKED_LIMIT = 100 * 1024 * 1024  # bytes
STRINGS_LIMIT = 30 * 1024 * 1024  # bytes of the one part that is held in memory
RATIO_LIMIT = 100
ENTRY_LIMIT = 2_000
ENCRYPTED = 0x1
#: A row far below the others is not looked for.
EMPTY_ROWS_LIMIT = 1_000
#: The sheet that is read if there is one of this name; else the first that is not hidden.
NAMED = "lessons"
HOW_TO_SAVE = _("Save it as .xlsx without macros or a password, or as “CSV UTF-8”, and try again.")
STARTS_ZIP = b"PK\x03\x04"
#: Older Excel files, and encrypted ones.
STARTS_OLD = b"\xd0\xcf\x11\xe0"


def is_workbook(path: Path) -> bool:
    """Whether the file begins as a workbook does, of whatever age."""
    with path.open("rb") as file:
        return file.read(4) in {STARTS_ZIP, STARTS_OLD}


def open_xlsx(path: Path, *, row_limit: int = ROW_LIMIT) -> Table:
    """Read a sheet of a workbook through and return it as a table.

    :raises UnreadableTable: it is no workbook, too large, encrypted, has macros, or no sound header
    """
    look_over(path)
    rows = _cells(path)
    header = next(rows, (1, []))[1]
    columns = columns_of(path, header)

    def read() -> Iterator[Row]:
        records = _cells(path)
        next(records)
        return (row_of(line, record, columns) for line, record in records if any(cell.strip() for cell in record))

    count = 0
    for count, row in enumerate(read(), start=1):
        if count > row_limit:
            raise UnreadableTable(in_line(path.name, row.line, too_many_rows(row_limit)))
    return Table(path.name, columns, count, "xlsx", read)


def look_over(path: Path) -> None:
    """Judge the workbook by its table of contents, before anything is unpacked.

    :raises UnreadableTable: it should not be opened
    """
    size = path.stat().st_size
    if size > FILE_LIMIT:
        raise UnreadableTable(in_file(path.name, too_large(FILE_LIMIT)))
    with path.open("rb") as file:
        if file.read(4) == STARTS_OLD:
            said = gettext("It has a password or is of an older Excel.")
            raise UnreadableTable(in_file(path.name, said, HOW_TO_SAVE))
    try:
        with ZipFile(path) as packed:
            entries = packed.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        raise UnreadableTable(in_file(path.name, gettext("It is no sound Excel workbook."), HOW_TO_SAVE)) from None
    names = {entry.filename.casefold() for entry in entries}
    if "xl/workbook.xml" not in names:
        raise UnreadableTable(in_file(path.name, gettext("It is no Excel workbook."), HOW_TO_SAVE))
    if any(name.endswith("vbaproject.bin") for name in names):
        raise UnreadableTable(in_file(path.name, gettext("It has macros."), HOW_TO_SAVE))
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise UnreadableTable(in_file(path.name, gettext("It has a password."), HOW_TO_SAVE))
    unpacked, packed_size = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    strings = sum(e.file_size for e in entries if e.filename.casefold().endswith("sharedstrings.xml"))
    overlap = packed_size > size or len(names) != len(entries)
    too_much = unpacked > UNPACKED_LIMIT or strings > STRINGS_LIMIT or unpacked > RATIO_LIMIT * max(packed_size, 1)
    if len(entries) > ENTRY_LIMIT or overlap or too_much:
        said = gettext("It would unpack to far more than a table of lessons.")
        raise UnreadableTable(in_file(path.name, said, HOW_TO_SAVE))


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of the sheet with its number."""
    try:
        with path.open("rb") as file:  # by name, openpyxl would refuse a workbook called .csv
            workbook = load_workbook(file, read_only=True, data_only=False, keep_links=False)
            yield from _cells_of(path, _sheet_of(workbook))
            workbook.close()
    except UnreadableTable:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken file leads it to
        said = gettext("It cannot be read as an Excel workbook (%(reason)s).") % {"reason": type(error).__name__}
        raise UnreadableTable(in_file(path.name, said, HOW_TO_SAVE)) from None


def _cells_of(path: Path, sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()
    empty = 0
    rows = sheet.iter_rows(max_row=ROW_LIMIT + 2, max_col=COLUMN_LIMIT + 1, values_only=True)
    for number, values in enumerate(rows, start=1):
        cells = [_text(value) for value in values]
        empty = 0 if any(cells) else empty + 1
        if empty > EMPTY_ROWS_LIMIT:
            return
        if any(len(cell) > CELL_LIMIT for cell in cells):
            said = gettext("A cell is longer than %(most)s characters.") % {"most": f"{CELL_LIMIT:,}"}
            raise UnreadableTable(in_line(path.name, number, said))
        yield number, cells


def _sheet_of(workbook: Workbook) -> Any:
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise UnreadableTable(gettext("The workbook has no sheet with a table."))
    return next((sheet for sheet in sheets if sheet.title.strip().casefold() == NAMED), sheets[0])


def _text(value: Any) -> str:
    """Return what a cell says, as one would type it into a CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
