"""A debrief sheet: uploaded, looked through cell by cell, mended in the page, turned into drafts."""

import csv
import html
import io
import re
import resource
import secrets
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import User
from accounts.roles import Role
from accounts.tables import open_csv
from lessons.importing.sheet import COLUMNS, ROWS_LIMIT
from lessons.models import Event, Lesson, Status
from lessons.views.attachments import UPLOADS
from tests.factories import CapabilityFactory, NationalRiskFactory, ResilienceAreaFactory, ThemeFactory, person

pytestmark = pytest.mark.django_db

GOOD = {
    "Title": "Share one list of rest centres",
    "Kind": "Notable practice",
    "Event": "Exercise Rising Tide",
    "Kind of event": "Exercise",
    "Date of the event": "14/01/2026",
    "Resilience area": "Cumbria",
    "What happened": "Two control rooms worked from one list.",
    "The lesson": "Keep one list for all services.",
    "National Risks": "Surface water flooding",
    "Principles and topics": "Communicate; Mutual aid",
    "BRAG rating": "Amber",
    "Marking": "OFFICIAL",
}


@pytest.fixture
def author() -> User:
    area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
    NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
    ThemeFactory(code="communicate", name="Communicate")
    ThemeFactory(code="mutual-aid", name="Mutual aid", group="support")
    CapabilityFactory(code="flooding")
    return person(Role.CONTRIBUTOR, area=area)


