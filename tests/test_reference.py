"""Loading the reference data."""

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import Organisation, ResilienceArea, ResponderType
from lessons.models import Capability, NationalRisk, Theme
from lessons.reference import BrokenReference, load_reference

FOLDER = settings.BASE_DIR / "data"
NAMES = (
    "resilience_areas",
    "responder_types",
    "organisations",
    "national_risks",
    "jesip_themes",
    "capabilities",
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the reference data that a test may break."""
    for name in NAMES:
        shutil.copy(FOLDER / f"{name}.csv", tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_row_of_every_file_is_loaded() -> None:
    load_reference(FOLDER)

    assert ResilienceArea.objects.count() == 48
    assert ResponderType.objects.count() == 77
    assert Organisation.objects.count() == 605
    assert NationalRisk.objects.filter(edition="NRR 2025").count() == 88
    assert NationalRisk.objects.filter(edition="NRR 2023").count() == 1
    assert Theme.objects.count() == 86
    assert Theme.objects.filter(group=Theme.PRINCIPLE).count() == 5
    assert Capability.objects.count() == 65


def test_sectors_are_codes() -> None:
    load_reference(FOLDER)

    assert ResponderType.objects.get(code="local-authority-england").sector == "local-authority"
    assert ResponderType.objects.filter(sector__contains=" ").count() == 0


def test_national_means_every_area_of_the_nations_of_the_row() -> None:
    load_reference(FOLDER)

    def nations(code: str) -> list[str]:
        return sorted(set(Organisation.objects.get(code=code).areas.values_list("nation", flat=True)))

    assert Organisation.objects.get(code="met-office").areas.count() == 48
    assert nations("environment-agency") == ["England"]
    assert nations("college-of-policing") == ["England", "Wales"]
    assert nations("ofgem") == ["England", "Scotland", "Wales"]


def test_a_second_run_changes_nothing(django_assert_max_num_queries) -> None:
    load_reference(FOLDER)

    with django_assert_max_num_queries(25):
        again = load_reference(FOLDER)

    assert [(file.added, file.changed) for file in again] == [(0, 0)] * 7
    assert all(not file.left_over for file in again)


def test_a_changed_name_is_updated_in_the_same_row(folder: Path) -> None:
    load_reference(folder)
    before = Organisation.objects.get(code="cheshire-constabulary")
    Organisation.objects.filter(pk=before.pk).update(mailbox="jol@example.org")
    replace(folder / "organisations.csv", ",Cheshire Constabulary,", ",Cheshire Police,")

    loaded = {file.what: file for file in load_reference(folder)}

    after = Organisation.objects.get(code="cheshire-constabulary")
    assert (after.pk, after.name, after.mailbox) == (before.pk, "Cheshire Police", "jol@example.org")
    assert (loaded["organisations"].added, loaded["organisations"].changed) == (0, 1)


def test_areas_of_an_organisation_follow_the_file(folder: Path) -> None:
    load_reference(folder)
    replace(
        folder / "organisations.csv",
        "cheshire-constabulary,Cheshire Constabulary,police-england-wales,England,cheshire,",
        "cheshire-constabulary,Cheshire Constabulary,police-england-wales,England,cheshire;merseyside,",
    )

    load_reference(folder)

    areas = Organisation.objects.get(code="cheshire-constabulary").areas
    assert set(areas.values_list("code", flat=True)) == {"cheshire", "merseyside"}


def test_a_row_that_left_the_file_is_kept_and_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_reference(folder)
    path = folder / "capabilities.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("plant-health,")), encoding="utf-8")

    call_command("load_reference", folder=folder)

    assert Capability.objects.filter(code="plant-health").exists()
    assert "not in the file, kept: plant-health" in capsys.readouterr().out


def test_a_newer_edition_stands_beside_the_older(folder: Path) -> None:
    load_reference(folder)
    with (folder / "national_risks.csv").open("a", encoding="utf-8") as file:
        file.write(
            "storms,50,Storms,Natural and environmental hazards,natural-and-environmental-hazards,,,NRR 2026,x\n"
        )

    load_reference(folder)

    assert NationalRisk.objects.filter(code="storms").count() == 2
    assert NationalRisk.objects.current().filter(code="storms").get().edition == "NRR 2026"


BROKEN = """
organisations | police-england-wales,England,cheshire, | police-x,England,cheshire, | 5: responder_type “police-x”
organisations | ,England,cheshire, | ,England,chessire, | 5: resilience area “chessire” is not in
organisations | ,England,cheshire, | ,Atlantis,cheshire, | 5: nation is “Atlantis”
organisations | cheshire-constabulary, | avon-and-somerset-police, | 5: code “avon-and-somerset-police” stands
organisations | cheshire-constabulary, | Cheshire Constabulary, | 5: code “Cheshire Constabulary” is not
organisations | ,Cheshire Constabulary, | ,, | 5: name is empty
organisations | ,Cheshire Constabulary, | ,Cheshire,Constabulary, | 5: The row has 7 cells, the header has 6
organisations | ,Cheshire Constabulary, | ,"Cheshire Constabulary, | 5: A quotation mark in the record
organisations | responder_type | kind | 1: These columns are missing: responder_type
organisations | nation | name | 1: These columns are named twice: name
organisations | Cheshire | Che\0shire | 5: There is a NUL character
resilience_areas | Cumbria Constabulary, | Cumbria Constabulary,x | 5: tile_row is “x
national_risks | attacks,Terrorism,terrorism,5, | attacks,Terrorism,terrorism,9, | 5: likelihood is “9”
responder_types | Greater London Authority,1,1, | Greater London Authority,7,1, | 3: category is “7”
"""


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [[part.strip() for part in line.split("|")] for line in BROKEN.strip().splitlines()],
)
def test_a_broken_file_is_refused_whole_with_the_line(folder: Path, name: str, old: str, new: str, said: str) -> None:
    replace(folder / f"{name}.csv", old, new)

    with pytest.raises(BrokenReference) as refusal:
        load_reference(folder)

    assert any(problem.startswith(f"{name}.csv, line {said}") for problem in refusal.value.problems), (
        refusal.value.problems
    )
    assert not ResilienceArea.objects.exists()
    assert not NationalRisk.objects.exists()


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "jesip_themes.csv").unlink()

    with pytest.raises(CommandError, match=r"There is no file .*jesip_themes\.csv"):
        call_command("load_reference", folder=folder)


def test_a_name_that_belongs_to_a_stored_row_of_another_code_is_refused(folder: Path) -> None:
    load_reference(folder)
    replace(folder / "resilience_areas.csv", "cheshire,Cheshire,", "chester,Cheshire,")
    replace(folder / "organisations.csv", ",England,cheshire,", ",England,chester,")
    text = (folder / "organisations.csv").read_text(encoding="utf-8")
    (folder / "organisations.csv").write_text(text.replace(",cheshire,", ",chester,").replace(";cheshire", ";chester"))
    text = (folder / "organisations.csv").read_text(encoding="utf-8")
    (folder / "organisations.csv").write_text(text.replace("cheshire;", "chester;"))

    line = next(
        n
        for n, text in enumerate((folder / "resilience_areas.csv").read_text().splitlines(), 1)
        if ",Cheshire," in text
    )
    area, tile = ("name, “Cheshire”", "tile row and tile col, “")
    with pytest.raises(CommandError) as told:
        call_command("load_reference", folder=folder)
    first, *problems = str(told.value).splitlines()
    assert first == "Nothing was loaded."
    assert [area in problems[0], tile in problems[1]] == [True, True]
    assert all(one.startswith(f"resilience_areas.csv, line {line}: its ") for one in problems)
    assert "Then write “cheshire” as the code of this row." in problems[0]
    assert not ResilienceArea.objects.filter(code="chester").exists()


def test_a_name_that_an_organisation_gives_up_can_be_that_of_a_new_one_in_the_same_file(folder: Path) -> None:
    load_reference(folder)
    known = Organisation.objects.order_by("pk")[0]
    with (folder / "organisations.csv").open(encoding="utf-8") as file:
        lines = file.read()
    [row] = [line for line in lines.splitlines() if line.startswith(f"{known.code},")]
    renamed = row.replace(f",{known.name},", f",{known.name} (until 2025),", 1).replace(
        f',"{known.name}",', f',"{known.name} (until 2025)",', 1
    )
    assert renamed != row
    new = row.replace(f"{known.code},", f"{known.code}-new,", 1)
    (folder / "organisations.csv").write_text(f"{lines.replace(row, renamed).rstrip()}\n{new}\n", encoding="utf-8")

    call_command("load_reference", folder=folder, stdout=StringIO())

    assert Organisation.objects.get(code=f"{known.code}-new").name == known.name
