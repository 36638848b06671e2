"""Reading an uploaded workbook in a process of its own: `python -m lessons.importing.workbooks FILE ROWS`.

A megabyte can hold a hundred megabytes of cells, which would take minutes and gigabytes of a web server.
"""

import json
import sys
from pathlib import Path

from accounts.sheets import look_over, open_xlsx
from accounts.tables import Row, Table, UnreadableTable, row_of
from lessons.apart import Ended, ask, limit

#: A sheet of 200 rows takes a sixth of it.
MOST_MEMORY = 512 * 1024 * 1024
MOST_SECONDS = 4
PATIENCE_SECONDS = 20
#: Letters of all cells, known or not; far more than a sheet may have.
MOST_TEXT = 5_000_000
TOO_MUCH = "The workbook holds far more than a table of lessons. Copy the table alone into a new one, and try again."


def open_workbook(path: Path, *, row_limit: int) -> Table:
    """Read a sheet of a workbook as `open_xlsx` does, whatever it holds.

    :raises UnreadableTable: it is no workbook, has no sound header, or is too large
    """
    look_over(path)
    try:
        answer = ask(__name__, str(path), str(row_limit), patience_seconds=PATIENCE_SECONDS)
    except Ended:
        raise UnreadableTable(TOO_MUCH) from None
    if words := answer.get("unreadable"):
        raise UnreadableTable(words)
    columns = tuple(answer["columns"])
    rows: list[Row] = [row_of(line, record, columns) for line, record in answer["rows"]]
    return Table(path.name, columns, len(rows), "xlsx", lambda: iter(rows))


def main(path: str, row_limit: str) -> None:
    limit(memory=MOST_MEMORY, seconds=MOST_SECONDS)
    try:
        table = open_xlsx(Path(path), row_limit=int(row_limit))
        rows = [(row.line, row.raw) for row in table.rows()]
        answer: dict[str, object] = {"columns": table.columns, "rows": rows}
    except UnreadableTable as error:
        answer = {"unreadable": str(error)}
    else:
        if sum(len(cell) for _, record in rows for cell in record) > MOST_TEXT:
            answer = {"unreadable": TOO_MUCH}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
