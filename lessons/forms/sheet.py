"""The form with which a debrief sheet is uploaded, and what comes back from its preview."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.sheets import is_workbook
from accounts.table_files import open_table
from accounts.tables import Row, Table, UnreadableTable
from govuk.look import Look
from lessons.attachments.kinds import plain_name
from lessons.forms.choices import organisations_written_for
from lessons.importing.sheet import COLUMNS, NEEDED, ROWS_LIMIT, TEXT_LIMIT
from lessons.importing.workbooks import open_workbook

FILE_LIMIT = 10 * 1024 * 1024  # bytes
SUFFIXES = {".csv", ".xlsx", ".jsonl", ".ndjson"}
#: What is taken for a sheet by mistake; anything else is judged by what is in it.
NO_TABLES = {".pdf", ".doc", ".docx", ".ods", ".numbers", ".ppt", ".pptx", ".png", ".jpg", ".jpeg", ".heic"}


class SheetForm(forms.Form):
    """A file, and for which organisation."""

    looks: ClassVar = {
        "organisation": Look(label_size="m", called=_("the organisation you write for")),
        "file": Look(label_size="m", called=_("a file")),
    }
    organisation: Any = forms.ModelChoiceField(
        queryset=None,
        to_field_name="code",
        label=_("Which organisation do you write for?"),
        empty_label=_("Select one"),
    )
    file = forms.FileField(
        label=_("Upload the sheet"),
        help_text=format_lazy(
            _("An Excel workbook (.xlsx) or a CSV file, up to 10 megabytes and {rows} rows"), rows=ROWS_LIMIT
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def __init__(self, *given: Any, user: User) -> None:
        super().__init__(*given)
        organisations = organisations_written_for(user)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        some = list(organisations[:2])
        self.only_one = some[0] if len(some) == 1 else None
        if self.only_one:
            del self.fields["organisation"]

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > FILE_LIMIT:
            raise forms.ValidationError(gettext("The file must be smaller than 10 megabytes"))
        if Path(file.name or "").suffix.casefold() in NO_TABLES:
            raise forms.ValidationError(gettext("This is no sheet. Choose an Excel workbook (.xlsx) or a CSV file"))
        return file

    @property
    def organisation_chosen(self) -> Organisation:
        return self.only_one or self.cleaned_data["organisation"]

    def rows(self) -> tuple[list[Row], list[str]]:
        """Read the file; nothing of it stays on the disk.

        :return: its rows by the columns of the sheet, and columns that are not known
        :raises UnreadableTable: it is no table, or no debrief sheet
        """
        file: UploadedFile = self.cleaned_data["file"]
        suffix = Path(file.name or "").suffix.casefold()
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"uploaded-table{suffix if suffix in SUFFIXES else ''}"
            with path.open("wb") as written:
                for piece in file.chunks():
                    written.write(piece)
            opened = open_workbook if is_workbook(path) else open_table
            try:
                return by_columns(opened(path, row_limit=ROWS_LIMIT))
            except UnreadableTable as error:  # it knows the file by the name it got above
                raise UnreadableTable(str(error).replace(path.name, plain_name(file.name or ""))) from None


def by_columns(table: Table) -> tuple[list[Row], list[str]]:
    """Return the rows by the columns of the sheet, whatever their case and order, and the columns left out.

    :raises UnreadableTable: a needed column is missing, or there is too much text
    """
    ours = {column.casefold(): column for column in COLUMNS}
    names = {column: ours[column.casefold()] for column in table.columns if column.casefold() in ours}
    if missing := [column for column in NEEDED if column not in names.values()]:
        raise UnreadableTable(
            gettext("The sheet has no column called %(columns)s. Use the template: its first row names the columns.")
            % {"columns": gettext(" or ").join(missing)}
        )
    rows = []
    for row in table.rows():
        cells = {name: row.cells.get(column, "") for column, name in names.items()}
        if any(cells.values()):
            rows.append(Row(row.line, dict.fromkeys(COLUMNS, "") | cells, [], row.problem))
    if sum(len(cell) for row in rows for cell in row.cells.values()) > TEXT_LIMIT:
        raise UnreadableTable(gettext("The sheet has more text than fits here. Split it into several sheets."))
    return rows, [column for column in table.columns if column not in names]


def packed(rows: list[Row]) -> str:
    """Return the rows as the preview sends them back."""
    return json.dumps(
        [[row.line, [row.cells[column] for column in COLUMNS], row.problem] for row in rows], ensure_ascii=False
    )


def unpacked(sent: str, mended: dict[str, str]) -> list[Row]:
    """Return the rows that came back from a preview, with the cells that were mended in it.

    :param mended: `cell-LINE-COLUMN` -> what was typed; `leave-LINE`: a row to leave out
    :raises ValueError: this is not what a preview sends
    """
    try:
        found = json.loads(sent)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, list) or len(found) > ROWS_LIMIT:
        raise ValueError("no list of rows")
    return [row for row in (_row(one, mended) for one in found) if f"leave-{row.line}" not in mended]


def _row(one: Any, mended: dict[str, str]) -> Row:
    match one:
        case [int(line), [*cells], str(problem)] if len(cells) == len(COLUMNS):
            if not all(isinstance(cell, str) and "\0" not in cell for cell in cells):
                raise ValueError("a cell is no text")
            given = [mended.get(f"cell-{line}-{number}", cell) for number, cell in enumerate(cells)]
            return Row(line, dict(zip(COLUMNS, (cell.strip() for cell in given), strict=True)), [], problem)
    raise ValueError("no row")
