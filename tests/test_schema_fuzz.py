"""The API holds what its description says: every operation asked in ways nobody thought of, of a portal that runs.

Schemathesis asks, with all its checks on, as a person whose requests it repeats as another, as nobody and with a token
that is none.  `SCHEMA_FUZZ` is what it is told instead of `HOW`, such as "--max-examples=300 --seed=7".
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from accounts.models import RateCount, TokenScope, User
from accounts.roles import Role
from devstack.privileges import dying_with_parent
from devstack.waiting import LOOPBACK
from lessons.models import Lesson, Status
from tests.calling import published, token_of
from tests.factories import (
    CapabilityFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)
from tests.log_lines import read_lines
from tests.portal import ROOT, Portal

pytestmark = pytest.mark.slow

#: The same at each run, and as much as a minute allows.
HOW = "--max-examples=10 --generation-deterministic"
ALL = ["--checks=all", "--max-response-time=10", "--no-shrink", "--continue-on-failure", "--no-color"]
SETTINGS = """
[auth.wfc]
path = "people.json"
user = "heron"
peers = ["heron", "kestrel"]

[warnings]
fail-on = true  # an operation that was never answered, for example

[checks.positive_data_acceptance]
# What schemathesis itself allows, and 410: a suspended lesson, to those who could read it.
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx"]

