"""The README says what is so."""

import re
from pathlib import Path

from lessons.models import Status
from lessons.workflow import RULES

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def test_the_table_of_moves_is_the_table_in_the_code() -> None:
    text = README.read_text()

    for move, rules in RULES.items():
        for rule in rules:
            sources = ", ".join(status for status in Status if status in rule.sources)
            target = rule.target.value if isinstance(rule.target, Status) else rule.target.__name__
            conditions = ", ".join(condition.__name__ for condition in rule.conditions) or "–"
            permission = rule.permission.removeprefix("lessons.")
            assert f"| {move} | {sources} | {target} | {permission} | {conditions} |" in text


def test_both_commands_are_on_the_first_screen() -> None:
    first_screen = README.read_text().splitlines()[:20]

    assert any(line.strip().startswith("python3 dev.py up") for line in first_screen)
    assert any(line.strip().startswith("python3 dev.py test") for line in first_screen)


def test_every_link_of_a_document_leads_somewhere() -> None:
    for document in [README, *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
            assert "://" in target or (document.parent / target).exists(), f"{document.name}: {target}"
