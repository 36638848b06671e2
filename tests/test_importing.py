"""Importing lessons from CSV files."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import tables
from accounts.models import AuditEvent, Organisation
from accounts.roles import Role
from lessons.importing.column_map import BadColumnMap, column_map, load_column_map
from lessons.management.commands.import_lessons import COLUMN_MAPS
from lessons.models import Event, Lesson, LessonMove, Publication, ReferenceCounter, Status
from lessons.signals import lesson_moved
from tests.factories import (
    CapabilityFactory,
    MembershipFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

MAP: dict[str, Any] = {
    "fields": {
        "external_id": "{id}",
        "kind": "{kind}",
        "title": "{title}",
        "what_happened": "{text}",
        "statement": "{lesson}",
        "recommendation": "{do}",
        "recommendation_by_whom": "Control rooms",
        "benefit": {"from": "{lesson}", "only_if": {"kind": "notable_practice"}},
        "risks": "{risks}",
        "topics": "{topics}",
        "brag": "amber",
        "marking": "official",
        "audience": "all_responders",
        "area": "{area}",
        "event.name": "{event}",
        "event.kind": "exercise",
        "event.started_on": "{date}",
        "event.areas": "{area}",
        "event.organisations": {"from": "{agencies}", "unknown": "leave_out"},
    }
}
GOOD = {
    "id": "A-1",
    "kind": "lesson_identified",
    "title": "Share one list of rest centres",
    "text": "Two control rooms worked from different lists.",
    "lesson": "Partners share one list before an exercise begins.",
    "do": "Keep one list.",
    "risks": "Storms",
    "topics": "Communicate; Flooding",
    "area": "Cumbria",
    "event": "Exercise Rising Tide",
    "date": "2026-01-14",
    "agencies": "Cumbria Constabulary",
}


@pytest.fixture(autouse=True)
def _reference(tmp_path: Path) -> None:
    cumbria = ResilienceAreaFactory(code="cumbria")
    OrganisationFactory(code="cumbria-constabulary", name="Cumbria Constabulary", areas=[cumbria])
    NationalRiskFactory(code="storms")
    ThemeFactory(code="communicate")
    CapabilityFactory(code="flooding")
    (tmp_path / "map.json").write_text(json.dumps(MAP), encoding="utf-8")
    constabulary = Organisation.objects.get()
    person(Role.CONTRIBUTOR, constabulary, email="by@responder.example")
    person(Role.LRF_MODERATOR, OrganisationFactory(), cumbria, email="moderator@responder.example")


def write(path: Path, *rows: dict[str, str], encoding: str = "utf-8", separator: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, GOOD, delimiter=separator)
        writer.writeheader()
        writer.writerows(GOOD | row for row in rows)
    return path


def run(file: Path, **options: object) -> None:
    folder = file.parent
    given = {"organisation": "cumbria-constabulary", "by": "by@responder.example", "columns": folder / "map.json"}
    call_command("import_lessons", file, **(given | {"report": folder / "out"} | options))


def report_of(file: Path, kind: str = "report") -> list[dict[str, str]]:
    with (file.parent / "out" / f"{file.stem}.{kind}.csv").open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def outcomes(file: Path) -> dict[str, str]:
    """Return line -> outcome."""
    return {row["line"]: row["outcome"] for row in report_of(file) if row["outcome"] != "left out"}


# -- what passes ---------------------------------------------------------------------------------
def test_a_row_becomes_a_submitted_lesson_through_the_actions_of_a_person(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", {}))

    lesson = Lesson.objects.get()
    assert (lesson.status, lesson.external_id, lesson.author.email) == ("submitted", "A-1", "by@responder.example")
    assert lesson.reference.startswith("LI-")
    assert lesson.recommendations == [{"text": "Keep one list.", "by_whom": "Control rooms"}]
    assert [risk.code for risk in lesson.risks.all()] == ["storms"]
    assert [theme.code for theme in lesson.themes.all()] == ["communicate"]
    assert [capability.code for capability in lesson.capabilities.all()] == ["flooding"]
    assert (lesson.area.code, lesson.event.name, lesson.event.kind) == ("cumbria", "Exercise Rising Tide", "exercise")
    assert [organisation.code for organisation in lesson.event.organisations.all()] == ["cumbria-constabulary"]
    assert [entry.move for entry in lesson.moves.all()] == ["submit"]
    assert AuditEvent.objects.filter(action="lesson.submit").count() == 1


def test_an_import_is_quiet(tmp_path: Path) -> None:
    heard: list[tuple[str, bool]] = []

    def listen(entry: LessonMove, quiet: bool, **_: object) -> None:
        heard.append((entry.move, quiet))

    lesson_moved.connect(listen)
    try:
        run(write(tmp_path / "a.csv", {}), publish_by="moderator@responder.example")
        run(write(tmp_path / "b.csv", {"id": "A-2"}), publish_by="moderator@responder.example", announce=True)
    finally:
        lesson_moved.disconnect(listen)

    assert heard[:3] == [("submit", True), ("claim", True), ("publish", True)]
    assert heard[3:] == [("submit", True), ("claim", True), ("publish", False)]


def test_rows_of_one_event_share_it(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", {}, {"id": "A-2"}, {"id": "A-3", "event": "exercise rising TIDE"}))
    run(write(tmp_path / "b.csv", {"id": "A-4"}, {"id": "A-5", "date": "2026-01-15"}))

    assert Lesson.objects.count() == 5
    assert Event.objects.count() == 2


def test_running_it_twice_adds_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {}, {"id": "A-2"})

    run(file)
    run(file)

    assert Lesson.objects.count() == 2
    assert outcomes(file) == {"2": "already there", "3": "already there"}


def test_a_dry_run_says_what_would_happen_and_stores_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {}, {"id": "A-2"}, {"id": "A-3", "risks": "Dragons"})

    run(file, dry_run=True, publish_by="moderator@responder.example")

    assert outcomes(file) == {"2": "would be added", "3": "would be added", "4": "refused"}
    for table in (Lesson, Event, Publication, LessonMove, ReferenceCounter):
        assert not table.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="lesson").exists()


def test_a_moderator_can_publish_what_is_imported(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", {}), publish_by="moderator@responder.example")

    text = Publication.objects.get()
    assert (text.lesson.status, text.published_by.email) == ("published", "moderator@responder.example")
    assert {"risk:storms", "area:cumbria", "kind:lesson_identified"} <= set(text.terms)


def test_names_that_may_be_left_out_are_reported_and_the_row_passes(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {"agencies": "Cumbria Constabulary; Order of Foresters"})

    run(file)

    assert Lesson.objects.get().event.organisations.count() == 1
    [note] = [row for row in report_of(file) if row["outcome"] == "left out"]
    assert (note["line"], note["field"]) == ("2", "event.organisations")
    assert "Order of Foresters" in note["what is wrong"]


# -- rows that fail --------------------------------------------------------------------------------
BAD_ROWS = [
    ({"risks": "Dragons"}, "risks", "“Dragons” is no risk we know"),
    ({"topics": "Weaving"}, "topics", "“Weaving” is no theme or capability we know"),
    ({"kind": "anecdote"}, "kind", "“anecdote” is not allowed here"),
    ({"date": "14/01/2026"}, "event.started_on", "“14/01/2026” is no date of the form %Y-%m-%d"),
    ({"date": ""}, "event_date", "It is missing"),
    ({"title": "x" * 121}, "title", "It has 121 characters; 120 is the most"),
    ({"title": "Too short"}, "title", "It is missing"),
    ({"title": ""}, "title", "It is missing"),
    ({"text": "x" * 20_001}, "what_happened", "It has 20,001 characters"),
    ({"lesson": ""}, "statement", "It is missing"),
    ({"event": "e" * 151}, "event.name", "It has 151 characters"),
    ({"id": ""}, "external_id", "It is empty"),
    ({"text": "=HYPERLINK(1)"}, "text", "The cell begins like a formula"),
    ({"text": "@SUM(1+1)"}, "text", "The cell begins like a formula"),
    ({"text": "+cmd|' /C calc'!A0"}, "text", "The cell begins like a formula"),
    ({"area": "Atlantis"}, "area", "“Atlantis” is no area we know"),
]


@pytest.mark.parametrize(("wrong", "field", "what"), BAD_ROWS)
def test_a_bad_row_is_refused_with_line_field_and_what_to_do(
    wrong: dict[str, str], field: str, what: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.csv", {"id": "A-0", "event": "Another event"}, wrong, {"id": "A-9"})

    run(file)

    said = [row for row in report_of(file) if row["outcome"] == "refused"]
    assert any(row["field"] == field and row["what is wrong"].startswith(what) for row in said), said
    assert all(row["line"] == "3" and row["what to do"] for row in said)
    assert sorted(Lesson.objects.values_list("external_id", flat=True)) == ["A-0", "A-9"]


def test_a_text_that_begins_with_a_dash_is_no_formula(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", {"text": "- Two lists were in use (one old).\n- Nobody knew."}))

    assert Lesson.objects.get().what_happened.startswith("- Two lists")


def test_refused_rows_go_to_a_file_that_can_be_mended_and_imported(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {}, {"id": "A-2", "risks": "Dragons"}, {"id": "A-3"})
    run(file)

    rejected = report_of(file, "rejected")
    assert list(rejected[0]) == [*GOOD, "reason"]
    assert [row["id"] for row in rejected] == ["A-2"]
    assert "Dragons" in rejected[0]["reason"]
    path = tmp_path / "out" / "a.rejected.csv"
    mended = tmp_path / "mended.csv"
    mended.write_text(path.read_text(encoding="utf-8-sig").replace("Dragons,", "Storms,"), encoding="utf-8")

    run(mended)

    assert Lesson.objects.count() == 3
    assert not (tmp_path / "out" / "mended.rejected.csv").exists()


def test_the_counts_add_up_to_the_rows_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(write(tmp_path / "first.csv", {}))
    file = write(tmp_path / "a.csv", {}, {"id": "A-2"}, {"id": "A-2"}, {"id": "A-3", "risks": "Dragons"}, {"id": "A-4"})
    capsys.readouterr()

    run(file)

    assert outcomes(file) == {"2": "already there", "3": "added", "4": "refused", "5": "refused", "6": "added"}
    assert "5 rows: 2 added, 1 already there, 2 refused." in capsys.readouterr().out
    assert "Line 3 has the same id" in report_of(file, "rejected")[0]["reason"]


def test_a_row_with_cells_too_many_is_refused_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {}, {"id": "A-2"})
    file.write_text(file.read_text(encoding="utf-8").rstrip() + ",surplus\n", encoding="utf-8")

    run(file)

    assert outcomes(file) == {"2": "added", "3": "refused"}


def test_a_row_that_cannot_be_published_is_rolled_back_whole(tmp_path: Path) -> None:
    person(Role.LRF_MODERATOR, area=ResilienceAreaFactory(code="kent"), email="kent@responder.example")
    file = write(tmp_path / "a.csv", {})

    run(file, publish_by="kent@responder.example")

    assert outcomes(file) == {"2": "refused"}
    assert not Lesson.objects.exists()
    assert not Event.objects.exists()
    assert not ReferenceCounter.objects.exists()


def test_an_event_that_went_with_a_refused_row_is_made_by_the_next(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {"lesson": ""}, {"id": "A-2"})

    run(file)

    assert outcomes(file) == {"2": "refused", "3": "added"}
    assert Lesson.objects.get().event.name == "Exercise Rising Tide"


# -- files that cannot be read ------------------------------------------------------------------------
HEADER = ",".join(GOOD)
LINE = ",".join(GOOD.values())
BAD_FILES = {
    "empty": (b"", "a.csv: The file is empty"),
    "only white space": (b"  \n\n", "line 1: There is no header"),
    "a quotation mark never closed": (f'{HEADER}\n{LINE}\n"A-2,{LINE}\n'.encode(), "line 3: A quotation mark"),
    "text after a quotation mark": (f'{HEADER}\n"A"-2,{LINE}\n'.encode(), "line 2: A quotation mark"),
    "the same header twice": (f"{HEADER},Title\n{LINE},x\n".encode(), "These columns are named twice: title"),
    "a column without a name": (f"x,,{HEADER}\n".encode(), "Column 2 has no name"),
    "missing columns": (b"id,title\n1,x\n", "These columns are missing: kind, text"),
    "NUL": (f"{HEADER}\n{LINE}\nA\x00\n".encode(), "line 3: There is a NUL character"),
    "UTF-16 without a mark": (f"{HEADER}\n{LINE}\n".encode("utf-16-le"), "NUL character"),
    "UTF-8 that breaks off": (f"{HEADER}\n{LINE} é\n".encode() + b"x\xff\n", "line 3: Some characters are not UTF-8"),
    "no text at all": (b"\x81\x8d\x8f\x90\x9d\n", "neither UTF-8 nor Windows-1252"),
    "a cell without end": (f"{HEADER}\n{'x' * 100_001}\n".encode(), "longer than 100,000 characters"),
    "UTF-16 that breaks off": (f"{HEADER}\n".encode("utf-16") + b"x", "neither UTF-8 nor Windows-1252"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_broken_file_is_refused_in_a_sentence_and_nothing_is_stored(name: str, tmp_path: Path) -> None:
    content, said = BAD_FILES[name]
    file = tmp_path / "a.csv"
    file.write_bytes(content)

    with pytest.raises(CommandError, match=said):
        run(file)

    assert not Lesson.objects.exists()
    assert not Event.objects.exists()


def test_a_file_that_breaks_at_its_end_stores_none_of_its_good_rows(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", *({"id": f"A-{n}"} for n in range(20)))
    file.write_text(file.read_text(encoding="utf-8") + '"never closed\n', encoding="utf-8")

    with pytest.raises(CommandError, match="line 22: A quotation mark"):
        run(file)

    assert not Lesson.objects.exists()


def test_a_file_too_large_or_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.csv", *({"id": f"A-{n}"} for n in range(20)))

    with pytest.raises(tables.UnreadableTable, match="line 12: The file has more than 10 rows"):
        list(tables.open_csv(file, row_limit=10).rows())
    monkeypatch.setattr(tables, "FILE_LIMIT", 100)
    with pytest.raises(CommandError, match="is larger than"):
        run(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(CommandError, match="There is no file"):
            run(path, columns=tmp_path / "map.json", report=tmp_path / "out")


def test_a_spreadsheet_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", {}).rename(tmp_path / "a.xlsx")

    with pytest.raises(CommandError, match=r"a\.xlsx: It is no CSV file\. Save it as “CSV UTF-8”"):
        run(file)


def test_a_header_without_rows_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(write(tmp_path / "a.csv"))

    assert "0 rows: nothing to do." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [("utf-8", ","), ("utf-8-sig", ","), ("utf-16", ","), ("cp1252", ";"), ("utf-8", "\t")],
)
def test_files_as_spreadsheets_write_them_are_understood(
    encoding: str, separator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"title": "Café “Lancaster” served as a rest centre", "topics": "Communicate"}

    run(write(tmp_path / "a.csv", rows, encoding=encoding, separator=separator))

    assert Lesson.objects.get().title == rows["title"]
    assert ("was read as Windows-1252" in capsys.readouterr().out) == (encoding == "cp1252")


def test_spaces_before_quoted_cells_and_line_breaks_within_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    cells = GOOD | {"text": "First line.\r\nSecond line, with a comma."}
    quoted = ", ".join(f'"{cell}"' for cell in cells.values())
    header = ", ".join(f'"{name}"' for name in GOOD)
    file.write_text(f"{header}\r\n{quoted}\r\n\r\n", encoding="utf-8", newline="")

    run(file)

    assert Lesson.objects.get().what_happened == "First line.\nSecond line, with a comma."


# -- who ----------------------------------------------------------------------------------------------
def test_an_outsider_cannot_import_for_an_organisation(tmp_path: Path) -> None:
    person(Role.JOL_SPOC, email="outsider@responder.example")

    with pytest.raises(CommandError, match="neither works for Cumbria Constabulary nor belongs to the JOL Secretariat"):
        run(write(tmp_path / "a.csv", {}), by="outsider@responder.example")

    assert not Lesson.objects.exists()


def test_a_reader_of_the_organisation_cannot_import(tmp_path: Path) -> None:
    person(Role.READER, Organisation.objects.get(code="cumbria-constabulary"), email="reader@responder.example")

    with pytest.raises(CommandError, match="has no role in Cumbria Constabulary that writes lessons"):
        run(write(tmp_path / "a.csv", {}), by="reader@responder.example")


def test_the_secretariat_imports_for_any_organisation_and_a_second_person_publishes(tmp_path: Path) -> None:
    person(Role.SECRETARIAT, email="secretariat@responder.example")
    person(Role.SECRETARIAT, email="secretariat2@responder.example")

    run(
        write(tmp_path / "a.csv", {}),
        by="secretariat@responder.example",
        publish_by="secretariat2@responder.example",
    )

    lesson = Lesson.objects.get()
    assert (lesson.status, lesson.organisation.code) == (Status.PUBLISHED, "cumbria-constabulary")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"publish_by": "by@responder.example"}, "Nobody publishes their own lessons"),
        ({"publish_by": "spoc@responder.example"}, "is no moderator"),
        ({"publish_by": "nobody@responder.example"}, "There is no account"),
        ({"by": "nobody@responder.example"}, "There is no account"),
        ({"organisation": "cumbria-constabularry"}, "Did you mean cumbria-constabulary"),
        ({"announce": True}, "--announce goes with --publish-by"),
        ({"columns": Path("none.json")}, "none.json cannot be read"),
    ],
)
def test_an_import_that_cannot_begin_says_why(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    person(Role.JOL_SPOC, Organisation.objects.get(code="cumbria-constabulary"), email="spoc@responder.example")

    with pytest.raises(CommandError, match=said):
        run(write(tmp_path / "a.csv", {}), **options)


def test_an_organisation_that_signs_off_is_published_only_for_its_leads(tmp_path: Path) -> None:
    constabulary = Organisation.objects.get(code="cumbria-constabulary")
    Organisation.objects.filter(pk=constabulary.pk).update(wants_sign_off=True)
    file = write(tmp_path / "a.csv", {})
    with pytest.raises(CommandError, match="signs lessons off first"):
        run(file, publish_by="moderator@responder.example")

    run(file)
    assert Lesson.objects.get().status == Status.AWAITING_SIGN_OFF

    spoc = person(Role.JOL_SPOC, constabulary, email="spoc@responder.example")
    MembershipFactory(user=spoc, organisation=OrganisationFactory())
    run(write(tmp_path / "b.csv", {"id": "A-2"}), by=spoc.email, publish_by="moderator@responder.example")
    assert Lesson.objects.get(external_id="A-2").status == Status.PUBLISHED


# -- column maps ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"titel": "{title}"}, "unknown field titel"),
        ({"title": {"form": "{title}"}}, "title: unknown entry form"),
        ({"title": {"from": []}}, "title: there must be a text, or a list of texts"),
        ({"title": 7}, "title: there must be a text"),
        ({"title": {"from": "{title}", "pattern": "("}}, "title: the pattern is wrong"),
        ({"title": {"from": "{title}", "pattern": "x"}}, "title: the pattern needs a group"),
        ({"title": {"from": "{title}", "shorten": "yes"}}, "title, shorten: there must be true"),
        ({"risks": {"from": "{risks}", "unknown": "guess"}}, "“unknown” is “refuse” or “leave_out”"),
        ({"kind": {"from": "{kind}", "values": ["x"]}}, "kind, values: there must be pairs"),
    ],
)
def test_a_wrong_column_map_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadColumnMap, match=said.replace("(", r"\(")):
        column_map(MAP | {"fields": MAP["fields"] | change}, "map.json")


@pytest.mark.parametrize("given", [[], {}, {"fields": []}, {"fields": {"title": "x"}}, MAP | {"colour": "red"}])
def test_what_is_no_column_map_is_refused(given: Any) -> None:
    with pytest.raises(BadColumnMap):
        column_map(given, "map.json")


def test_the_first_template_whose_cells_are_all_filled_counts() -> None:
    fields = MAP["fields"] | {"title": ["{title}: {task}", "{kind}, {title}", "Report {id}"]}
    columns = column_map({"fields": fields, "empty_cells": ["N/A"]}, "map.json")

    def title(**cells: str) -> str | list[str]:
        return columns.read({"id": "7", "kind": "Wildland", **cells})["title"]

    assert title(title="Hill fire", task="Mop up") == "Hill fire: Mop up"
    assert title(title="Hill fire", task="") == "Wildland, Hill fire"
    assert title(title="N/A", task="Mop up") == "Report 7"


def test_values_constants_conditions_and_patterns() -> None:
    fields = MAP["fields"] | {
        "brag": {"from": "{level}", "values": {"1": "red", "": "green", "*": "amber"}},
        "benefit": {"from": "{lesson}", "only_if": {"kind": "good"}},
        "recommendation_by_whom": {"from": "{do}", "pattern": "^(.+?) should ", "otherwise": "All responders"},
        "topics": {"from": "{topics}", "values": {"Radio": "communicate; flooding", "Other": ""}},
    }
    columns = column_map({"fields": fields}, "map.json")

    first = columns.read(
        {"level": "1", "kind": "good", "lesson": "x", "do": "Crews should ask.", "topics": "Radio;Other"}
    )
    second = columns.read({"level": "", "kind": "bad", "lesson": "x", "do": "Ask.", "topics": "Radio;Radio;Kit"})
    third = columns.read({"level": "5"})

    assert [one["brag"] for one in (first, second, third)] == ["red", "green", "amber"]
    assert (first["benefit"], second["benefit"]) == ("x", "")
    assert (first["recommendation_by_whom"], second["recommendation_by_whom"]) == ("Crews", "All responders")
    assert (first["topics"], second["topics"]) == (["communicate", "flooding"], ["communicate", "flooding", "Kit"])
    assert (first["marking"], third["marking"]) == ("official", "official")


@pytest.mark.parametrize("path", sorted(COLUMN_MAPS.glob("*.json")), ids=lambda path: path.stem)
def test_the_column_maps_of_the_project_are_sound(path: Path) -> None:
    assert load_column_map(path).columns


def test_free_form_reports_with_short_titles_and_missing_fields_are_imported(tmp_path: Path) -> None:
    for code in ("wildfire", "shared-situational-awareness"):
        ThemeFactory(code=code)
    NationalRiskFactory(code="wildfire")
    CapabilityFactory(code="wildfire-response")
    file = tmp_path / "reports.csv"
    header = (
        "id,title,event_date,reported_date,state,organisation,local_unit,reporter_role,task,management_level,resources,"
        "incident_type,activity,stage,contributing_factors,human_factors,other_factors,what_happened,immediate_action"
    )
    file.write_text(
        f"{header}\n"
        "4A,RIDGE,2012-07-01,2012-07-02,MT,USFS,,,Line construction,3,,Wildland,Line,,Communications;Other,"
        "Situational Awareness,,Two crews used different channels.,Channels were agreed again.\n"
        "4B,N/A,2012-07-03,2012-07-04,,BLM,,,,N/A,,,,,,,,A tree fell near the road.,\n",
        encoding="utf-8",
    )

    run(file, columns=Path("safenet.json"))

    first, second = Lesson.objects.order_by("external_id")
    assert first.title == "RIDGE (MT): Line construction"
    assert {theme.code for theme in first.themes.all()} == {"communicate", "shared-situational-awareness"}
    assert first.statement == "Channels were agreed again."
    assert second.title == "Near miss report 4B"
    assert second.statement == "A tree fell near the road."
    assert {lesson.status for lesson in (first, second)} == {Status.SUBMITTED}
