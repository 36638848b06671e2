"""Downloads of all that a filter finds: what is in them, what is recorded, who gets OFFICIAL-SENSITIVE lessons."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts import downloads
from accounts.cells import harmless
from accounts.models import AuditEvent, RateCount, TokenScope, User
from accounts.roles import Role
from accounts.tokens import create_token
from lessons.exports import download as file
from lessons.exports import writers
from lessons.exports.document import document_of
from lessons.exports.writers import TABLE, csv_lines
from lessons.exports.xlsx import LONGEST_CELL, workbook
from lessons.models import ExportRecord, Lesson, Publication, Status
from tests.factories import PASSWORD, EventFactory, LessonFactory, NationalRiskFactory, PublicationFactory, person

pytestmark = pytest.mark.django_db

PAGE = "/lessons/download/"


def published(**given: Any) -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, **given)


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


def program(user: User, *scopes: str) -> Client:
    _, token = create_token(user=user, scopes=scopes or [TokenScope.READ_PUBLISHED], at=timezone.now())
    return Client(headers={"Authorization": f"Token {token}"})


def sign_in(user: User, *, confirmed: bool = False) -> Client:
    client = Client()
    client.force_login(user)
    if confirmed:
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content(answer).decode().splitlines()]


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig"))))


# -- what is in a file --------------------------------------------------------------------------------
def test_a_line_of_ndjson_is_the_lesson_as_the_api_has_it(reader: User) -> None:
    published(capabilities=[], attribution="area", event=EventFactory(precision="year"))
    published(kind="notable_practice", benefit="Quicker by an hour", audience="category_1")
    client = program(reader)

    assert lines(client.get("/api/v1/lessons.ndjson")) == client.get("/api/v1/lessons/").json()["results"]


def test_every_kind_of_file_holds_what_the_filters_find_and_the_reader_may_read(reader: User) -> None:
    wildfire = NationalRiskFactory(code="wildfire")
    wanted = published(risks=[wildfire])
    published()
    published(risks=[wildfire], audience="national_team")
    published(risks=[wildfire], marking="official_sensitive")
    client = program(reader)

    def get(form: str) -> Any:
        return client.get(f"/api/v1/lessons.{form}", {"risk": "wildfire"})

    assert [one["reference"] for one in lines(get("ndjson"))] == [wanted.reference]
    assert [one["reference"] for one in table(get("csv"))] == [wanted.reference]
    sheet = load_workbook(io.BytesIO(content(get("xlsx")))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == TABLE
    assert [row[0] for row in rows[1:]] == [wanted.reference]


def test_an_empty_find_is_an_empty_file(reader: User) -> None:
    client = program(reader)

    assert content(client.get("/api/v1/lessons.ndjson")) == b""
    assert table(client.get("/api/v1/lessons.csv")) == []
    assert load_workbook(io.BytesIO(content(client.get("/api/v1/lessons.xlsx")))).active.max_row == 1


def test_no_file_tells_more_than_the_attribution(reader: User) -> None:
    lesson = published(attribution="none", audience="own_area")
    reader.memberships.get().organisation.areas.add(lesson.area)
    code = lesson.area.code

    for form in ("ndjson", "csv"):
        text = content(program(reader).get(f"/api/v1/lessons.{form}")).decode()
        assert lesson.reference in text  # type: ignore[operator]
        assert code not in text
        assert lesson.organisation.code not in text


SPREADSHEETS_CALCULATE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tTAB",
    "\rCR",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "  =1+1",
    "\u00a0=1+1",
    "\n=cmd|' /C calc'!A0",
    '="x","y"',
]


@pytest.mark.parametrize("text", SPREADSHEETS_CALCULATE)
def test_what_looks_like_a_formula_is_text_in_every_file(text: str) -> None:
    publication = PublicationFactory(statement=text, why='plain, with "quotes"; and\nlines', title="Ten letters")

    (row,) = csv.DictReader(io.StringIO(b"".join(csv_lines([document_of(publication)])).decode("utf-8-sig")))
    cells = _cells(publication)

    assert row["statement"] == f"'{text}"
    assert row["why"] == 'plain, with "quotes"; and\nlines'
    assert cells["statement"].data_type in {"s", "inlineStr"}
    assert cells["statement"].value == text.replace("\r", "\n")  # as XML has line ends
    assert row["version"] == "1"
    assert cells["version"].data_type == "n"


def _cells(publication: Publication) -> dict[str, Any]:
    sheet = load_workbook(io.BytesIO(b"".join(workbook([document_of(publication)])))).active
    return dict(zip(TABLE, sheet[2], strict=True))


@given(st.text(max_size=40))
def test_no_text_cell_of_a_table_begins_like_a_formula(text: str) -> None:
    cell = str(harmless(text))

    assert cell.strip()[:1] not in set("=+-@＝＋－＠")
    assert cell.removeprefix("'") in {text, text.removeprefix("'")}


def test_numbers_of_ours_stay_numbers() -> None:
    assert harmless(-3) == -3


def test_a_workbook_takes_control_signs_and_endless_texts() -> None:
    publication = PublicationFactory(statement="bell \x07 and \ufffe", what_happened="x" * 40_000)

    cells = _cells(publication)

    assert cells["statement"].value == "bell � and �"
    assert len(cells["what_happened"].value) == LONGEST_CELL
    assert cells["what_happened"].value.endswith("[cut: the rest is in the portal]")


# -- what is recorded ---------------------------------------------------------------------------------
def test_a_download_is_recorded_with_who_filter_count_marking_and_lessons(reader: User) -> None:
    first, second = published(), published()
    published(kind="notable_practice")

    answer = program(reader).get("/api/v1/lessons.csv", {"kind": "lesson_identified"})

    record = ExportRecord.objects.get()
    assert (record.by, record.form, record.rows, record.marking) == (reader, "csv", 2, "official")
    assert record.filter == {"kind": "lesson_identified"}
    assert sorted(record.lesson_ids) == sorted([first.pk, second.pk])
    assert answer.headers["Export-Rows"] == "2"
    assert AuditEvent.objects.get(action="lesson.export").actor == reader
    assert len(table(answer)) == 2


def test_a_record_is_there_before_the_first_byte_and_holds_what_comes_after(reader: User) -> None:
    published()
    answer = program(reader).get("/api/v1/lessons.ndjson")
    assert ExportRecord.objects.get().rows == 1

    published(at=timezone.now())

    assert len(lines(answer)) == 1


def test_what_is_suspended_before_it_is_read_is_not_in_the_file(reader: User) -> None:
    lesson = published()
    answer = program(reader).get("/api/v1/lessons.ndjson")

    Publication.objects.filter(lesson=lesson).update(suspended_at=timezone.now())

    assert lines(answer) == []


def test_what_is_taken_from_somebody_while_they_read_is_not_in_the_rest_of_the_file(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (file, writers):
        monkeypatch.setattr(module, "ROWS_IN_A_PIECE", 2)
    lessons = [published() for _ in range(5)]
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def slowly(pieces: Iterator[bytes]) -> Iterator[bytes]:
            clock.shift(2)
            for piece in pieces:
                yield piece
                clock.shift(2)

        suspended, closed = (program(reader).get("/api/v1/lessons.ndjson").streaming_content for _ in range(2))
        first, other_first = next(suspended), next(closed)

        Publication.objects.exclude(lesson=lessons[0]).update(suspended_at=timezone.now())
        rest = b"".join(slowly(suspended))
        Publication.objects.update(suspended_at=None)
        User.objects.filter(pk=reader.pk).update(is_active=False)
        nothing = b"".join(slowly(closed))

    assert (first.count(b"\n"), other_first.count(b"\n")) == (2, 2)
    assert rest.count(b"\n") <= 1, "only what is open still"
    assert nothing == b""


def test_who_reads_slowly_keeps_no_more_than_some_threads_and_not_for_ever(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    published()
    monkeypatch.setattr(downloads, "_places", threading.BoundedSemaphore(1))
    client = program(reader)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        unread = client.get("/api/v1/lessons.csv")
        program_told = client.get("/api/v1/lessons.csv")
        person_told = sign_in(reader).post(PAGE, {"form": "csv"})
        assert next(unread.streaming_content).startswith(b"\xef\xbb\xbfreference")
        clock.shift(downloads.LONGEST + timedelta(seconds=1))

        with pytest.raises(downloads.TooSlow):
            next(unread.streaming_content)

    assert (program_told.status_code, person_told.status_code) == (429, 429)
    assert {program_told.headers["Retry-After"], person_told.headers["Retry-After"]} <= {"60", "61"}
    assert ExportRecord.objects.count() == 1
    assert len(table(client.get("/api/v1/lessons.csv"))) == 1


def test_records_are_never_changed_or_removed(reader: User) -> None:
    program(reader).get("/api/v1/lessons.csv")

    for change in (lambda: ExportRecord.objects.update(rows=9), lambda: ExportRecord.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_wrong_filter_makes_no_file_and_no_record(reader: User) -> None:
    answer = program(reader).get("/api/v1/lessons.csv", {"risk": "none-such"})

    assert answer.status_code == 400
    assert not ExportRecord.objects.exists()


# -- OFFICIAL-SENSITIVE ---------------------------------------------------------------------------------
def test_a_program_gets_sensitive_lessons_only_with_that_scope_and_an_entitled_owner() -> None:
    cleared, plain = person(Role.READER, cleared=True), person(Role.READER)
    lesson = published(marking="official_sensitive")
    both = [TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE]

    assert lines(program(cleared).get("/api/v1/lessons.ndjson")) == []
    assert lines(program(plain, *both).get("/api/v1/lessons.ndjson")) == []
    assert [one["reference"] for one in lines(program(cleared, *both).get("/api/v1/lessons.ndjson"))] == [
        lesson.reference
    ]
    assert ExportRecord.objects.latest("pk").marking == "official_sensitive"


def test_a_person_gets_sensitive_lessons_only_on_the_page_and_after_the_password() -> None:
    cleared = person(Role.READER, cleared=True)
    published(marking="official_sensitive")
    published()
    asked = {"form": "ndjson", "sensitive": "on"}

    assert len(lines(sign_in(cleared).get("/api/v1/lessons.ndjson"))) == 1
    assert len(lines(sign_in(cleared).post(PAGE, {"form": "ndjson"}))) == 1
    answer = sign_in(cleared).post(PAGE, asked)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert len(lines(sign_in(cleared, confirmed=True).post(PAGE, asked))) == 2


def test_somebody_not_entitled_gains_nothing_by_asking(reader: User) -> None:
    published(marking="official_sensitive")

    assert lines(sign_in(reader, confirmed=True).post(PAGE, {"form": "ndjson", "sensitive": "on"})) == []
    assert "OFFICIAL-SENSITIVE" not in sign_in(reader).get(PAGE).content.decode()


# -- the page ------------------------------------------------------------------------------------------
def test_looking_at_the_page_takes_nothing_away(reader: User) -> None:
    published()
    client = sign_in(reader)

    page = client.get(PAGE, {"risk": "surface-water-flooding", "q": "shelter"}).content.decode()

    assert "Download 1 lesson" in page
    assert "Surface water flooding" in page
    assert not ExportRecord.objects.exists()
    assert f"{PAGE}?risk=surface-water-flooding" in client.get("/lessons/?risk=surface-water-flooding").content.decode()


def test_the_page_asks_which_kind_of_file(reader: User) -> None:
    published()

    answer = sign_in(reader).post(PAGE, {})

    assert "Select the kind of file" in answer.content.decode()
    assert not ExportRecord.objects.exists()


@pytest.mark.usefixtures("still_clock")
def test_the_file_has_a_name_and_is_never_shown_in_place(reader: User) -> None:
    published()
    answer = sign_in(reader).post(PAGE, {"form": "csv"})

    today = timezone.localdate().isoformat()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="lessons-{today}.csv"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store, private"


# -- how much ---------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("still_clock")
def test_downloads_of_a_day_are_limited_for_page_and_program_together(reader: User) -> None:
    published()
    client, page = program(reader), sign_in(reader)
    assert client.get("/api/v1/lessons.csv").headers["RateLimit-Remaining"] == "99"
    RateCount.objects.filter(key=f"exports:{reader.pk}").update(count=100)

    refused = client.get("/api/v1/lessons.csv")
    on_page = page.post(PAGE, {"form": "csv"})

    assert (refused.status_code, on_page.status_code) == (429, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 86_401
    assert 0 < int(on_page.headers["Retry-After"]) <= 86_401
    assert program(person(Role.READER)).get("/api/v1/lessons.csv").status_code == 200


@pytest.mark.slow
def test_rows_cost_no_queries(reader: User) -> None:
    client = program(reader)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            content(client.get("/api/v1/lessons.ndjson"))
        return len(queries)

    published()
    cost()
    one = cost()
    for _ in range(20):
        published()

    assert cost() == one <= 20
