"""Codes of the reference data by code, by name, or by the hand-made file of aliases."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from accounts.models import Organisation, ResilienceArea, ResponderType
from accounts.tables import open_csv
from lessons.models import Capability, NationalRisk, Theme

ALIASES = settings.BASE_DIR / "data" / "aliases.csv"


class Names:
    """Every name of every list, read once.

    A name is looked up as a code, then as a name, then as an alias; case does not count.  An alias may stand for
    several codes, as a group of the register's matrix, or a council that became two.
    """

    def __init__(self, aliases: Path = ALIASES) -> None:
        """:raises UnreadableTable: the file of aliases is broken"""
        self._lists: dict[str, dict[str, list[str]]] = {name: {} for name in LISTS}
        for name, rows in LISTS.items():
            pairs = list(rows())
            self._lists[name] |= {label.casefold(): [code] for code, label in pairs}
            self._lists[name] |= {code.casefold(): [code] for code, _ in pairs}
        self._aliases = read_aliases(aliases)

    def find(self, lists: Iterable[str], name: str) -> dict[str, list[str]]:
        """Return what `name` stands for: list -> codes, for the lists that know it."""
        key = name.casefold()
        found = {one: self._lists[one].get(key) or self._aliases[one].get(key, []) for one in lists}
        return {one: codes for one, codes in found.items() if codes}


def read_aliases(path: Path) -> dict[str, dict[str, list[str]]]:
    """Return list -> name without case -> codes."""
    table = open_csv(path)
    table.require(("list", "name", "code"))
    aliases: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in LISTS}
    for row in table.rows():
        aliases.setdefault(row.cells["list"], defaultdict(list))[row.cells["name"].casefold()].append(row.cells["code"])
    return aliases


#: Each list with how to read its codes and names.
LISTS = {
    "organisation": lambda: Organisation.objects.current().values_list("code", "name"),
    "area": lambda: ResilienceArea.objects.values_list("code", "name"),
    "sector": lambda: ResponderType.objects.values_list("sector", "sector").distinct(),
    "risk": lambda: NationalRisk.objects.values_list("code", "name"),
    "theme": lambda: Theme.objects.values_list("code", "name"),
    "capability": lambda: Capability.objects.values_list("code", "name"),
}
