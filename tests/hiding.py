"""Lessons of which each part holds a word that is nowhere else, and the people who may or may not read each word."""

from __future__ import annotations

import io
import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Organisation, ResilienceArea, User
from accounts.roles import Role
from lessons import publishing
from lessons.attachments import store
from lessons.models import Attachment, Comment, Debrief, Lesson, LessonLink, Observation, Publication, Status
from lessons.search.counting import count_words
from tests.factories import (
    NOON,
    CapabilityFactory,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    person,
)

#: Fields of words, each with a canary of its own in every hidden lesson.
FIELDS = ("title", "context", "what_happened", "impact", "why", "statement", "action_taken", "handling")
SHARED = "Two control rooms worked from different lists of rest centres for an hour."

OUTSIDERS = frozenset({"anonymous", "reader elsewhere", "moderator elsewhere", "system administrator"})
RECORD = frozenset({"SPoC", "moderator", "Secretariat", "auditor"})
CLEARED = RECORD | {"cleared reader of the area", "Board member"}
IN_AREA = CLEARED | {"reader of the area", "contributor of the owner", "administrator of the owner"}
#: Who looks after accounts; a record names its author to nobody.
NAMES = frozenset({"administrator of the owner"})


@dataclass(frozen=True)
class Canary:
    """:ivar may: names of the people who may read it"""

    what: str
    may: frozenset[str]


@dataclass
class World:
    """People, something public, and what `hide` adds."""

    area: ResilienceArea
    owner: Organisation
    people: dict[str, User | None]
    public: Lesson
    canaries: dict[str, Canary] = field(default_factory=dict)
    lessons: dict[str, Lesson] = field(default_factory=dict)
    debrief: Debrief | None = None
    points: list[Observation] = field(default_factory=list)
    files: dict[str, Attachment] = field(default_factory=dict)
    _letters: Iterator[tuple[str, ...]] = field(default_factory=lambda: itertools.product("bdfgklmnprst", repeat=3))

    def word(self, what: str, may: frozenset[str]) -> str:
        """Return a new word that can be typed, searched for and misspelt."""
        first, second, third = next(self._letters)
        word = f"zu{first}o{second}i{third}averil"
        self.canaries[word] = Canary(what, may)
        return word

    def words_of(self, name: str, may: frozenset[str]) -> dict[str, Any]:
        given: dict[str, Any] = {one: f"{SHARED} {self.word(f'{one} of {name}', may)}" for one in FIELDS}
        given["title"] = f"Share the shelter list {self.word(f'title of {name}', may)}"
        text, by_whom = self.word(f"recommendation of {name}", may), self.word(f"by whom of {name}", may)
        return given | {"recommendations": [{"text": f"Keep one list {text}", "by_whom": by_whom}]}

    def not_for(self, name: str) -> dict[str, str]:
        """Return the words that somebody may not read: word -> what it is."""
        return {word: one.what for word, one in self.canaries.items() if name not in one.may}

    def for_(self, name: str) -> dict[str, str]:
        return {word: one.what for word, one in self.canaries.items() if name in one.may}


def world() -> World:
    area = ResilienceAreaFactory(code="cumbria")
    owner = OrganisationFactory(code="cumbria-fire", areas=[area])
    neighbour = OrganisationFactory(code="cumbria-ambulance", areas=[area])
    public = LessonFactory(status=Status.PUBLISHED, organisation=owner, area=area, event=EventFactory(name="Wet Day"))
    LessonFactory(status=Status.PUBLISHED, organisation=owner, area=area)
    people = {
        "anonymous": None,
        "reader elsewhere": person(Role.READER),
        "moderator elsewhere": person(Role.LRF_MODERATOR),
        "system administrator": person(Role.SYSTEM_ADMIN),
        "reader of the area": person(Role.READER, neighbour),
        "cleared reader of the area": person(Role.READER, neighbour, cleared=True),
        "contributor of the owner": person(Role.CONTRIBUTOR, owner),
        "administrator of the owner": person(Role.ORGANISATION_ADMIN, owner),
        "SPoC": person(Role.JOL_SPOC, owner),
        "moderator": person(Role.LRF_MODERATOR, area=area),
        "Secretariat": person(Role.SECRETARIAT),
        "Board member": person(Role.BOARD_MEMBER),
        "auditor": person(Role.AUDITOR),
    }
    for name in ("moderator elsewhere", "contributor of the owner"):  # who are shown what is like their own
        author = people[name]
        LessonFactory(status=Status.DRAFT, author=author, title="Share the shelter list", what_happened=SHARED)
    CapabilityFactory(code="shelter")
    count_words()
    return World(area, owner, people, public)


