"""docs/faults.md names the test of each fault, and each test of a fault is named there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path.read_text() for path in (ROOT / "tests" / "faults").glob("test_*.py")]
TABLE = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if line.startswith("| ")][1:]
#: Of the list of faults; the numbers between are of faults that our parts cannot have.
LISTED = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 14, 15, *range(19, 26), 28, 30, 31, 34, 35, 36, 38, 39, 40, 42]


def test_each_fault_has_a_test_that_exists_and_each_test_a_fault() -> None:
    named = re.findall(r"`(test_\w+)`", "\n".join(TABLE))
    files = re.findall(r"`(tests/\w+\.py)`", "\n".join(TABLE))

    defined = [name for source in SOURCES for name in re.findall(r"^def (test_\w+)", source, re.MULTILINE)]
    assert sorted(named) == sorted(defined)
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert [row for row in TABLE if "`" not in row] == []


def test_each_fault_of_the_list_is_in_the_table() -> None:
    numbers = set()
    for first, last in re.findall(r"\bF(\d\d)(?: to F(\d\d))?", "\n".join(TABLE)):
        numbers |= set(range(int(first), int(last or first) + 1))

    assert numbers >= set(LISTED)
