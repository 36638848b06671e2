"""What the portal is made of: each part is named, licensed as we allow, and held against what is known to be wrong."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devstack.installation import ROOT, install_scanners
from devstack.supply.licences import DOCUMENT, document, licence_of, problems
from devstack.supply.parts import NPM, PYPI, Part, npm_parts, python_parts
from devstack.supply.sbom import sbom
from devstack.supply.vulnerabilities import NOT_DONE, NoDatabase, is_affected, known_in, report

TODAY = date(2026, 3, 2)


def entry(folder: Path, name: str, version: str, *, ecosystem: str = PYPI, **more: Any) -> None:
    """Write an entry that is about one version and all before it."""
    affected = {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": version}]}],
    }
    told = {
        "id": f"TEST-{name}",
        "published": f"{TODAY}T00:00:00Z",
        "modified": "2027-01-01T00:00:00Z",
        "affected": [affected],
    } | more
    (folder / f"{name.replace('/', '_')}.json").write_text(json.dumps(told))


# -- the bill of materials ----------
def test_the_bill_names_each_locked_part() -> None:
    bill = sbom(datetime(2026, 3, 2, tzinfo=UTC))

    named = {f"{one['name']}=={one['version']}" for one in bill["components"]}
    locks = "".join(lock.read_text() for lock in (DOCUMENT.parent.parent / "requirements").glob("*.txt"))
    locked = set(re.findall(r"(?m)^([\w.-]+==[^\s;]+)", locks))
    assert len(locked) > 100
    assert locked <= named
    assert {
        ("django", "required"),
        ("pytest", "excluded"),
        ("semgrep", "excluded"),
        ("govuk-frontend", "required"),
        ("axe-core", "excluded"),
    } <= {(one["name"], one["scope"]) for one in bill["components"]}
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references))
    assert bill["specVersion"] == "1.6"
    assert set(bill["dependencies"][0]["dependsOn"]) == set(references)
    assert all(one["purl"].startswith(("pkg:pypi/", "pkg:npm/")) for one in bill["components"])
    assert all(one["externalReferences"] for one in bill["components"])


# -- licences ----------
@pytest.mark.slow  # what scans the code has its licences with it, so it is installed for this
def test_every_part_has_a_licence_that_is_allowed_and_the_document_and_the_bill_have_it() -> None:
    install_scanners()
    parts = [*python_parts(), *npm_parts()]

    assert list(problems(parts)) == []
    assert DOCUMENT.read_text() == document(parts)
    assert all(one["licenses"] for one in sbom(datetime(2026, 3, 2, tzinfo=UTC))["components"])


@pytest.mark.parametrize(
    ("licence", "is_shipped", "words"),
    [
        ("AGPL-3.0-only", True, "not on the list"),
        ("GPL-3.0-or-later", True, "not on the list"),
        ("AGPL-3.0-only", False, "not on the list"),
        ("MIT AND SSPL-1.0", True, "not on the list"),
        ("", True, "does not say"),
        ("GPL-3.0-or-later", False, ""),
        ("MIT OR GPL-3.0-only", True, ""),
    ],
)
def test_a_licence_that_is_not_allowed_is_told(licence: str, is_shipped: bool, words: str) -> None:
    told = " ".join(problems([Part(NPM, "x", "1.0", is_shipped, licence)]))

    assert (words in told) if words else not told
    assert licence_of(Part(PYPI, "no-such-package", "1.0")) == ""


# -- known vulnerabilities ----------
def test_a_part_that_is_known_to_be_vulnerable_is_found(tmp_path: Path) -> None:
    """The positive control: an entry about a version that is in our own lock."""
    django = next(part for part in python_parts() if part.name == "django")
    frontend = next(part for part in npm_parts() if part.name == "@ministryofjustice/frontend")
    entry(tmp_path, "Django", django.version, database_specific={"severity": "CRITICAL"})
    entry(tmp_path, frontend.name, frontend.version, ecosystem=NPM)
    entry(tmp_path, "celery", "0.1")  # mended long ago
    entry(tmp_path, "redis", "99", withdrawn="2026-01-01T00:00:00Z")

    found = known_in(tmp_path, [*python_parts(), *npm_parts()], today=TODAY)

    assert {(one.part.name, one.severity) for one in found} == {("django", "CRITICAL"), (frontend.name, "HIGH")}


def test_our_parts_are_clean_against_entries_about_others(tmp_path: Path) -> None:
    entry(tmp_path, "no-part-of-ours", "9999")
    entry(tmp_path, "@nor/this", "9999", ecosystem=NPM)

    assert known_in(tmp_path, [*python_parts(), *npm_parts()], today=TODAY) == []


def test_an_empty_old_or_half_database_is_no_good_news(tmp_path: Path) -> None:
    parts = [Part(PYPI, "x", "1.0"), Part(NPM, "y", "1.0")]
    with pytest.raises(NoDatabase, match="PyPI and npm"):
        known_in(tmp_path, parts, today=TODAY)
    entry(tmp_path, "other", "1.0", modified=f"{TODAY}T00:00:00Z")
    with pytest.raises(NoDatabase, match="no entry of npm since"):
        known_in(tmp_path, parts, today=TODAY)
    assert known_in(tmp_path, parts[:1], today=TODAY + timedelta(days=14)) == []
    with pytest.raises(NoDatabase, match="no entry of PyPI since"):
        known_in(tmp_path, parts[:1], today=TODAY + timedelta(days=15))


def test_a_check_without_a_database_says_that_nothing_was_looked_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devstack.supply.vulnerabilities"],
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, "not compared" in done.stdout) == (NOT_DONE, True)


@pytest.mark.parametrize(
    ("severity", "days"), [("CRITICAL", 7), ("HIGH", 14), ("MODERATE", 90), ("LOW", 90), (None, 14)]
)
def test_each_severity_has_its_time_and_then_it_is_overdue(tmp_path: Path, severity: str | None, days: int) -> None:
    part = Part(PYPI, "x", "1.0")
    entry(tmp_path, "x", "1.0", **({"database_specific": {"severity": severity}} if severity else {}))

    in_time = [late for _, late in report(tmp_path, [part], TODAY + timedelta(days=days))]
    overdue = [late for _, late in report(tmp_path, [part], TODAY + timedelta(days=days + 1))]

    assert (in_time, overdue) == ([False], [True])
    assert f"| {days} days" in (ROOT / "docs" / "security.md").read_text()


@pytest.mark.parametrize(
    ("version", "is_hit"),
    [("1.9", False), ("2.0", True), ("2.4.1", True), ("2.5rc1", True), ("2.5", False), ("3.0", True), ("3.1", False)],
)
def test_ranges_begin_and_end_as_they_say(version: str, is_hit: bool) -> None:
    events = [{"introduced": "2.0"}, {"fixed": "2.5"}, {"introduced": "3.0"}, {"last_affected": "3.0.9"}]
    affected = {"ranges": [{"type": "ECOSYSTEM", "events": events}], "versions": []}

    assert is_affected(version, affected, PYPI) is is_hit


def test_a_listed_version_is_affected_and_commits_say_nothing() -> None:
    assert is_affected("1.0", {"versions": ["1.0"]}, PYPI)
    assert not is_affected("1.0", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, PYPI)
    assert is_affected("5.0.0-beta.1", {"ranges": [{"type": "SEMVER", "events": [{"introduced": "4.0.0"}]}]}, NPM)
