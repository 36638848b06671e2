"""Lists beside the backups of what must be done again after every way back: one JSON object a line.

A full disk, or a machine that goes out, can tear a line.  What it said is not in the list then, and is noted with the
next turn, on a line of its own.
"""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

One = TypeVar("One")


def add(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """Add what the list does not hold yet, so that it stays there; return how many lines that were."""
    held = path.read_bytes() if path.exists() else b""
    known = set(held.decode("ascii", "replace").splitlines())
    new = [line for line in map(json.dumps, lines) if line not in known]
    if new:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write("" if held.endswith(b"\n") or not held else "\n")
            file.writelines(f"{line}\n" for line in new)
            file.flush()
            os.fsync(file.fileno())
    return len(new)


def read(path: Path, understood: Callable[[Any], One]) -> tuple[list[One], list[str]]:
    """Return what the lines say, and a sentence for each that cannot be understood.

    :param understood: makes of what a line holds what it says; ValueError, KeyError or TypeError: it says nothing
    """
    found, faults = [], []
    for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else [], start=1):
        try:
            found.append(understood(json.loads(line)))
        except (ValueError, KeyError, TypeError, RecursionError):
            faults.append(f"Line {number} of {path.name} cannot be read: it was torn, or changed.")
    return found, faults
