"""Lessons in each state of the authorisation matrix, with everybody around them who has to do with them."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from knox.crypto import hash_token

from accounts.models import ApiToken, TokenScope, User
from accounts.records.holds import hold
from lessons.actions.moves import move_lesson
from lessons.attachments import store
from lessons.models import Attachment, Lesson, LessonMove, Move, Status
from tests.calling import token_of
from tests.factories import NOON, DeliveryFactory, LessonFactory, PublicationFactory, SubscriptionFactory
from tests.personas import Everybody, everybody

#: Stands in what was published first and taken out since.
TAKEN_OUT = "otterholt"


@dataclass
class Scene:
    """Everybody, and lessons in one state: that of P10 and those that P18 and P27 wrote themselves."""

    everybody: Everybody
    lessons: dict[str, Lesson] = field(default_factory=dict)
    files: dict[tuple[str, str], Attachment] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def lesson_of(self, name: str) -> Lesson:
        return self.lessons.get(name) or self.lessons["P10"]


def empty_scene() -> Scene:
    scene = Scene(everybody())
    _things_of_others(scene)
    return scene


def scene_of(state: str, stage: Scene | None = None) -> Scene:
    """Return the lessons of a state, with everybody around them.

    :param stage: everybody, if they are there already
    """
    stage = stage or empty_scene()
    scene = Scene(stage.everybody, more=stage.more)
    if state == "site":
        return scene
    given = dict(STATE_OF[state])
    if given["status"] in {Status.PUBLISHED, Status.SUSPENDED}:
        given["publication"] = {"what_happened": f"Two lists were used at {TAKEN_OUT}."}
    people = scene.everybody.people
    claimer = given.pop("claimer", "P16")
    scene.lessons = scene.everybody.writes(moderator=people[claimer], **given)
    for name, lesson in scene.lessons.items():
        if state == "stays_local":
            _decline_to_stay_local(lesson, people["P16"])
        if state.startswith(("published", "sensitive")):
            _second_version(lesson)
        if lesson.status in {Status.PUBLISHED, Status.SUSPENDED}:
            _attach(scene, name, lesson)
        if state == "published_and_held":
            hold(subject=lesson, reason="An inquiry", until=None, by=people["P19"], at=timezone.now())
        if state in {"approved", "suspended_and_approved"}:
            move_lesson(lesson=lesson, move=Move.APPROVE, by=people["P19"], at=timezone.now())
        if state == "approved":
            move_lesson(lesson=lesson, move=Move.CLAIM, by=people["P26"], at=timezone.now())
        lesson.refresh_from_db()
    return scene


SENSITIVE = {"marking": "official_sensitive"}
TO_AREA = {"audience": "areas", "audience_areas": ["cumbria"]}
BY_TWO = SENSITIVE | {"status": Status.IN_REVIEW, "tier": "national", "claimer": "P19"}
STATE_OF: dict[str, dict[str, Any]] = {
    "draft": {"status": Status.DRAFT},
    "awaiting_sign_off": {"status": Status.AWAITING_SIGN_OFF},
    "submitted": {"status": Status.SUBMITTED},
    "in_review": {"status": Status.IN_REVIEW},
    "in_review_by_two": BY_TWO,
    "approved": BY_TWO,
    "changes_requested": {"status": Status.CHANGES_REQUESTED},
    "declined": {"status": Status.DECLINED},
    "stays_local": {"status": Status.DECLINED},
    "withdrawn": {"status": Status.WITHDRAWN},
    "published_to_all": {"status": Status.PUBLISHED},
    "published_and_held": {"status": Status.PUBLISHED},
    "published_to_area": {"status": Status.PUBLISHED} | TO_AREA,
    "sensitive_to_area": {"status": Status.PUBLISHED} | SENSITIVE | TO_AREA,
    "sensitive_to_national_team": {"status": Status.PUBLISHED, "audience": "national_team"} | SENSITIVE,
    "suspended": {"status": Status.SUSPENDED} | TO_AREA,
    "suspended_and_approved": {"status": Status.SUSPENDED} | TO_AREA,
    "archived": {"status": Status.ARCHIVED} | TO_AREA,
    "merged": {"status": Status.MERGED},
}


def _decline_to_stay_local(lesson: Lesson, by: User) -> None:
    decline, declined = Move.DECLINE, Status.DECLINED
    at, reason = timezone.now(), "stays_local"
    LessonMove.objects.create(
        lesson=lesson, move=decline, from_status=declined, to_status=declined, by=by, at=at, reason=reason
    )


def _second_version(lesson: Lesson) -> None:
    first = lesson.publications.get()
    lesson.publications.update(superseded_at=NOON)
    moderator = first.published_by
    PublicationFactory(lesson=lesson, published_by=moderator, change="minor", note="A word taken out.")


def _attach(scene: Scene, name: str, lesson: Lesson) -> None:
    for which, given in FILES.items():
        key = secrets.token_hex(16)  # tests of another process keep their files in the same place
        scene.files[name, which] = Attachment.objects.create(
            lesson=lesson, key=key, name="plan.txt", type="txt", size=1, sha256="0" * 64,
            added_by=lesson.author, added_at=NOON, check_at=NOON, **given,
        )  # fmt: skip
        store.save(key, io.BytesIO(b"x"))


FILES: dict[str, dict[str, Any]] = {
    "published": {"scan": "clean", "published": True},
    "kept": {"scan": "clean"},
    "waiting": {"scan": "waiting"},
    "refused": {"scan": "refused", "reason": "It is something else."},
}


def _things_of_others(scene: Scene) -> None:
    """Add what no lesson is needed for, of people whom no column names."""
    another = scene.everybody.another
    target = LessonFactory(status=Status.PUBLISHED, area=scene.everybody.area, title="Keep the list of radios short")
    scene.more = {
        "target": target,
        "subscription": SubscriptionFactory(person=another),
        "mail": DeliveryFactory(kind="new_lesson"),
        "token": ApiToken.objects.get(digest=hash_token(token_of(another, TokenScope.READ_PUBLISHED))),
    }
