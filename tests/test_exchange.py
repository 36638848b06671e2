"""What leaves a portal can be described, checked and taken in by another, and nothing of it is lost."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

from accounts.models import Organisation
from accounts.roles import Role
from lessons.models import Lesson, Status
from tests.calling import Caller, published
from tests.factories import (
    CapabilityFactory,
    EventFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

#: What a portal says of its own copy, not of the lesson.
OF_THE_COPY = ("external_id", "reference", "url", "version", "published_at", "archived_at")
FULL = {
    "context": "A spring tide; two counties.\nSecond line.",
    "impact": "Evacuees were sent to a centre that had closed.",
    "why": "“One list” was “nobody's list”.",
    "recommendations": [
        {"text": "Keep one list; share it", "by_whom": "Local resilience forum"},
        {"text": "Test it", "by_whom": "Control rooms"},
    ],
    "action_taken": "A list is kept since March.",
    "benefit": "An hour is saved.",
    "evidence": "Log of the control room.",
    "to_copy_it": "Ask for the template.",
}


def exported() -> list[dict[str, Any]]:
    secretariat = person(Role.SECRETARIAT)
    answer = Caller(secretariat, "read:published", "read:sensitive").get("/api/v1/lessons.ndjson?archived=include")
    return [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]


def some_lessons() -> None:
    cumbria, kent = (ResilienceAreaFactory(code=code) for code in ("cumbria", "kent"))
    owner = OrganisationFactory(code="cumbria-frs", areas=[cumbria])
    tags: dict[str, Any] = {
        "risks": [NationalRiskFactory(code="wildfire"), NationalRiskFactory(code="drought")],
        "themes": [ThemeFactory(code="communicate"), ThemeFactory(code="co-locate")],
        "capabilities": [CapabilityFactory(code="mass-evacuation")],
    }
    two_areas = EventFactory(organisation=owner, areas=[cumbria, kent], kind="incident", name="Storm “Ända”; 2026")
    some_day = EventFactory(organisation=owner, started_on=date(2025, 1, 1), precision="year", kind="external")
    published(organisation=owner, event=two_areas, **FULL, **tags)
    published(organisation=OrganisationFactory(code="kent-police", name="Kent Police", areas=[kent]))
    published(organisation=owner, kind="notable_practice", brag="red", recommendations=[], benefit="It saves time.")
    published(organisation=owner, marking="official_sensitive", handling="Within your organisation only")
    published(organisation=owner, attribution="area", audience="areas", audience_areas=["kent", "cumbria"])
    published(organisation=owner, attribution="sector", audience="sectors", audience_sectors=["fire"])
    published(organisation=owner, attribution="none", audience="category_1", not_a_national_risk=True, risks=[])
    published(
        organisation=owner, event=some_day, no_recommendation_because="Nobody needs to do more", recommendations=[]
    )


def another_portal() -> None:
    """Forget every lesson: what stays is the reference data that all portals share."""
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE lessons_event CASCADE; SET CONSTRAINTS ALL DEFERRED")


def test_an_export_is_what_its_schema_says() -> None:
    some_lessons()
    schema = Client().get("/schemas/lesson/v1.json").json()
    vocabulary = Client().get("/schemas/lesson/v1/vocabulary.json").json()

    documents = exported()

    assert len(documents) == 8
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    assert [error.message for document in documents for error in checker.iter_errors(document)] == []
    assert set(schema["properties"]) == set(documents[0])
    known = {name: {one["code"] for one in codes} for name, codes in vocabulary["codes"].items()}
    for name in ("national_risks", "risk_themes", "themes", "capabilities", "areas", "sectors"):
        assert {code for document in documents for code in document[name]} <= known[name]
    assert schema["$id"] == "http://testserver/schemas/lesson/v1.json"


@pytest.mark.slow
def test_what_another_portal_takes_in_says_the_same(tmp_path: Path) -> None:
    some_lessons()
    sent = exported()
    file = tmp_path / "lessons.ndjson"
    file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in sent), encoding="utf-8")
    another_portal()
    person(Role.SECRETARIAT, email="by@responder.example")
    person(Role.SECRETARIAT, email="publisher@responder.example")

    given: dict[str, Any] = {"organisation": "cumbria-frs", "by": "by@responder.example", "report": tmp_path / "out"}
    given["columns"] = Path("exported.json")

    call_command("import_lessons", file, publish_by="publisher@responder.example", **given)
    call_command("import_lessons", file, **given)  # what two people must look at is submitted, not published

    assert set(Lesson.objects.values_list("organisation__code", flat=True)) == {"cumbria-frs", "kent-police"}
    received = {one["external_id"]: one for one in map(with_external_id, exported())}
    for one in sent:
        if one["marking"] == "official":
            assert content(received[one["reference"]]) == content(one)
        else:
            lesson = Lesson.objects.get(external_id=one["reference"], status=Status.SUBMITTED)
            assert (lesson.marking, lesson.handling, lesson.title) == (one["marking"], one["handling"], one["title"])


def test_lessons_of_another_owner_are_taken_in_by_who_may_write_for_it_only(tmp_path: Path) -> None:
    some_lessons()
    file = tmp_path / "lessons.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in exported()), encoding="utf-8")
    another_portal()
    lead = person(Role.JOL_LEAD, organisation=Organisation.objects.get(code="cumbria-frs"))

    given: dict[str, Any] = {"organisation": "cumbria-frs", "by": lead.email, "report": tmp_path / "out"}
    call_command("import_lessons", file, columns=Path("exported.json"), **given)

    assert set(Lesson.objects.values_list("organisation__code", flat=True)) == {"cumbria-frs"}
    rejected = (tmp_path / "out" / "lessons.rejected.csv").read_text(encoding="utf-8")
    assert "neither works for Kent Police nor belongs to the JOL Secretariat" in rejected


def with_external_id(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"external_id": Lesson.objects.get(reference=document["reference"]).external_id}


def content(document: dict[str, Any]) -> dict[str, Any]:
    lists = {name: sorted(value) for name, value in document.items() if name.endswith("s") and all_codes(value)}
    return {name: value for name, value in (document | lists).items() if name not in OF_THE_COPY}


def all_codes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def test_the_addresses_of_schema_and_vocabulary_are_open_and_may_be_kept() -> None:
    for address in ("/schemas/lesson/v1.json", "/schemas/lesson/v1/vocabulary.json"):
        answer = Client().get(address)
        assert answer.status_code == 200
        assert "max-age=3600" in answer.headers["Cache-Control"]
        assert Client().post(address).status_code == 405
