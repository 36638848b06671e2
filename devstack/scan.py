"""Rules of our own about code and templates, beside those of ruff and bandit: devstack/semgrep/, run by semgrep.

They find what could let text become code, SQL or a secret; `reviewed_code` names the places that may, with the reason.
No network is asked.  That semgrep is content is no good news by itself: it must have read every file, and each rule
must find what it is for in the lines beside it (`ruleid`), and nothing else there.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack.installation import ROOT, SCANNERS, install_scanners
from devstack.reviewed_code import REVIEWED

PRODUCT = ("jol", "accounts", "lessons", "notifications", "govuk")
#: Migrations are of tables, and run once; styles of mails go into each element when they are sent.
LEFT_OUT = ("migrations", "emails")
RULES = Path("devstack") / "semgrep"
RULE_ID = re.compile(r"(?m)^  - id: (\S+)$")
#: Ask nobody, and leave the other core to the other checks: two threads take more time of both.
ALONE = ("--metrics=off", "--disable-version-check", "--oss-only", "--jobs=1")


class ScanError(Exception):
    """Nothing can be said of the code.  The message is for the developer."""


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    words: str
    function: str

    @property
    def place(self) -> str:
        return f"{self.path} {self.function}".strip()

    @property
    def is_reviewed(self) -> bool:
        return self.place in REVIEWED.get(self.rule, {})

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.rule}: {self.words} (in {self.function or 'the module'})"


def findings_in(root: Path) -> list[Finding]:
    """Return what the rules find in the product's code and templates, reviewed or not.

    :raises ScanError: a rule or a file could not be read, or files were passed over
    """
    expected = _files(root)
    left_out = [f"--exclude={name}" for name in LEFT_OUT]
    folders = sorted({path.partition("/")[0] for path in expected})
    # `nosemgrep` in a comment would let a line pass without a review.
    told = _semgrep(root, "--disable-nosem", "--no-git-ignore", "--timeout=60", *left_out, *folders)
    if passed_over := expected ^ set(told["paths"]["scanned"]):
        raise ScanError(f"semgrep did not read what it should: {', '.join(sorted(passed_over)[:5])} …")
    return sorted({_finding(root, one) for one in told["results"]})


def _files(root: Path) -> set[str]:
    """Return what the rules are about, by its path inside."""
    files = [path for folder in PRODUCT for path in root.glob(f"{folder}/**/*.py")] + [
        *root.glob("templates/**/*.html")
    ]
    if not files:
        raise ScanError("there is nothing to scan")
    inside = [path.relative_to(root) for path in files]
    return {str(path) for path in inside if not set(LEFT_OUT) & set(path.parts)}


def _finding(root: Path, told: dict[str, Any]) -> Finding:
    path, line = told["path"], told["start"]["line"]
    function = _function_at((root / path).read_text(), line) if path.endswith(".py") else ""
    return Finding(path, line, told["check_id"], told["extra"]["message"], function)


def _function_at(source: str, line: int) -> str:
    """Return the name of the innermost function or class around a line, its decorators included."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    around = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= line <= (node.end_lineno or 0):
                around[node.lineno] = node.name
    return around[max(around)] if around else ""


def unproven_rules(root: Path) -> Iterator[str]:
    """Yield, in words, which rules do not find what the lines beside them say.

    :raises ScanError: a rule or its lines could not be read
    """
    told = _semgrep(root, "--test", str(RULES))
    checks = {rule: check for one in told["results"].values() for rule, check in one["checks"].items()}
    for rule in (name for file in sorted((root / RULES).glob("*.yaml")) for name in RULE_ID.findall(file.read_text())):
        check = checks.pop(rule, {"matches": {}})
        if not any(lines["expected_lines"] for lines in check["matches"].values()):
            yield f"{rule}: no line shows what the rule finds"
        elif not check["passed"]:
            yield f"{rule}: finds something else than its lines say: {check['matches']}"
    yield from (f"{name}: has lines, but is no rule" for name in checks)


def _semgrep(root: Path, *arguments: str) -> dict[str, Any]:
    """Return what semgrep says; its settings and log stay in var/, and nothing of ours outside reaches it."""
    scratch = root / "var" / "semgrep"
    scratch.mkdir(parents=True, exist_ok=True)
    bin_ = SCANNERS / "bin"
    done = subprocess.run(
        [
            bin_ / "semgrep",
            "scan",
            "--json",
            "--quiet",
            "--no-rewrite-rule-ids",
            *ALONE,
            "--config",
            RULES,
            *arguments,
        ],
        cwd=root,
        env={
            "PATH": f"{bin_}:/usr/bin:/bin",
            "HOME": str(scratch),
            "SEMGREP_SETTINGS_FILE": str(scratch / "settings.yml"),
            "SEMGREP_LOG_FILE": str(scratch / "semgrep.log"),
        },
        capture_output=True,
        text=True,
    )
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ScanError(f"semgrep ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}") from None
    if errors := told.get("errors"):
        raise ScanError("; ".join(str(one.get("message", one)) for one in errors))
    return told


def stale_reviews(found: list[Finding]) -> Iterator[str]:
    """Yield reviews of what is not there any more: to be taken away, and no fault."""
    used = {(one.rule, one.place) for one in found}
    for rule, places in REVIEWED.items():
        yield from (f"{rule}: {place} needs no review any more" for place in places if (rule, place) not in used)


def main() -> int:
    install_scanners()
    try:
        found = findings_in(ROOT)
        told = [*unproven_rules(ROOT), *(str(one) for one in found if not one.is_reviewed)]
    except ScanError as error:
        print(error)
        return 1
    print("\n".join([*told, *stale_reviews(found)]), end="\n" if told else "")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
