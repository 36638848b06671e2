"""docs/asvs.md names tests that exist, and says of each requirement whether it is met."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    for line in (ROOT / "docs" / "asvs.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_each_requirement_is_met_by_tests_that_exist_or_says_what_is_missing() -> None:
    sources = {path.name: path.read_text() for path in (ROOT / "tests").glob("test_*.py")}
    for requirement, words, verdict, reason in ROWS:
        tests = NAMED.findall(reason)
        missing = [f"{file}::{name}" for file, name in tests if f"def {name}(" not in sources.get(file, "")]
        assert missing == [], requirement
        assert words, requirement
        assert verdict in {"pass", "partly", "no"}, requirement
        assert tests or verdict == "no", requirement
        without_tests = NAMED.sub("", reason).strip(" ;")
        assert verdict == "pass" or len(without_tests) > 20, requirement


def test_no_requirement_is_missing_or_there_twice() -> None:
    named = [row[0] for row in ROWS]

    assert len(named) == len(set(named))
    assert len(named) >= 80
