"""Every move × every state × everybody, against the table in `moves.csv`."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms.models import model_to_dict

from accounts.models import AuditEvent, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson
from lessons.errors import LessonError, NotYourClaim, OwnLesson, WrongStatus
from lessons.models import Lesson, LessonMove, Move, Publication, Status, Tier
from tests.factories import (
    LONG_AGO,
    NOON,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    person,
    working_text,
)

pytestmark = pytest.mark.django_db

SOON, LATER = NOON + timedelta(minutes=5), NOON + timedelta(hours=3)
ERRORS = {"status": WrongStatus, "claim": NotYourClaim, "own": OwnLesson}
#: These may make no move at all.
ONLOOKERS = (
    "reader",
    "contributor",
    "training_lead",
    "organisation_admin",
    "spoc_elsewhere",
    "moderator_elsewhere",
    "former_moderator",
    "partner",
    "board_member",
    "analyst",
    "system_admin",
)


def _table() -> dict[tuple[str, str], dict[str, str]]:
    lines = (Path(__file__).parent / "moves.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return {(row.pop("move"), row.pop("status")): row for row in rows}


TABLE = _table()


def expected(move: str, status: str) -> dict[str, str]:
    row = TABLE.get((move, status)) or TABLE[move, "other"]
    outcomes = {name: outcome or "403" for name, outcome in row.items()}
    return outcomes | dict.fromkeys(ONLOOKERS, "403")


@dataclass
class Scene:
    """A lesson, somebody of every kind, and what moves need to be given."""

    lesson: Lesson
    people: dict[str, User]
    given: dict[Move, dict[str, Any]]

    def attempt(self, move: Move, name: str) -> str:
        """Return what came of it; nothing of it stays."""
        try:
            with transaction.atomic():
                self._make(move, name)
                transaction.set_rollback(True)
        except PermissionDenied:
            return "403"
        except LessonError as error:
            return next((word for word, kind in ERRORS.items() if type(error) is kind), repr(error))
        return "ok"

    def _make(self, move: Move, name: str) -> None:
        made = traces(self.lesson)
        move_lesson(lesson=self.lesson, move=move, by=self.people[name], at=at_of(name), **self.given[move])
        assert traces(self.lesson) == (made[0] + 1, made[1] + 1), "one LessonMove and one AuditEvent"

    def attempts(self, move: Move, names: Iterable[str]) -> dict[str, str]:
        """Return what came of the move for each person; refusals must change nothing."""
        before = state_of(self.lesson), traces(self.lesson)
        outcomes = {name: self.attempt(move, name) for name in names}
        assert (state_of(self.lesson), traces(self.lesson)) == before
        return outcomes


def at_of(name: str) -> datetime:
    return LATER if name in {"lapsed", "next"} else SOON


def state_of(lesson: Lesson) -> tuple[object, ...]:
    row = Lesson.objects.get(pk=lesson.pk)
    texts = Publication.objects.filter(lesson=lesson).order_by("pk").values()
    return model_to_dict(row, exclude=["editors", "risks", "themes", "capabilities"]), row.row_version, list(texts)


def traces(lesson: Lesson) -> tuple[int, int]:
    return lesson.moves.count(), AuditEvent.objects.filter(object_type="lessons.lesson").count()


@pytest.fixture
def scene_of() -> Callable[..., Scene]:
    def build(status: Status, tier: Tier = Tier.AREA) -> Scene:
        area = ResilienceAreaFactory()
        owner = OrganisationFactory(areas=[area])
        of_owner = {
            "author": Role.CONTRIBUTOR,
            "contributor": Role.CONTRIBUTOR,
            "reader": Role.READER,
            "spoc": Role.JOL_SPOC,
            "lead": Role.JOL_LEAD,
            "strategic": Role.STRATEGIC_LEAD,
            "training_lead": Role.TRAINING_LEAD,
            "organisation_admin": Role.ORGANISATION_ADMIN,
        }
        of_others = {
            "secretariat": Role.SECRETARIAT,
            "own_secretariat": Role.SECRETARIAT,
            "auditor": Role.AUDITOR,
            "board_member": Role.BOARD_MEMBER,
            "analyst": Role.ANALYST,
            "system_admin": Role.SYSTEM_ADMIN,
            "moderator_elsewhere": Role.LRF_MODERATOR,
            "partner": Role.CONTRIBUTOR,
        }
        people = {name: person(role, owner) for name, role in of_owner.items()}
        people |= {name: person(role) for name, role in of_others.items()}
        people |= {
            name: person(Role.LRF_MODERATOR, area=area) for name in ("claimer", "moderator", "next", "own_moderator")
        }
        people["spoc_elsewhere"] = person(Role.JOL_SPOC, area=area)
        people["lapsed"] = people["claimer"]
        people["former_moderator"] = person(Role.READER, owner)
        MembershipFactory(
            user=people["former_moderator"], organisation=owner, role=Role.LRF_MODERATOR, ends_on=LONG_AGO
        )
        if tier == Tier.NATIONAL:
            people["claimer"] = people["lapsed"] = person(Role.SECRETARIAT)
        lesson = LessonFactory(
            status=status,
            tier=tier,
            area=area,
            author=people["author"],
            editors=[people["own_moderator"], people["own_secretariat"]],
            moderator=people["claimer"],
        )
        partners = people["partner"].memberships.get().organisation
        share_lesson(lesson=lesson, organisation=partners, may_write=True, by=people["author"], at=NOON)
        if status == Status.PUBLISHED:
            working_text(lesson, statement="Partners share one list of rest centres and test it.")
        if status == Status.SUSPENDED:
            approver = person(Role.SECRETARIAT)
            move_lesson(lesson=lesson, move=Move.APPROVE, by=approver, at=NOON)
        return Scene(lesson, people, _given(lesson))

    return build


def _given(lesson: Lesson) -> dict[Move, dict[str, Any]]:
    target = LessonFactory(status=Status.PUBLISHED, area=lesson.area)
    other = person(Role.SECRETARIAT)
    given: dict[Move, dict[str, Any]] = {move: {"note": "Because it was agreed."} for move in Move}
    given[Move.REASSIGN] |= {"to": other}
    given[Move.MERGE] |= {"target": target}
    given[Move.DECLINE] |= {"reason": "too_thin"}
    given[Move.ARCHIVE] |= {"reason": "out_of_date"}
    given[Move.PUBLISH_AGAIN] |= {"change": "minor"}
    given[Move.ASK_FOR_CHANGES] |= {"fields": ("title",)}
    return given


@pytest.mark.slow
@pytest.mark.parametrize("status", Status)
def test_every_move_of_everybody_is_as_in_the_table(status: Status, scene_of: Callable[..., Scene]) -> None:
    scene = scene_of(status)

    outcomes = {move.value: scene.attempts(move, expected(move, status)) for move in Move}

    assert outcomes == {move.value: expected(move, status) for move in Move}


@pytest.mark.slow
@pytest.mark.parametrize("status", Status)
def test_at_the_national_tier_moderators_of_the_area_may_only_suspend(
    status: Status, scene_of: Callable[..., Scene]
) -> None:
    scene = scene_of(status, Tier.NATIONAL)

    allowed = {move for move in Move if scene.attempt(move, "moderator") == "ok"}
    by_secretariat = {move for move in Move if scene.attempt(move, "secretariat") == "ok"}

    assert allowed == ({Move.SUSPEND} if status in {Status.PUBLISHED, Status.ARCHIVED} else set())
    assert by_secretariat == {move for move in Move if expected(move, status)["secretariat"] == "ok"}


def test_the_table_has_a_row_for_every_move() -> None:
    assert {move for move, _ in TABLE} == set(Move)
    assert {status for _, status in TABLE} <= {*Status, "other"}


def test_everybody_of_the_table_is_somebody_else(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of(Status.IN_REVIEW)

    assert len({user.pk for user in scene.people.values()}) == len(scene.people) - 1  # lapsed is the claimer
    assert set(scene.people) == set(expected(Move.CLAIM, Status.SUBMITTED))


def test_a_recorded_move_names_states_mover_and_role(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of(Status.SUBMITTED)

    move_lesson(lesson=scene.lesson, move=Move.CLAIM, by=scene.people["secretariat"], at=SOON)

    entry = LessonMove.objects.latest("pk")
    assert (entry.from_status, entry.to_status, entry.by, entry.role, entry.at) == (
        Status.SUBMITTED,
        Status.IN_REVIEW,
        scene.people["secretariat"],
        Role.SECRETARIAT,
        SOON,
    )
    audit = AuditEvent.objects.latest("pk")
    assert (audit.action, audit.actor, audit.object_id, audit.at) == (
        "lesson.claim",
        scene.people["secretariat"],
        str(scene.lesson.pk),
        SOON,
    )
