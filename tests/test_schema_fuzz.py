"""The API holds what its description says: every operation asked in ways nobody thought of, as two people.

`SCHEMA_FUZZ_EXAMPLES` sets how often each operation is asked in each way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from accounts.models import RateCount, TokenScope, User
from accounts.roles import Role
from lessons.models import Lesson, Status
from tests.calling import published, token_of
from tests.factories import CapabilityFactory, LessonFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = int(os.environ.get("SCHEMA_FUZZ_EXAMPLES", "15"))
#: A fault is told as it was found: looking for the smallest such request takes minutes.
PHASES = [Phase.explicit, Phase.generate]
SECRETS = {"heron": "kestrel", "kestrel": "heron"}


@dataclass(frozen=True)
class Side:
    """A person with lessons that nobody else may read, each of which says `word`."""

    word: str
    user: User
    lessons: list[Lesson]

    @property
    def references(self) -> list[str]:
        return [lesson.reference for lesson in self.lessons if lesson.reference]

    def is_told(self, text: str) -> bool:
        return any(secret in text for secret in (self.word, *self.references))


def side(word: str) -> Side:
    backwards = word[::-1]  # names of areas and organisations are known to all
    area = ResilienceAreaFactory(code=f"{backwards}-shire")
    user = person(Role.JOL_SPOC, OrganisationFactory(code=f"brigade-of-{backwards}", areas=[area]))
    own: dict[str, Any] = {"author": user, "organisation": user.groups.get(), "what_happened": f"A {word} was seen."}
    lessons = [
        LessonFactory(**own, title=f"A {word} at the gate"),
        LessonFactory(**own, status=Status.IN_REVIEW),
        published(**own, audience="national_team"),
        published(**own, audience="national_team", marking="official_sensitive"),
        LessonFactory(**own, status=Status.SUSPENDED, audience="national_team"),
        LessonFactory(**own, status=Status.ARCHIVED, audience="national_team"),
    ]
    return Side(word, user, lessons)


@pytest.fixture
def sides() -> dict[str, Side]:
    CapabilityFactory(code="mass-evacuation")
    published(title="A lesson for everybody")
    LessonFactory(status=Status.SUSPENDED)
    LessonFactory(status=Status.MERGED)
    return {word: side(word) for word in SECRETS}


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Ask in the transaction of the test: a request does not close its connection, as with Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def description(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The description as it is served, read and checked as a whole by a reader of OpenAPI."""
    import schemathesis

    # A web process has its connections give up after seconds; those of later tests in this process may wait.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGOPTIONS", "")
        from jol.wsgi import application

    with django_db_blocker.unblock():  # each request looks after the connection that earlier tests left
        found = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
    found.validate()
    return found


@pytest.mark.parametrize("word", SECRETS)
def test_no_operation_answers_what_is_not_described_or_another_persons(
    word: str, sides: dict[str, Side], description: Any
) -> None:
    from schemathesis import GenerationMode

    mine, other = sides[word], sides[SECRETS[word]]
    token = token_of(mine.user, *TokenScope.values)
    known = paths_known(mine, other)
    faults: list[str] = []

    for operation in each_operation(description):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            import time

            t = time.time()
            faults += faults_of(operation, mode, token, known, other)
            print(operation.label, mode.value, round(time.time() - t, 1), len(faults), flush=True)

    assert not faults, "\n\n".join(faults)


def each_operation(description: Any) -> Iterator[Any]:
    for result in description.get_all_operations():
        yield result.ok()


def paths_known(mine: Side, other: Side) -> dict[str, list[Any]]:
    """Return values for the parameters of paths that lead somewhere, to things of both sides."""
    lessons = [*mine.lessons, *other.lessons]
    return {
        "reference": [lesson.reference for lesson in Lesson.objects.exclude(reference=None)],
        "id": [str(lesson.pk) for lesson in lessons],
        "code": ["surface-water-flooding", "communicate", "mass-evacuation", "noreh-shire", "brigade-of-noreh"],
        "form": ["csv", "xlsx", "ndjson"],
    }


def faults_of(operation: Any, mode: Any, token: str, known: dict[str, list[Any]], other: Side) -> list[str]:
    """Ask one operation `EXAMPLES` times; return the first fault that was found, in words."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    described = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
        checks.response_headers_conformance,
    ]

    @seed(2026)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=PHASES, suppress_health_check=[*HealthCheck])
    @given(case=operation.as_strategy(generation_mode=mode), choose=st.randoms(use_true_random=False))
    def ask(case: Any, choose: Any) -> None:
        for name in case.path_parameters or {}:
            if choose.random() < 0.7:
                case.path_parameters[name] = choose.choice(known[name])
        RateCount.objects.all().delete()
        answer = case.call(headers={"Authorization": f"Token {token}"})
        case.validate_response(answer, checks=described)
        # What was asked may be said again: the cursor and the address of a page, the fault in a field.
        said = str(case.query) + str(case.body) + str(case.path_parameters)
        text = answer.content.decode(errors="ignore")  # the words in a workbook are packed
        if other.is_told(text) and not other.is_told(said):
            raise AssertionError(f"this is {other.word}'s: {text[:500]}")

    try:
        ask()
    except BaseExceptionGroup as group:
        return [f"{operation.label} ({mode.value}): {error}" for error in group.exceptions]
    except Exception as error:  # noqa: BLE001 - all faults of all operations are told together
        return [f"{operation.label} ({mode.value}): {error}"]
    return []
