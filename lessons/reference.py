"""Reference data: National Risks by edition, JESIP themes and capabilities."""

from pathlib import Path

from django.db import IntegrityError, transaction

from accounts.reference import AccountsReference
from accounts.reference_files import Loaded, ReferenceFile, upsert
from accounts.tables import Row
from lessons.models import Capability, NationalRisk, Theme

DESCRIPTION_LIMIT = 500
RISK_COLUMNS = ("code", "number", "name", "theme", "theme_code", "likelihood", "impact", "edition")
RISK_LIMITS = (("number", 10), ("edition", 20), ("theme_code", 60), ("theme", 100))  # characters


class BrokenReference(Exception):
    """Nothing was stored: `problems` says what is wrong, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_risks(path: Path) -> ReferenceFile:
    """Read a file of National Risks of one or more editions, and note everything that is wrong with it."""
    required = ("code", "name", "theme", "theme_code", "edition")
    file = ReferenceFile(path, RISK_COLUMNS, required=required, unique_in="edition")
    for column in ("likelihood", "impact"):
        file.must_be_number(column, 1, 5, may_be_empty=True)
    for row in file.rows:
        for column, limit in RISK_LIMITS:
            if len(row.cells.get(column, "")) > limit:
                file.wrong(row, f"{column} is longer than {limit} characters.")
    return file


def risk_of(row: Row) -> NationalRisk:
    """Return the entry that a sound row describes, not stored."""
    cells = row.cells
    scores = {name: int(cells[name]) if cells[name] else None for name in ("likelihood", "impact")}
    words = {name: cells[name] for name in ("edition", "code", "number", "name", "theme_code", "theme")}
    return NationalRisk(**words, **scores)


def store_risks(risks: list[NationalRisk]) -> Loaded:
    """Bring the editions of these entries to what they say; entries that are not among them stay."""
    fields = ("number", "name", "theme_code", "theme", "likelihood", "impact")
    return upsert("National Risks", risks, key=("edition", "code"), fields=fields)


class LessonsReference:
    """The three files of this app: read when made, stored by `store()`."""

    def __init__(self, folder: Path) -> None:
        self.risks = read_risks(folder / "national_risks.csv")
        self.themes = ReferenceFile(
            folder / "jesip_themes.csv",
            ("code", "name", "group", "description"),
            required=("code", "name", "group"),
        )
        self.capabilities = ReferenceFile(
            folder / "capabilities.csv", ("code", "name", "description"), required=("code", "name")
        )
        for file in (self.themes, self.capabilities):
            for row in file.rows:
                if len(row.cells.get("description", "")) > DESCRIPTION_LIMIT:
                    file.wrong(row, f"description is longer than {DESCRIPTION_LIMIT} characters.")

    @property
    def problems(self) -> list[str]:
        return [*self.risks.problems, *self.themes.problems, *self.capabilities.problems]

    def store(self) -> list[Loaded]:
        """Bring the tables to what the files say, in the caller's transaction."""
        themes = [
            Theme(**{name: row.cells[name] for name in ("code", "name", "group", "description")})
            for row in self.themes.rows
        ]
        capabilities = [
            Capability(**{name: row.cells[name] for name in ("code", "name", "description")})
            for row in self.capabilities.rows
        ]
        return [
            store_risks([risk_of(row) for row in self.risks.rows]),
            upsert("JESIP themes", themes, key=("code",), fields=("name", "group", "description")),
            upsert("capabilities", capabilities, key=("code",), fields=("name", "description")),
        ]


def load_reference(folder: Path) -> list[Loaded]:
    """Load the reference data of `folder`.  A second run changes nothing.

    :raises BrokenReference: a file is wrong; then nothing of any file is stored
    """
    accounts, lessons = AccountsReference(folder), LessonsReference(folder)
    if problems := [*accounts.problems, *lessons.problems]:
        raise BrokenReference(problems)
    accounts.check_against_stored()
    if accounts.problems:
        raise BrokenReference(accounts.problems)
    try:
        with transaction.atomic():
            return [*accounts.store(), *lessons.store()]
    except IntegrityError as error:
        # Two rows change names with each other, or somebody writes at the same time.
        told = " ".join(str(error.__cause__ or error).split())
        raise BrokenReference(
            [f"A row clashes with one that is stored ({told}). Rename one of the two first, load, then the other."]
        ) from error
