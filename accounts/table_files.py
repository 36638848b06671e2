"""Opening a table, whatever kind of file it is in."""

from pathlib import Path

from django.utils.translation import gettext

from accounts.json_lines import open_json_lines
from accounts.sheets import is_workbook, open_xlsx
from accounts.tables import ROW_LIMIT, Table, UnreadableTable, open_csv

JSON_LINES = {".jsonl", ".ndjson"}


def open_table(path: Path, *, row_limit: int = ROW_LIMIT) -> Table:
    """Open a CSV file, an Excel workbook (told by its first bytes, not its name) or JSON Lines.

    :raises UnreadableTable: it is none of these, broken, or too large
    """
    try:
        if path.is_file() and is_workbook(path):
            return open_xlsx(path, row_limit=row_limit)
        if path.is_file() and path.suffix.casefold() in JSON_LINES:
            return open_json_lines(path, row_limit=row_limit)
    except OSError as error:
        why = {"path": path, "error": error.strerror}
        raise UnreadableTable(gettext("%(path)s cannot be read: %(error)s.") % why) from None
    return open_csv(path, row_limit=row_limit)
