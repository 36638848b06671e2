"""A workbook that is written while it is read: one sheet, every text a text, never a formula.

openpyxl would write the whole file before the first byte leaves; a plain sheet needs five small parts (ECMA-376).
"""

import re
import zipfile
from collections.abc import Generator, Iterable
from typing import Any
from xml.sax.saxutils import escape  # nosec B406 # it writes

from lessons.exports.writers import TABLE, pieces, table_row

#: The most a cell holds; what is cut off is said.
LONGEST_CELL = 32_767
CUT = " [cut: the rest is in the portal]"
#: What XML cannot hold.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = {
    "[Content_Types].xml": f"""{HEAD}<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/>
</Types>""",
    "_rels/.rels": f"""{HEAD}<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>
</Relationships>""",
    "xl/workbook.xml": f"""{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">
<sheets><sheet name="Lessons" sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""{HEAD}<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
</Relationships>""",
}
# The first row stays in sight.
SHEET_BEGINS = f"""{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"""
SHEET_ENDS = "</sheetData></worksheet>"


class Outlet:
    """A file that cannot be rewound: what was written since the last look is taken and gone."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, piece: bytes) -> int:
        self.waiting += piece
        return len(piece)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        piece, self.waiting = bytes(self.waiting), bytearray()
        return piece


def workbook(documents: Iterable[dict[str, Any]]) -> Generator[bytes, None, None]:
    """Yield the bytes of a workbook with one row for each document."""
    outlet = Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:  # type: ignore[call-overload]
        for name, text in PARTS.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((SHEET_BEGINS + _row(list(TABLE))).encode())
            yield outlet.taken()
            for piece in pieces(documents):
                sheet.write("".join(_row(table_row(document)) for document in piece).encode())
                yield outlet.taken()
            sheet.write(SHEET_ENDS.encode())
    yield outlet.taken()


def _row(cells: list[str | int]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(value: str | int) -> str:
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>"
    if not value:
        return "<c/>"
    if len(value) > LONGEST_CELL:
        value = value[: LONGEST_CELL - len(CUT)] + CUT
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(FORBIDDEN.sub("�", value))}</t></is></c>'
