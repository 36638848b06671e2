"""The near-miss reports of SAFENET: thousands of awkward real rows, imported in one command each."""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from accounts.models import Organisation, User
from accounts.roles import Role
from lessons.models import Lesson
from tests.factories import OrganisationFactory, ResponderTypeFactory, person

CORPORA = Path(os.environ.get("CORPORA", settings.BASE_DIR.parent / "shared" / "corpora"))

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def owner() -> Organisation:
    call_command("load_reference", verbosity=0)
    return OrganisationFactory(code="wildfire-desk", type=ResponderTypeFactory())


@pytest.fixture
def importer(owner: Organisation) -> User:
    return person(Role.JOL_SPOC, owner)


@pytest.mark.parametrize(
    ("file", "columns", "at_least"),
    [
        ("raw/SAFENET_2012_as_published.csv", "safenet_as_published.json", 130),
        pytest.param("safenet_1999_2015.csv", "safenet.json", 1_850, marks=pytest.mark.long),
    ],
)
def test_a_file_is_imported_whole_and_a_second_time_adds_nothing(
    tmp_path: Path, owner: Organisation, importer: User, file: str, columns: str, at_least: int
) -> None:
    path = CORPORA / file
    if not path.exists():
        pytest.skip(f"{file} is not there: name its folder in CORPORA; this test did NOT run")
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = sum(
            1 for record in csv.DictReader(source, skipinitialspace=True) if any(map(str.strip, record.values()))
        )

    def run(number: int) -> Counter[str]:
        folder = tmp_path / str(number)
        options = {"organisation": owner.code, "by": importer.email, "columns": Path(columns), "report": folder}
        call_command("import_lessons", path, **options)
        with (folder / f"{path.stem}.report.csv").open(encoding="utf-8-sig", newline="") as report:
            lines = [line for line in csv.DictReader(report) if line["outcome"] != "left out"]
        return Counter({line["line"]: line["outcome"] for line in lines}.values())

    first = run(1)
    assert first.total() == rows
    assert first["added"] >= at_least
    assert Lesson.objects.count() == first["added"]

    second = run(2)
    assert second["already there"] == first["added"]
    assert second["added"] == 0
    assert Lesson.objects.count() == first["added"]
    if "raw" in file:
        assert not Lesson.objects.filter(what_happened__contains="<br").exists()