def hide(world: World) -> World:
    """Add what is hidden from some, beside, linked to and alike what is public."""
    to_area = {"audience": "areas", "audience_areas": [world.area.code]}
    kinds: dict[str, tuple[frozenset[str], dict[str, Any]]] = {
        "the sensitive one": (CLEARED, {"status": Status.PUBLISHED, "marking": "official_sensitive"} | to_area),
        "the narrowed one": (IN_AREA, {"status": Status.PUBLISHED, "publication": None} | to_area),
        "the one in review": (RECORD, {"status": Status.IN_REVIEW, "at": timezone.now()}),
        "the suspended one": (RECORD, {"status": Status.SUSPENDED} | to_area),
        "the draft": (frozenset({"SPoC"}), {"status": Status.DRAFT}),
    }
    for name, (may, given) in kinds.items():
        _one(world, name, may, given)
    _versions(world, world.lessons["the narrowed one"])
    _next_version(world, world.lessons["the sensitive one"])
    Comment.objects.create(
        lesson=world.lessons["the one in review"],
        field="statement",
        text=world.word("a comment on the one in review", RECORD),
        by=world.people["moderator"],
        at=timezone.now(),
    )
    _debrief(world)
    count_words()
    return world


def _one(world: World, name: str, may: frozenset[str], given: dict[str, Any]) -> None:
    # Whoever writes in the area is shown the name of an event that may be theirs.
    event_may = may | {"contributor of the owner", "moderator"}
    author = person(Role.CONTRIBUTOR, world.owner, name=world.word(f"author of {name}", NAMES))
    lesson = world.lessons[name] = LessonFactory(
        organisation=world.owner,
        area=world.area,
        event=EventFactory(
            organisation=world.owner, name=world.word(f"event of {name}", event_may), areas=[world.area]
        ),
        author=author,
        moderator=world.people["moderator"],
        capabilities=[CapabilityFactory(code="shelter")],
        contact=f"{world.word(f'contact of {name}', may)}@responder.example",
        **given,
        **world.words_of(name, may),
    )
    published = lesson.status in {Status.PUBLISHED, Status.SUSPENDED}
    world.files[name] = _file(world, lesson, name, may, published=published)
    if published:
        world.files[f"{name}, kept"] = _file(world, lesson, f"{name}, kept", RECORD, published=False)
    if lesson.submitted_at:
        by = {"organisation": world.owner, "moderator": world.people["moderator"]}
        merged = LessonFactory(status=Status.MERGED, merged_into=lesson, publication=None, **by)
        for source, target in ((world.public, lesson), (lesson, world.public)):
            LessonLink.objects.create(source=source, target=target, at=NOON)
        # Programs of those who had it are told, by its number, to pull their copies: everybody had the narrowed one.
        had_it = {"the suspended one": IN_AREA, "the narrowed one": IN_AREA | OUTSIDERS - {"anonymous"}}.get(name, may)
        world.canaries[str(lesson.reference)] = Canary(f"reference of {name}", had_it)
        world.canaries[str(merged.reference)] = Canary(f"reference merged into {name}", may)


def _file(world: World, lesson: Lesson, name: str, may: frozenset[str], *, published: bool) -> Attachment:
    key = secrets.token_hex(16)  # tests of another process keep their files in the same place
    store.save(key, io.BytesIO(world.word(f"content of a file of {name}", may).encode()))
    return Attachment.objects.create(
        lesson=lesson,
        key=key,
        name=f"{world.word(f'name of a file of {name}', may)}.txt",
        type="txt",
        size=40,
        sha256="0" * 64,
        added_by=lesson.author,
        added_at=NOON,
        check_at=NOON,
        scan="clean",
        published=published,
    )


def _versions(world: World, lesson: Lesson) -> None:
    """Publish a first version to all, and one with a sentence taken out to the area only."""
    by = world.people["moderator"]
    taken_out = world.word("what was taken out of the narrowed one", RECORD)
    first = {"audience": "all_responders", "audience_areas": [], "impact": f"{lesson.impact} {taken_out}"}
    PublicationFactory(lesson=lesson, superseded_at=NOON, published_by=by, **first)
    note = world.word("note of the narrowed version", IN_AREA)
    PublicationFactory(lesson=lesson, change="substantive", note=f"Only for the area: {note}", published_by=by)


def _next_version(world: World, lesson: Lesson) -> None:
    text = publishing.working_text_of(lesson)
    words = f"{text.statement} {world.word('the next version of the sensitive one', RECORD)}"
    Publication.objects.filter(pk=text.pk).update(statement=words)


def _debrief(world: World) -> None:
    may = frozenset({"SPoC", "contributor of the owner"})
    world.debrief = Debrief.objects.create(
        event=world.lessons["the draft"].event,
        organisation=world.owner,
        opened_by=world.people["SPoC"],
        opened_at=NOON,
        kind="hot",
        held_on=NOON.date(),
        code="otters",
        closes_at=timezone.now() + timedelta(days=1),
    )
    for kind in ("went_well", "did_not_go_well"):
        text = f"{SHARED} {world.word(f'point that {kind}', may)}"
        world.points.append(
            Observation.objects.create(debrief=world.debrief, kind=kind, text=text, given_on=NOON.date())
        )
