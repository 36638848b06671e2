"""Reference data: resilience areas, responder types and organisations, from CSV files with stable codes.

Files are read whole and checked before anything is stored.  Rows that left a file are reported and kept.
"""

from pathlib import Path

from django.db.models import Model
from django.utils.text import slugify

from accounts.models import Organisation, ResilienceArea, ResponderType
from accounts.models.organisations import AreaKind, Category
from accounts.reference_files import Loaded, ReferenceFile, upsert

NATIONS = ("England", "Wales", "Scotland", "Northern Ireland")
#: What stands in the column `nation`, and the nations it means.
NATIONS_MEANT = {nation: (nation,) for nation in NATIONS} | {
    "England and Wales": ("England", "Wales"),
    "GB": ("England", "Wales", "Scotland"),
    "UK": NATIONS,
}
#: In the column `resilience_areas`: every area of the row's nation.
EVERY_AREA = "national"


class AccountsReference:
    """The three files of this app: read when made, stored by `store()`."""

    def __init__(self, folder: Path) -> None:
        self.areas = ReferenceFile(
            folder / "resilience_areas.csv",
            ("code", "name", "kind", "nation", "region", "tile_row", "tile_col"),
            required=("code", "name", "kind", "nation", "tile_row", "tile_col"),
        )
        self.types = ReferenceFile(
            folder / "responder_types.csv",
            ("code", "name", "category", "audience_category", "service_group"),
            required=("code", "name", "category", "audience_category", "service_group"),
        )
        self.organisations = ReferenceFile(
            folder / "organisations.csv",
            ("code", "name", "responder_type", "nation", "resilience_areas"),
            required=("code", "name", "responder_type", "nation", "resilience_areas"),
        )
        self._check()

    @property
    def problems(self) -> list[str]:
        return [*self.areas.problems, *self.types.problems, *self.organisations.problems]

    def _check(self) -> None:
        self.areas.must_be("kind", AreaKind.values)
        self.areas.must_be("nation", NATIONS)
        for column in ("tile_row", "tile_col"):
            self.areas.must_be_number(column, 0, 100)
        self._check_tiles()
        for column in ("category", "audience_category"):
            self.types.must_be(column, Category.values)
        self.organisations.must_be("nation", tuple(NATIONS_MEANT))
        types = {row.cells["code"] for row in self.types.rows}
        areas = {row.cells["code"] for row in self.areas.rows} | {EVERY_AREA}
        for row in self.organisations.rows:
            if types and row.cells["responder_type"] not in types:
                self.organisations.wrong(
                    row, f"responder_type “{row.cells['responder_type']}” is not in {self.types.name}."
                )
            for code in row.cells["resilience_areas"].split(";"):
                if len(areas) > 1 and code.strip() not in areas:
                    self.organisations.wrong(row, f"resilience area “{code}” is not in {self.areas.name}.")

    def _check_tiles(self) -> None:
        tiles: dict[tuple[str, str], int] = {}
        for row in self.areas.rows:
            tile = (row.cells.get("tile_row", ""), row.cells.get("tile_col", ""))
            if tile in tiles:
                self.areas.wrong(row, f"the tile {'/'.join(tile)} is taken by line {tiles[tile]}.")
            tiles.setdefault(tile, row.line)

    def check_against_stored(self) -> None:
        """Note each row that would take name or tile from a stored one that the files do not name."""
        self._check_stored(self.areas, ResilienceArea, "name")
        self._check_stored(self.areas, ResilienceArea, "tile_row", "tile_col")
        self._check_stored(self.organisations, Organisation, "name")

    def _check_stored(self, file: ReferenceFile, model: type[Model], *columns: str) -> None:
        in_file = {row.cells["code"] for row in file.rows}
        stored = model._default_manager.exclude(code__in=in_file).values_list("code", *columns)  # noqa: SLF001
        taken = {tuple(map(str, values)): code for code, *values in stored}
        for row in file.rows:
            values = tuple(row.cells[column] for column in columns)
            if code := taken.get(values):
                what = " and ".join(columns).replace("_", " ")
                file.wrong(
                    row,
                    f"its {what}, “{'/'.join(values)}”, is stored for the code “{code}”, which is not in the file. "
                    f"Is it the same one? Then write “{code}” as the code of this row. Else give it another {what}.",
                )

    def store(self) -> list[Loaded]:
        """Bring the tables to what the files say, in the caller's transaction."""
        areas = upsert(
            "resilience areas",
            [
                ResilienceArea(
                    code=row.cells["code"],
                    name=row.cells["name"],
                    kind=row.cells["kind"],
                    nation=row.cells["nation"],
                    region=row.cells["region"],
                    tile_row=int(row.cells["tile_row"]),
                    tile_col=int(row.cells["tile_col"]),
                )
                for row in self.areas.rows
            ],
            key=("code",),
            fields=("name", "kind", "nation", "region", "tile_row", "tile_col"),
        )
        types = upsert(
            "responder types",
            [
                ResponderType(
                    code=row.cells["code"],
                    name=row.cells["name"],
                    category=row.cells["category"],
                    audience_category=row.cells["audience_category"],
                    sector=slugify(row.cells["service_group"]),
                )
                for row in self.types.rows
            ],
            key=("code",),
            fields=("name", "category", "audience_category", "sector"),
        )
        type_ids = dict(ResponderType.objects.values_list("code", "pk"))
        organisations = upsert(
            "organisations",
            [
                Organisation(
                    code=row.cells["code"],
                    name=row.cells["name"],
                    type_id=type_ids[row.cells["responder_type"]],
                    nation=row.cells["nation"],
                )
                for row in self.organisations.rows
            ],
            key=("code",),
            fields=("name", "type_id", "nation"),
        )
        return [areas, types, organisations, self._store_areas_of_organisations()]

    def _store_areas_of_organisations(self) -> Loaded:
        area_ids = dict(ResilienceArea.objects.values_list("code", "pk"))
        organisation_ids = dict(Organisation.objects.values_list("code", "pk"))
        codes_of_nation = {
            nation: [row.cells["code"] for row in self.areas.rows if row.cells["nation"] in meant]
            for nation, meant in NATIONS_MEANT.items()
        }
        wanted = set()
        for row in self.organisations.rows:
            for code in row.cells["resilience_areas"].split(";"):
                codes = codes_of_nation[row.cells["nation"]] if code.strip() == EVERY_AREA else [code.strip()]
                wanted |= {(organisation_ids[row.cells["code"]], area_ids[one]) for one in codes}
        link = Organisation.areas.through
        of_the_file = link.objects.filter(organisation_id__in={organisation for organisation, _ in wanted})
        stored = {(o, a): pk for pk, o, a in of_the_file.values_list("pk", "organisation_id", "resiliencearea_id")}
        link.objects.filter(pk__in=[pk for pair, pk in stored.items() if pair not in wanted]).delete()
        new = wanted - stored.keys()
        link.objects.bulk_create(link(organisation_id=o, resiliencearea_id=a) for o, a in sorted(new))
        return Loaded("areas of organisations", len(wanted), len(new), len(stored.keys() - wanted), [])