@pytest.fixture
def client(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


def as_csv(*rows: dict[str, str], columns: list[str] | None = None) -> SimpleUploadedFile:
    written = io.StringIO()
    writer = csv.DictWriter(written, columns or list(COLUMNS))
    writer.writeheader()
    writer.writerows(rows)
    return SimpleUploadedFile("debrief.csv", written.getvalue().encode("utf-8-sig"))


def as_xlsx(*rows: dict[str, str]) -> SimpleUploadedFile:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append([row.get(column, "") for column in COLUMNS])
    written = io.BytesIO()
    book.save(written)
    return SimpleUploadedFile("debrief.xlsx", written.getvalue())


def upload(client: Client, file: SimpleUploadedFile) -> Any:
    return client.post(reverse("submit_sheet"), {"file": file})


def send_back(client: Client, preview: Any, then: str, **mended: str) -> Any:
    """Send a preview back as a browser would, with some cells typed anew."""
    page = preview.text
    inputs = re.findall(r'<input[^>]* name="((?:rows|organisation|cell-[\d-]+))" value="([^"]*)"', page)
    sent = {name: html.unescape(value) for name, value in inputs} | {"then": then} | mended
    return client.post(reverse("submit_sheet"), sent)


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_a_good_sheet_becomes_drafts(client: Client, author: User, make: Any) -> None:
    preview = upload(client, make(GOOD, GOOD | {"Title": "A second lesson of the exercise"}))
    done = send_back(client, preview, "all")

    assert "2 rows" in preview.text
    assert done.url == f"{reverse('our_lessons')}?status=draft"
    first, second = Lesson.objects.order_by("pk")
    assert (first.status, first.author, first.kind) == (Status.DRAFT, author, "notable_practice")
    assert (first.title, first.brag, first.marking) == (GOOD["Title"], "amber", "official")
    assert first.area is not None
    assert first.area.code == "cumbria"
    assert [risk.code for risk in first.risks.all()] == ["surface-water-flooding"]
    assert {theme.code for theme in first.themes.all()} == {"communicate", "mutual-aid"}
    assert first.event == second.event
    assert first.event.started_on.isoformat() == "2026-01-14"


def test_nothing_is_stored_before_the_drafts_are_asked_for(client: Client) -> None:
    upload(client, as_csv(GOOD))

    assert not Lesson.objects.exists()
    assert not Event.objects.exists()


def test_what_is_wrong_is_said_cell_by_cell_and_mended_in_the_page(client: Client) -> None:
    wrong = GOOD | {"Date of the event": "last winter", "Resilience area": "Atlantis", "Title": "=cmd|' /C calc'!A0"}

    preview = upload(client, as_csv(wrong))
    for words in (
        "“last winter” is not a date. Write it like 14 January 2026",
        "“Atlantis” is not one of the choices. Write one of: Cumbria",
        "begins like a formula",
    ):
        assert words in html.unescape(preview.text)
    assert send_back(client, preview, "all").status_code == 422
    assert not Lesson.objects.exists()

    columns = list(COLUMNS)
    mended = {
        f"cell-2-{columns.index('Date of the event')}": "2026-01-14",
        f"cell-2-{columns.index('Resilience area')}": "cumbria",
        f"cell-2-{columns.index('Title')}": "No shared talk group",
    }
    again = send_back(client, preview, "look", **mended)
    assert "1 ready" in again.text
    send_back(client, again, "all")
    assert Lesson.objects.get().title == "No shared talk group"


@pytest.mark.parametrize(
    ("column", "written", "words"),
    [
        ("Kind", "anecdote", "Write one of: Lesson identified, Notable practice."),
        ("BRAG rating", "pink", "Write one of: Blue, Green, Amber, Red."),
        ("Resilience area", "Cumbira", "Did you mean Cumbria?"),
        ("Title", "x" * 121, "Shorten it."),
    ],
)
def test_what_is_said_of_a_cell_needs_no_knowledge_of_codes(
    client: Client, column: str, written: str, words: str
) -> None:
    ResilienceAreaFactory.create_batch(8)

    said = html.unescape(upload(client, as_csv(GOOD | {column: written})).text)

    assert words in said
    assert not re.search(r"column map|alias|%Y|lesson_identified|date_formats", said)


def test_rows_that_are_ready_can_go_first(client: Client) -> None:
    preview = upload(client, as_csv(GOOD, GOOD | {"Title": "A second one", "BRAG rating": "Purple"}))

    rest = send_back(client, preview, "good")

    assert Lesson.objects.get().title == GOOD["Title"]
    assert "Row 3" in rest.text
    assert "Purple" in rest.text
    assert "Row 2" not in rest.text


def test_the_same_sheet_again_adds_nothing(client: Client) -> None:
    send_back(client, upload(client, as_csv(GOOD)), "all")

    again = upload(client, as_csv(GOOD))

    assert "1 there already" in again.text
    send_back(client, again, "all")
    assert Lesson.objects.count() == 1


def test_a_row_needs_a_title_and_an_event(client: Client) -> None:
    preview = upload(client, as_csv({"What happened": "Something"}))

    assert preview.text.count("It is empty.") == 2


def test_two_rows_with_one_title_are_told_apart_and_one_can_be_left_out(client: Client) -> None:
    preview = upload(client, as_csv(GOOD, GOOD))
    assert "Row 2 has the same title and date." in preview.text

    still = send_back(client, preview, "look")
    assert still.status_code == 422  # nothing was mended: it says so at the top
    assert "Mend what is wrong" in still.text
    send_back(client, still, "all", **{"leave-3": "yes"})
    assert Lesson.objects.count() == 1


def test_script_in_a_cell_stays_text(client: Client) -> None:
    preview = upload(client, as_csv(GOOD | {"Title": "<script>alert(1)</script>", "BRAG rating": '"><script>'}))

    assert "<script>alert" not in preview.text
    assert '"><script>' not in preview.text


def test_a_file_that_is_no_sheet_is_refused_with_a_reason(client: Client) -> None:
    for content, words in [
        (b"", "empty"),
        (b"a,b\n1,2\n", "no column called Title or Event"),
        (b"Title,Event\n", "no rows"),
        (b'Title,Event\n"One,Two\n', "not closed"),
        (b"Title,Title\n1,2\n", "named twice"),
        (b"PK\x03\x04nonsense", "no sound Excel workbook"),
        (b"Title,Event\n" + b"a,b\n" * (ROWS_LIMIT + 1), f"more than {ROWS_LIMIT} rows"),
        (b"Title,Event\n\xff\xfe\x00\x00,\x81", "Characters"),
    ]:
        answer = upload(client, SimpleUploadedFile("debrief.csv", content))
        assert answer.status_code == 422, content
        assert words in html.unescape(answer.text), (content, words)
    assert client.post(reverse("submit_sheet"), {}).status_code == 422


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_sheets_of_other_programs_are_understood(client: Client, encoding: str, separator: str) -> None:
    text = separator.join(["title", "EVENT"]) + "\r\n" + separator.join(["Café without coffee", "Exercise"]) + "\r\n"

    answer = upload(client, SimpleUploadedFile("debrief.csv", text.encode(encoding)))

    assert "Row 2: Café without coffee (Exercise)" in answer.text


@pytest.mark.parametrize(
    "rows", ["", "{}", "[1]", '[[2, ["a"], ""]]', "[" * 50_000, '[["2", [], ""]]', "null", '[[2, [1], ""]]']
)
def test_a_preview_that_was_tampered_with_is_not_read(client: Client, author: User, rows: str) -> None:
    organisation = author.active_memberships[0].organisation

    answer = client.post(reverse("submit_sheet"), {"rows": rows, "organisation": organisation.code, "then": "all"})

    assert answer.status_code in {302, 200}
    assert not Lesson.objects.exists()


def test_nobody_makes_drafts_for_an_organisation_they_do_not_write_for(client: Client) -> None:
    preview = upload(client, as_csv(GOOD))
    other = person(Role.CONTRIBUTOR).active_memberships[0].organisation

    send_back(client, preview, "all", organisation=other.code)

    assert not Lesson.objects.exists()


def test_readers_do_not_upload() -> None:
    reader = Client()
    reader.force_login(person(Role.READER))

    assert reader.get(reverse("submit_sheet")).status_code == 403


def test_the_template_has_the_lists_and_is_a_sheet_itself(client: Client, tmp_path: Path) -> None:
    answer = client.get(reverse("submit_sheet_template"))
    book = load_workbook(io.BytesIO(answer.content))

    assert [cell.value for cell in book["Lessons"][1]] == list(COLUMNS)
    listed = {cell.value for row in book["Lists"].iter_rows() for cell in row}
    assert {"Surface water flooding", "Communicate", "Cumbria", "Amber", "OFFICIAL-SENSITIVE"} <= listed
    sheet = book["Lessons"]
    for number, column in enumerate(COLUMNS, start=1):
        sheet.cell(row=2, column=number, value=GOOD.get(column, ""))
    filled = io.BytesIO()
    book.save(filled)
    assert "1 ready" in upload(client, SimpleUploadedFile("debrief.xlsx", filled.getvalue())).text


def test_formulas_in_a_workbook_are_pointed_out(client: Client) -> None:
    assert "begins like a formula" in upload(client, as_xlsx(GOOD | {"Title": "=HYPERLINK(A1)"})).text


def test_the_page_reads_as_the_command_does(tmp_path: Path) -> None:
    path = tmp_path / "debrief.csv"
    path.write_bytes(as_csv(GOOD).read())

    assert open_csv(path).columns == tuple(COLUMNS)


@pytest.mark.slow
def test_a_small_workbook_of_very_many_cells_is_refused_and_takes_little_of_the_server(client: Client) -> None:
    wide = io.BytesIO(as_xlsx({"Title": "One", "Event": "Two"}).read())
    with zipfile.ZipFile(wide, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/picture.bin", secrets.token_bytes(500_000))  # it is not even packed very tightly
    hostile = io.BytesIO()
    with zipfile.ZipFile(wide) as book, zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as written:
        for name in book.namelist():
            content = book.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(
                    b"</sheetData>", b"<row>" + b"<c><v>1</v></c>" * 2_800_000 + b"</row></sheetData>"
                )
            written.writestr(name, content)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.process_time()

    answer = upload(client, SimpleUploadedFile("debrief.xlsx", hostile.getvalue()))

    assert answer.status_code == 422
    assert "far more than a table of lessons" in answer.text
    assert time.process_time() - began < 2, "it was read by the web server itself"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss < 200 * 1024


def test_whoever_uploads_very_many_sheets_is_slowed_down(client: Client, author: User) -> None:
    for _ in range(UPLOADS.limit):
        UPLOADS.count(str(author.pk), timezone.now())

    answer = upload(client, as_csv(GOOD))

    assert answer.status_code == 429
    assert "very many files" in answer.text


def test_what_is_wrong_with_a_file_is_said_in_the_language_of_who_uploads_it(client: Client, author: User) -> None:
    User.objects.filter(pk=author.pk).update(language="cy")

    twice, crooked = b"Title,Title,Event\r\na,b,c\r\n", b'Title,Event\r\n"Share one list,Storm Ada\r\n'
    for sent, said in ((twice, "Enwir y colofnau hyn ddwywaith: title."), (crooked, "Nid yw dyfynnod yn y cofnod")):
        answer = client.post(reverse("submit_sheet"), {"file": SimpleUploadedFile("debrief.csv", sent)})
        assert answer.status_code == 422
        assert f"llinell {1 if sent is twice else 2}: {said}" in html.unescape(answer.text)