[checks.negative_data_rejection]
# And 414: nonsense can be long.  5xx is left to the check for it.
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "414", "415", "422", "428", "429", "5xx"]
"""
#: What there is, by the parameter or the field that takes it; codes as in the examples of the description.
CODES = {
    "query.risk": "surface-water-flooding",
    "query.risk_theme": "natural-and-environmental-hazards",
    "query.theme": "communicate",
    "query.capability": "mass-evacuation",
    "query.area": "cumbria",
    "query.sector": "fire",
    "body.organisation": "cumbria-fire-and-rescue-service",
    "body.area": "cumbria",
    "body.event.areas[*]": "cumbria",
    "body.national_risks[*]": "surface-water-flooding",
    "body.themes[*]": "communicate",
    "body.capabilities[*]": "mass-evacuation",
    "body.audience_areas[*]": "cumbria",
    "body.audience_sectors[*]": "fire",
}


@dataclass(frozen=True)
class Side:
    """A person with lessons that nobody else may read, each of which says `word`."""

    word: str
    user: User
    lessons: list[Lesson]
    token: str

    @property
    def references(self) -> list[str]:
        return [lesson.reference for lesson in self.lessons if lesson.reference]

    @property
    def places(self) -> list[str]:
        """Addresses that nobody else may open."""
        drafts = [f"drafts/{lesson.pk}/" for lesson in self.lessons if lesson.status == Status.DRAFT]
        return drafts + [f"lessons/{reference}/" for reference in self.references]


def side(word: str, organisation: str, area: str) -> Side:
    user = person(Role.JOL_SPOC, OrganisationFactory(code=organisation, areas=[ResilienceAreaFactory(code=area)]))
    own: dict[str, Any] = {"author": user, "organisation": user.groups.get(), "what_happened": f"A {word} was seen."}
    lessons = [
        *(LessonFactory(**own, title=f"A {word} at the gate") for _ in range(4)),
        LessonFactory(**own, status=Status.IN_REVIEW),
        published(**own, audience="national_team"),
        published(**own, audience="national_team", marking="official_sensitive"),
        LessonFactory(**own, status=Status.SUSPENDED, audience="national_team"),
        LessonFactory(**own, status=Status.ARCHIVED, audience="national_team"),
    ]
    return Side(word, user, lessons, token_of(user, *TokenScope.values))


@pytest.fixture
def sides(transactional_db: None) -> tuple[Side, Side]:
    NationalRiskFactory(code="surface-water-flooding")
    ThemeFactory(code="communicate")
    CapabilityFactory(code="mass-evacuation")
    published(title="A lesson for everybody")
    LessonFactory(status=Status.SUSPENDED)
    LessonFactory(status=Status.MERGED)
    return side("heron", "cumbria-fire-and-rescue-service", "cumbria"), side("kestrel", "kent-police", "kent")


@pytest.fixture
def portal(transactional_db: None, tmp_path: Path) -> Iterator[Portal]:
    """The web server alone: no answer of the API waits for a worker."""
    running = Portal(tmp_path)
    try:
        yield running.start_web_alone()
    finally:
        running.stop()
        print(running.logs())  # shown if the test fails


def test_no_operation_answers_what_is_not_described_or_another_persons(
    portal: Portal, sides: tuple[Side, Side]
) -> None:
    mine, other = sides

    found = fuzz(portal, mine, other)

    assert found.returncode == 0, (portal.folder / "found").read_text()
    answers = [
        (line["route"], line["user"], line["status"])
        for line in read_lines((portal.folder / "web.log").read_text())
        if line.get("route", "").startswith("api")
    ]
    asked = {route for route, _, _ in answers} - {"api-schema"}
    assert asked == {route for route, user, status in answers if user == mine.user.pk and status == 200}
    assert asked == {route for route, user, status in answers if user is None and status == 401}
    assert other.user.pk in {user for _, user, _ in answers}
    for owner, stranger in (mine, other), (other, mine):
        assert 200 in {status(portal, place, owner) for place in owner.places}
        assert {status(portal, place, stranger) for place in owner.places} == {404}


def status(portal: Portal, place: str, one: Side) -> int:
    line = HTTPConnection(LOOPBACK, portal.port, timeout=30)
    line.request("GET", f"/api/v1/{place}", headers={"Authorization": f"Token {one.token}"})
    answer = line.getresponse().status
    line.close()
    return answer


def fuzz(portal: Portal, mine: Side, other: Side) -> subprocess.Popen[bytes]:
    """Have schemathesis ask until it is done; what it found is then in the file `found`."""
    folder = portal.folder
    (folder / "people.json").write_text(json.dumps({"auth": [as_wfc(mine), as_wfc(other)]}))
    (folder / "schemathesis.toml").write_text(settings_with(mine, known_to_both(mine, other)))
    told = {"SECRETS": [other.word, *other.references], "KNOWN": list(CODES.values())}
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{portal.url}/api/v1/schema/?format=json", *ALL]
    with (folder / "found").open("wb") as output:
        asking = subprocess.Popen(
            [*command, *os.environ.get("SCHEMA_FUZZ", HOW).split()],
            cwd=folder,
            env=os.environ | {f"SCHEMA_FUZZ_{name}": json.dumps(words) for name, words in told.items()},
            stdout=output,
            stderr=output,
            preexec_fn=dying_with_parent(signal.SIGTERM),
        )
        while asking.poll() is None:
            give_back(mine)
            time.sleep(0.1)
    return asking


def give_back(mine: Side) -> None:
    """Undo what would have most requests answered, rightly, 429 or 409: they would prove nothing."""
    RateCount.objects.all().delete()
    Lesson.objects.exclude(external_id="").update(external_id="")
    Lesson.objects.filter(pk=mine.lessons[0].pk).update(row_version=0)


def as_wfc(one: Side) -> dict[str, Any]:
    """Return how a person signs in, in the form of the Web Fuzzing Commons."""
    return {"name": one.word, "fixedHeaders": [{"name": "Authorization", "value": f"Token {one.token}"}]}


def known_to_both(mine: Side, other: Side) -> dict[str, list[Any]]:
    """Return values that lead somewhere, to things of both sides."""
    return {
        "path.reference": [lesson.reference for lesson in Lesson.objects.exclude(reference=None)],
        "path.id": [str(lesson.pk) for lesson in (*mine.lessons, *other.lessons)],
        "path.code": [*dict.fromkeys(CODES.values()), "kent", "kent-police"],
        "body.row_version": [0],
        **{where: [code] for where, code in CODES.items()},
    }


def settings_with(mine: Side, known: dict[str, list[Any]]) -> str:
    lines = [f"hooks = {json.dumps(str(ROOT / 'tests' / 'schema_checks.py'))}", SETTINGS]
    for n, values in enumerate(known.values()):
        lines += [f"[dictionaries.known-{n}]", f"values = {json.dumps(values)}"]
    lines += ["[parameters]"]
    lines += [f'"{where}" = {{ dictionary = "known-{n}", probability = 0.7 }}' for n, where in enumerate(known)]
    lines += ["[[operations]]", 'include-name = "PATCH /api/v1/drafts/{id}/"']
    lines += [f'parameters = {{ "path.id" = "{mine.lessons[0].pk}" }}']  # else hardly a change would be one
    return "\n".join(lines)
