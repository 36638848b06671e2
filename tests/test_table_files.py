"""Tables in Excel workbooks and JSON Lines: read as CSV files are, and refused before they can do harm."""

import json
import resource
from datetime import date, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from accounts.json_lines import open_json_lines
from accounts.sheets import open_xlsx
from accounts.table_files import open_table
from accounts.tables import Row, UnreadableTable

SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>&d;</t></is></c></row></sheetData></worksheet>"""
LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>"""
FETCH = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY d SYSTEM "file:///etc/hostname">]>"""


def workbook(path: Path, rows: list[list[object]], *, title: str = "Sheet") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def with_parts(path: Path, source: Path, parts: dict[str, bytes]) -> Path:
    """Write the workbook `source` to `path` with these parts in place of its own, or beside them."""
    with ZipFile(source) as old, ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def cells(rows: list[Row]) -> list[dict[str, str]]:
    return [row.cells for row in rows]


# -- workbooks ---------------------------------------------------------------------------------------
def test_a_sheet_is_read_as_one_would_type_it(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Title", "On", "Number", "Part", "Sure"],
        ["  Café  ", date(2026, 3, 2), 7.0, 0.5, True],
        [None, None, None, None, None],
        ["Later", datetime(2026, 3, 2, 14, 5), 8, None, False],  # noqa: DTZ001 - cells have no zone
    ]

    table = open_xlsx(workbook(tmp_path / "a.xlsx", rows))

    assert table.columns == ("Title", "On", "Number", "Part", "Sure")
    assert table.size == 2
    assert cells(list(table.rows())) == [
        {"Title": "Café", "On": "2026-03-02", "Number": "7", "Part": "0.5", "Sure": "yes"},
        {"Title": "Later", "On": "2026-03-02 14:05", "Number": "8", "Part": "", "Sure": "no"},
    ]
    assert [row.line for row in table.rows()] == [2, 4]


def test_a_formula_arrives_as_it_was_written_and_is_not_calculated(tmp_path: Path) -> None:
    table = open_xlsx(workbook(tmp_path / "a.xlsx", [["Title"], ["=1+1"]]))

    assert cells(list(table.rows())) == [{"Title": "=1+1"}]


def test_the_sheet_called_lessons_is_read_and_hidden_ones_are_not(tmp_path: Path) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.append(["Something else"])
    hidden = book.create_sheet("Hidden")
    hidden.append(["Secret"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Lessons").append(["Title"])
    book.save(tmp_path / "a.xlsx")

    assert open_xlsx(tmp_path / "a.xlsx").columns == ("Title",)


def test_a_workbook_is_told_by_its_content_not_its_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "lessons.csv", [["Title"], ["One"]])

    assert open_table(path).encoding == "xlsx"


@pytest.mark.parametrize(("part", "content"), [("entities", LAUGHS), ("fetch", FETCH)])
def test_entities_in_the_xml_are_refused(tmp_path: Path, part: str, content: str) -> None:
    source = workbook(tmp_path / "good.xlsx", [["Title"], ["One"]])
    path = with_parts(tmp_path / "a.xlsx", source, {"xl/worksheets/sheet1.xml": (content + SHEET).encode()})

    with pytest.raises(UnreadableTable, match="cannot be read as an Excel workbook"):
        open_xlsx(path)
    harmless = {"xl/worksheets/sheet1.xml": SHEET.replace("&d;", "Title").encode()}
    assert open_xlsx(with_parts(tmp_path / "b.xlsx", source, harmless)).columns == ("Title",)


def test_an_include_in_the_xml_is_not_followed(tmp_path: Path) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="file:///etc/passwd"/>'
    source = workbook(tmp_path / "good.xlsx", [["Title"], ["One"]])
    sheet = SHEET.replace("&d;", f"Title{include}").replace("</row>", "</row>" + include)
    path = with_parts(tmp_path / "a.xlsx", source, {"xl/worksheets/sheet1.xml": sheet.encode()})

    assert open_xlsx(path).columns == ("Title",)
    assert cells(list(open_xlsx(path).rows())) == []


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_unopened(tmp_path: Path) -> None:
    source = workbook(tmp_path / "good.xlsx", [["Title"], ["One"]])
    path = with_parts(tmp_path / "a.xlsx", source, {"xl/worksheets/sheet1.xml": b" " * (120 * 1024 * 1024)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(UnreadableTable, match="unpack to far more"):
        open_xlsx(path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kilobytes


def test_a_zip_of_thousands_of_parts_is_refused(tmp_path: Path) -> None:
    source = workbook(tmp_path / "good.xlsx", [["Title"]])
    path = with_parts(tmp_path / "a.xlsx", source, {f"xl/{number}": b"" for number in range(2_001)})

    with pytest.raises(UnreadableTable, match="unpack to far more"):
        open_xlsx(path)


def test_parts_that_lie_about_their_size_are_not_unpacked_beyond_it(tmp_path: Path) -> None:
    source = workbook(tmp_path / "good.xlsx", [["Title"], ["One"]])
    path = with_parts(tmp_path / "a.xlsx", source, {"xl/worksheets/sheet1.xml": b" " * (20 * 1024 * 1024)})
    raw = bytearray(path.read_bytes())
    size = (20 * 1024 * 1024).to_bytes(4, "little")
    while (place := raw.find(size)) >= 0:
        raw[place : place + 4] = (100).to_bytes(4, "little")
    path.write_bytes(raw)

    with pytest.raises(UnreadableTable):
        open_xlsx(path)


def test_macros_and_passwords_are_refused(tmp_path: Path) -> None:
    source = workbook(tmp_path / "good.xlsx", [["Title"]])
    macros = with_parts(tmp_path / "a.xlsm", source, {"xl/vbaProject.bin": b"x"})
    old = tmp_path / "b.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))

    with pytest.raises(UnreadableTable, match="macros"):
        open_table(macros)
    with pytest.raises(UnreadableTable, match="password"):
        open_table(old)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + bytes(200)])
def test_what_only_begins_like_a_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    with pytest.raises(UnreadableTable):
        open_table(path)


def test_another_office_file_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with ZipFile(path, "w") as packed:
        packed.writestr("word/document.xml", "<x/>")

    with pytest.raises(UnreadableTable, match="no Excel workbook"):
        open_table(path)


def test_a_row_far_below_the_others_is_not_looked_for(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Title"])
    sheet.append(["One"])
    sheet.cell(row=1_000_000, column=1, value="Far away")
    book.save(tmp_path / "a.xlsx")

    assert cells(list(open_xlsx(tmp_path / "a.xlsx").rows())) == [{"Title": "One"}]


def test_columns_and_rows_are_limited(tmp_path: Path) -> None:
    wide = workbook(tmp_path / "wide.xlsx", [[f"c{number}" for number in range(501)]])
    long = workbook(tmp_path / "long.xlsx", [["Title"], *([str(number)] for number in range(11))])

    with pytest.raises(UnreadableTable, match="more than 500 columns"):
        open_xlsx(wide)
    with pytest.raises(UnreadableTable, match="more than 10 rows"):
        open_xlsx(long, row_limit=10)


# -- JSON Lines --------------------------------------------------------------------------------------
def test_json_lines_are_read_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"id": 1, "title": "One", "themes": ["a", "b"]}, {"id": 2, "sure": True, "title": None}]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")

    table = open_table(path)

    assert table.columns == ("id", "title", "themes", "sure")
    assert cells(list(table.rows())) == [
        {"id": "1", "title": "One", "themes": "a;b", "sure": ""},
        {"id": "2", "title": "", "themes": "", "sure": "yes"},
    ]


def test_an_object_in_a_line_gives_columns_and_a_list_of_objects_stays_json(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps({"event": {"name": "Tide", "date": None}, "do": [{"text": "One; two"}]}))

    assert cells(list(open_table(path).rows())) == [
        {"event.name": "Tide", "event.date": "", "do": '[{"text": "One; two"}]'}
    ]


@pytest.mark.parametrize(
    "line",
    ["[1]", "{", '{"a": {"b": {"c": 1}}}', '{"a": [[1]]}', "[" * 100_000, '{"a": "\\u0000"}', "", '{"": 1}'],
    ids=["list", "open", "nested", "nested list", "deep", "nul", "empty", "no name"],
)
def test_what_is_no_object_of_plain_values_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line)

    with pytest.raises(UnreadableTable):
        open_json_lines(path)
