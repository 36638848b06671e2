"""Column maps: JSON that says from which columns each field comes.  docs/importing.md has the whole of it."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessons.importing.fields import FIELDS, NEEDED, Takes

PLACE = re.compile(r"\{([^{}]+)\}")
#: In `values`: what stands for any other value.
ANY_OTHER = "*"


class BadColumnMap(Exception):
    """The column map cannot be used.  The message is written for the person who wrote it."""


@dataclass(frozen=True)
class Template:
    """Text with columns in braces: "{title}: {task}".  Without a column it is a constant."""

    text: str

    @property
    def columns(self) -> list[str]:
        return PLACE.findall(self.text)

    def fill(self, cells: Mapping[str, str]) -> str:
        """Return the text with the cells filled in; "" where any of them is empty."""
        if not all(cells.get(column) for column in self.columns):
            return ""
        return PLACE.sub(lambda place: cells[place[1]], self.text)


@dataclass(frozen=True)
class Source:
    """Where one field comes from."""

    templates: tuple[Template, ...]  # the first whose cells are all filled counts
    values: Mapping[str, str] = field(default_factory=dict)  # value in the file -> what it means
    pattern: re.Pattern[str] | None = None  # keep its first group
    otherwise: str = ""  # where nothing is left
    shorten: int = 0  # cut what is longer instead of refusing it; 0: refuse
    only_if: Mapping[str, str] = field(default_factory=dict)  # column -> the value it must have
    leave_out_unknown: bool = False  # a name that is not known is reported and left out, the row passes

    @property
    def columns(self) -> list[str]:
        return [column for template in self.templates for column in template.columns] + list(self.only_if)

    def text(self, cells: Mapping[str, str]) -> str:
        if any(cells.get(column) != value for column, value in self.only_if.items()):
            return ""
        text = next(filter(None, (template.fill(cells) for template in self.templates)), "")
        if self.pattern:
            found = self.pattern.search(text)
            text = found[1] if found else ""
        return text.strip() or self.otherwise

    def meaning(self, value: str) -> str:
        """Return what `value` stands for."""
        return self.values.get(value, self.values.get(ANY_OTHER, value))


@dataclass(frozen=True)
class ColumnMap:
    sources: Mapping[str, Source]
    list_separator: str = ";"
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    empty_cells: frozenset[str] = frozenset()  # such as "N/A"
    replace: Mapping[str, str] = field(default_factory=dict)  # in every cell, such as "<br/>" by a line break

    @property
    def columns(self) -> list[str]:
        """Every column that the map reads, once."""
        return list(dict.fromkeys(column for source in self.sources.values() for column in source.columns))

    def read(self, cells: Mapping[str, str]) -> dict[str, str | list[str]]:
        """Return what a row says of each field: a text, or a list of texts for a field that takes several."""
        cells = {name: "" if cell in self.empty_cells else self._cleaned(cell) for name, cell in cells.items()}
        return {name: self._read(name, source, cells) for name, source in self.sources.items()}

    def _cleaned(self, cell: str) -> str:
        for part, by in self.replace.items():
            cell = cell.replace(part, by)
        return cell

    def _read(self, name: str, source: Source, cells: Mapping[str, str]) -> str | list[str]:
        text = source.text(cells)
        if FIELDS[name] in {Takes.NAMES, Takes.CHOICES}:
            meanings = (source.meaning(part.strip()) for part in text.split(self.list_separator))
            parts = [part.strip() for meaning in meanings for part in meaning.split(self.list_separator)]
            return list(dict.fromkeys(part for part in parts if part))
        return source.meaning(text)


def load_column_map(path: Path) -> ColumnMap:
    """Read and check a column map.

    :raises BadColumnMap: it is missing, no JSON, or names what there is not
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no JSON, no UTF-8
        raise BadColumnMap(f"{path.name} cannot be read: {error}.") from None
    return column_map(given, path.name)


def column_map(given: Any, name: str) -> ColumnMap:
    """Check what was read from JSON and return it as a map.

    :raises BadColumnMap: it names what there is not
    """
    fields = given.get("fields") if isinstance(given, dict) else None
    if not isinstance(fields, dict):
        raise BadColumnMap(f"{name}: there must be an object with “fields”.")
    if unknown := sorted(set(given) - {"about", "fields", "list_separator", "date_formats", "empty_cells", "replace"}):
        raise BadColumnMap(f"{name}: unknown entry {', '.join(unknown)}.")
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise BadColumnMap(f"{name}: unknown field {', '.join(unknown)}. Fields: {', '.join(FIELDS)}.")
    if missing := [field for field in NEEDED if field not in fields]:
        raise BadColumnMap(f"{name}: the map must fill {', '.join(missing)}.")
    options: dict[str, Any] = {}
    if "list_separator" in given:
        options["list_separator"] = _text(given["list_separator"], f"{name}: list_separator")
    if "date_formats" in given:
        options["date_formats"] = tuple(_texts(given["date_formats"], f"{name}: date_formats"))
    if "empty_cells" in given:
        options["empty_cells"] = frozenset(_texts(given["empty_cells"], f"{name}: empty_cells"))
    if "replace" in given:
        options["replace"] = _pairs(given["replace"], f"{name}: replace")
    return ColumnMap({field: _source(value, f"{name}: {field}") for field, value in fields.items()}, **options)


def _source(given: Any, where: str) -> Source:
    if not isinstance(given, dict):
        given = {"from": given}
    if unknown := sorted(set(given) - {"from", "values", "pattern", "otherwise", "shorten", "only_if", "unknown"}):
        raise BadColumnMap(f"{where}: unknown entry {', '.join(unknown)}.")
    if given.get("unknown", "refuse") not in {"refuse", "leave_out"}:
        raise BadColumnMap(f"{where}: “unknown” is “refuse” or “leave_out”.")
    templates = given.get("from", "")
    return Source(
        templates=tuple(map(Template, _texts([templates] if isinstance(templates, str) else templates, where))),
        values=_pairs(given.get("values", {}), f"{where}, values"),
        pattern=_pattern(given.get("pattern"), where),
        otherwise=_text(given.get("otherwise", " "), f"{where}, otherwise").strip(),
        shorten=_length(given.get("shorten", 0), f"{where}, shorten"),
        only_if=_pairs(given.get("only_if", {}), f"{where}, only_if"),
        leave_out_unknown=given.get("unknown") == "leave_out",
    )


def _pattern(given: Any, where: str) -> re.Pattern[str] | None:
    if given is None:
        return None
    try:
        pattern = re.compile(_text(given, f"{where}, pattern"))
    except re.error as error:
        raise BadColumnMap(f"{where}: the pattern is wrong ({error}).") from None
    if not pattern.groups:
        raise BadColumnMap(f"{where}: the pattern needs a group in round brackets: what to keep.")
    return pattern


def _length(given: Any, where: str) -> int:
    """Return the length to cut at; `true` means what the field can hold."""
    if given is True:
        return sys.maxsize
    if not isinstance(given, int) or given < 0:
        raise BadColumnMap(f"{where}: there must be true, or a number of characters.")
    return given


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str) or not given:
        raise BadColumnMap(f"{where}: there must be a text.")
    return given


def _texts(given: Any, where: str) -> list[str]:
    if not isinstance(given, list) or not given:
        raise BadColumnMap(f"{where}: there must be a text, or a list of texts.")
    return [_text(one, where) for one in given]


def _pairs(given: Any, where: str) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise BadColumnMap(f"{where}: there must be pairs of texts.")
    return given
