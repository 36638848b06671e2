"""What is known to be wrong with the locked parts: `OSV_DATABASE=folder python -m devstack.supply.vulnerabilities`.

The folder holds JSON files in the OSV format, one entry each, in any depth, as the exports of OSV for PyPI and npm do;
nothing is fetched here.  Without a folder nothing can be said, and the exit code is 3.  An entry is overdue once it has
been public for longer than its severity allows.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from devstack.supply.parts import PYPI, Part, npm_parts, python_parts

#: Time to take in the fix, from when the entry was published.  One that does not say how grave it is counts as high.
FIX_WITHIN = {"CRITICAL": timedelta(days=7), "HIGH": timedelta(days=14)}
ELSE_WITHIN = timedelta(days=90)
#: Something is found or told anew of both registries every day: exports without anything newer were not brought since.
STALE_AFTER = timedelta(days=14)


#: The exit code of a check that could not look, which is neither good news nor bad.
NOT_DONE = 3


class NoDatabase(Exception):
    """There is nothing to compare with.  The message is one sentence for the operator."""


@dataclass(frozen=True, order=True)
class Known:
    """An entry that is about a part of ours."""

    part: Part
    entry: str
    severity: str
    fix_by: date

    def __str__(self) -> str:
        return f"{self.part.name} {self.part.version}: {self.entry}, {self.severity.lower()}, fix by {self.fix_by}"


def known_in(folder: Path, parts: Iterable[Part], *, today: date) -> list[Known]:
    """Return what the database knows about `parts`.

    :raises NoDatabase: the folder holds no entry, none of a registry that parts are from, or old ones alone, so that
        silence would mean nothing
    """
    by_name: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for part in parts:
        by_name[(part.ecosystem, part.name.lower())].append(part)
    found, newest = set(), dict.fromkeys({ecosystem for ecosystem, _ in by_name}, "")
    for file in folder.rglob("*.json"):
        entry = json.loads(file.read_bytes())
        told_at = max(entry.get("modified", ""), entry.get("published", ""))
        for ecosystem in newest.keys() & {one.get("package", {}).get("ecosystem") for one in entry.get("affected", [])}:
            newest[ecosystem] = max(newest[ecosystem], told_at)
        if entry.get("withdrawn"):
            continue
        for affected in entry.get("affected", []):
            package = affected.get("package", {})
            name = (package.get("ecosystem", ""), _normal(package))
            for part in by_name.get(name, []):
                if is_affected(part.version, affected, part.ecosystem):
                    found.add(_known(part, entry, affected))
    stale = f"{today - STALE_AFTER}"
    if missing := sorted(ecosystem for ecosystem, at in newest.items() if at < stale):
        raise NoDatabase(f"{folder} holds no entry of {' and '.join(missing)} since {stale}: bring the exports of OSV.")
    return sorted(found)


def _normal(package: dict[str, Any]) -> str:
    name = str(package.get("name", "")).lower()
    return re.sub(r"[-_.]+", "-", name) if package.get("ecosystem") == PYPI else name


def is_affected(version: str, affected: dict[str, Any], ecosystem: str) -> bool:
    """Whether a version is listed, or lies in one of the ranges: from an `introduced` up to the next end."""
    if version in affected.get("versions", []):
        return True
    kinds = {"ECOSYSTEM"} if ecosystem == PYPI else {"SEMVER", "ECOSYSTEM"}
    return any(
        _in_range(version, one.get("events", [])) for one in affected.get("ranges", []) if one.get("type") in kinds
    )


def _in_range(version: str, events: list[dict[str, str]]) -> bool:
    ours, inside = _ordered(version), False
    for kind, limit in sorted(
        ((kind, limit) for event in events for kind, limit in event.items()), key=lambda one: _ordered(one[1])
    ):
        there = _ordered(limit)
        if kind == "introduced" and there <= ours:
            inside = True
        elif (kind == "fixed" and there <= ours) or (kind == "last_affected" and there < ours):
            inside = False
    return inside


def _ordered(version: str) -> Version:
    """Return a version that can be compared; the pre-releases of npm are read as those of Python."""
    try:
        return Version(version)
    except InvalidVersion:
        release, _, rest = version.partition("-")
        return Version(f"{release}.dev0" if rest else "0")


def _known(part: Part, entry: dict[str, Any], affected: dict[str, Any]) -> Known:
    told = entry.get("database_specific", {}).get("severity") or affected.get("database_specific", {}).get("severity")
    severity = str(told or "HIGH").upper()
    published = datetime.fromisoformat(entry["published"]).date()
    return Known(part, entry["id"], severity, published + FIX_WITHIN.get(severity, ELSE_WITHIN))


def report(folder: Path, parts: Iterable[Part], today: date) -> Iterator[tuple[str, bool]]:
    """Yield a line for each entry, and whether it is overdue."""
    for one in known_in(folder, parts, today=today):
        is_overdue = one.fix_by < today
        yield f"{one}{': OVERDUE' if is_overdue else ''}", is_overdue


def main() -> int:
    folder = os.environ.get("OSV_DATABASE", "")
    if not folder:
        print("OSV_DATABASE names no folder, so parts were not compared with known vulnerabilities: docs/security.md")
        return NOT_DONE
    try:
        lines = list(report(Path(folder), [*python_parts(), *npm_parts()], datetime.now(UTC).date()))
    except NoDatabase as error:
        print(error)
        return 1
    for line, _ in lines:
        print(line)
    return 1 if any(is_overdue for _, is_overdue in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
