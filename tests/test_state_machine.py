"""Any order of steps by several people: what must never happen does not, whatever they try.

The machine knows by itself what would be wrong; it asks none of the rules that it tests.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import Organisation, ResilienceArea, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.review import discard_working_text, remove_words, save_working_text
from lessons.actions.sharing import share_lesson
from lessons.actions.warnings import answer_warning
from lessons.actions.writing import save_lesson
from lessons.checklist import CHECKLIST
from lessons.errors import LessonError, StaleText
from lessons.models import Lesson, LessonMove, Move, Publication, Status, Tier
from lessons.readiness import Tags
from lessons.warnings.answers import warnings_in
from tests.factories import (
    NOON,
    EventFactory,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    person,
)

pytestmark = pytest.mark.django_db

PHONE = "07700 900123"
SECRET = "This is TOP SECRET."
#: What people type: clean, with a person's number, with a marking that may not be stored.
TYPED = (
    "The list of rest centres was out of date.",
    "Nobody had the list on paper.",
    f"The duty officer was reached on {PHONE} only.",
    SECRET,
    "Unit 7 cut the fence.",
)
FIELDS = ("impact", "why", "context")
#: Every pair (what the owner chose, what is published) that is not wider.
NOT_WIDER = {
    ("all_responders", wider) for wider in ("all_responders", "category_1", "areas", "own_area", "national_team")
} | {
    ("category_1", "category_1"),
    ("category_1", "national_team"),
    ("own_area", "own_area"),
    ("own_area", "areas"),  # the lesson's own: how "own area" is stored once published
    ("own_area", "national_team"),
    ("national_team", "national_team"),
}
AUDIENCES = ("all_responders", "category_1", "own_area", "national_team")
ATTRIBUTIONS = ("organisation", "area", "sector", "none")  # each tells less than the one before
PEOPLE = (
    "author",
    "lead",
    "partner",
    "moderator",
    "colleague",
    "writing_moderator",
    "secretariat",
    "second",
    "writing_secretariat",
    "elsewhere",
    "reader",
)
#: Who would usually do what next, so that lessons get far; anybody tries anything besides.
USUAL: dict[str, list[tuple[str, Move]]] = {
    Status.DRAFT: [("author", Move.SUBMIT), ("lead", Move.SUBMIT)],
    Status.AWAITING_SIGN_OFF: [("lead", Move.SIGN_OFF), ("lead", Move.ASK_FOR_CHANGES)],
    Status.SUBMITTED: [
        ("moderator", Move.CLAIM),
        ("lead", Move.SIGHT),
        ("secretariat", Move.CLAIM),
        ("second", Move.CLAIM),
    ],
    Status.IN_REVIEW: [
        ("holder", Move.PUBLISH),
        ("holder", Move.SHOW_OWNER),
        ("author", Move.SIGHT),
        ("holder", Move.APPROVE),
        ("holder", Move.ASK_FOR_CHANGES),
    ],
    Status.CHANGES_REQUESTED: [("author", Move.RESUBMIT)],
    Status.DECLINED: [("author", Move.APPEAL)],
    Status.WITHDRAWN: [("author", Move.REOPEN)],
    Status.MERGED: [("secretariat", Move.MERGE)],
    Status.PUBLISHED: [
        ("secretariat", Move.PUBLISH_AGAIN),
        ("second", Move.APPROVE),
        ("moderator", Move.PUBLISH_AGAIN),
        ("secretariat", Move.SUSPEND),
        ("moderator", Move.ARCHIVE),
    ],
    Status.SUSPENDED: [("secretariat", Move.APPROVE), ("second", Move.RESTORE), ("second", Move.APPROVE)],
    Status.ARCHIVED: [("moderator", Move.RESTORE), ("second", Move.APPROVE), ("secretariat", Move.RESTORE)],
}
PUBLISHES = {Move.PUBLISH, Move.PUBLISH_AGAIN, Move.RESTORE, Move.ARCHIVE}
WAITS = (timedelta(minutes=10), timedelta(hours=3), timedelta(days=20), timedelta(days=40))


@dataclass
class World:
    """What all runs share: an area, an organisation and people."""

    area: ResilienceArea
    owner: Organisation
    people: dict[str, int]

    @classmethod
    def build(cls) -> World:
        area = ResilienceAreaFactory()
        owner = OrganisationFactory(areas=[area])
        people = {
            "author": person(Role.CONTRIBUTOR, owner),
            "lead": person(Role.JOL_SPOC, owner),
            "partner": person(Role.CONTRIBUTOR),
            "moderator": person(Role.LRF_MODERATOR, area=area),
            "colleague": person(Role.LRF_MODERATOR, area=area),
            "writing_moderator": person(Role.LRF_MODERATOR, area=area),
            "secretariat": person(Role.SECRETARIAT),
            "second": person(Role.SECRETARIAT),
            "writing_secretariat": person(Role.SECRETARIAT),
            "elsewhere": person(Role.LRF_MODERATOR),
            "reader": person(Role.READER, owner),
        }
        for name in ("writing_moderator", "writing_secretariat"):
            MembershipFactory(user=people[name], organisation=owner, role=Role.JOL_LEAD)
        return cls(area, owner, {name: user.pk for name, user in people.items()})


@dataclass
class Known:
    """What the machine remembers of a lesson."""

    pk: int
    writers: set[int]
    owner_text: dict[str, Any] = field(default_factory=dict)
    working: dict[str, Any] = field(default_factory=dict)  # what moderators last saved of the text in hand
    sealed: dict[int, str] = field(default_factory=dict)
    approved: set[tuple[int, str]] = field(default_factory=set)  # (who, exactly what)
    shown: dict[str, datetime] = field(default_factory=dict)  # exactly what the owner was shown, and when
    seen: dict[str, str] = field(default_factory=dict)  # exactly what, and what they said last
    answered: set[tuple[int, str]] = field(default_factory=set)  # (publication, words that may stay)
    moves: int = 0
    snapshots: list[str] = field(default_factory=list)


def all_of(text: Publication) -> str:
    """Return everything that readers would see of `text`, as one string."""
    return json.dumps([text.wording(), text.event_name, sorted(Tags.of(text).as_terms())], sort_keys=True)


class Moderation(RuleBasedStateMachine):
    """Two lessons, eleven people, a clock."""

    world: World

    # -- the beginning ---------------------------------------------------------------------------------
    @initialize(
        sensitive=st.booleans(),
        is_live=st.booleans(),
        wants_sign_off=st.booleans(),
        wants_sighting=st.booleans(),
        sees=st.sampled_from(["agrees", "objects"]),
        audience=st.sampled_from(AUDIENCES),
        attribution=st.sampled_from(ATTRIBUTIONS),
        brag=st.sampled_from(["green", "red"]),
    )
    def begin(
        self,
        *,
        sensitive: bool,
        is_live: bool,
        wants_sign_off: bool,
        wants_sighting: bool,
        sees: str,
        audience: str,
        attribution: str,
        brag: str,
    ) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.now = NOON
        owner = self.world.owner
        Organisation.objects.filter(pk=owner.pk).update(wants_sign_off=wants_sign_off, wants_sighting=wants_sighting)
        self.wants_sighting, self.sees = wants_sighting, sees
        owner.refresh_from_db()
        author = self.somebody("author")
        legal = ["inquest"] if is_live else []
        event = EventFactory(organisation=owner, areas=[self.world.area], legal_contexts=legal)
        self.lessons: list[Known] = []
        for marking in ("official_sensitive" if sensitive else "official", "official"):
            lesson = LessonFactory(
                organisation=owner,
                author=author,
                event=event if not self.lessons else None,
                area=self.world.area,
                marking=marking,
                audience=audience,
                attribution=attribution,
                brag=brag,
            )
            partner = self.somebody("partner").memberships.get().organisation
            share_lesson(lesson=lesson, organisation=partner, may_write=True, by=author, at=self.now)
            self.lessons.append(Known(lesson.pk, {author.pk}))

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def somebody(self, name: str) -> User:
        return User.objects.get(pk=self.world.people[name])  # afresh, as a request does

    def attempt(self, step: Any) -> Any:
        """Return what `step` returns, or the refusal; a refusal changes nothing, and anything else is a fault."""
        before = self.everything()
        try:
            return step()
        except (LessonError, PermissionDenied) as refusal:
            note(f"refused: {refusal!r}")
            assert self.everything() == before, "a refused step changed something"
            return refusal

    def everything(self) -> list[Any]:
        pks = [known.pk for known in getattr(self, "lessons", [])]
        lessons = Lesson.objects.filter(pk__in=pks).order_by("pk").values()
        texts = Publication.objects.filter(lesson__in=pks).order_by("pk").defer("search").values()
        return [list(lessons), list(texts), LessonMove.objects.filter(lesson__in=pks).count()]

    # -- steps -----------------------------------------------------------------------------------------
    @rule(wait=st.sampled_from(WAITS))
    def time_passes(self, wait: timedelta) -> None:
        self.now += wait

    @rule(
        which=st.integers(0, 1),
        who=st.sampled_from(["author", "lead", "partner", "writing_moderator", "writing_secretariat", "moderator"]),
        name=st.sampled_from(FIELDS),
        words=st.sampled_from(TYPED),
        late=st.booleans(),
    )
    def owner_writes(self, which: int, who: str, name: str, words: str, late: bool) -> None:
        known, by = self.lessons[which], self.somebody(who)
        lesson = Lesson.objects.get(pk=known.pk)
        version = lesson.row_version - late
        saved = self.attempt(
            lambda: save_lesson(lesson=lesson, by=by, at=self.now, row_version=version, **{name: words})
        )
        if isinstance(saved, StaleText):
            assert saved.yours == {name: words}
            assert saved.theirs == {name: getattr(Lesson.objects.get(pk=known.pk), name)}
        elif isinstance(saved, Lesson):
            assert not late, "a stale save went over what was saved meanwhile"
            known.owner_text[name] = words
            known.writers.add(by.pk)

    @rule(
        which=st.integers(0, 1),
        who=st.sampled_from(["holder", "moderator", "secretariat", "writing_moderator", "elsewhere", "author"]),
        name=st.sampled_from(FIELDS),
        words=st.sampled_from(TYPED),
        choices=st.fixed_dictionaries(
            {},
            optional={
                "audience": st.sampled_from(AUDIENCES),
                "attribution": st.sampled_from(ATTRIBUTIONS),
                "marking": st.sampled_from(["official", "official_sensitive"]),
            },
        ),
        ticked=st.booleans(),
        late=st.integers(0, 3).map(lambda n: n == 3),
    )
    def moderator_writes(
        self, which: int, who: str, name: str, words: str, choices: dict[str, str], ticked: bool, late: bool
    ) -> None:
        known, by = self.lessons[which], self.holder_or(which, who)
        lesson = Lesson.objects.get(pk=known.pk)
        values: dict[str, Any] = {name: words} | choices
        saved = self.attempt(
            lambda: save_working_text(
                lesson=lesson,
                by=by,
                at=self.now,
                row_version=lesson.row_version - late,
                values=values,
                checklist=dict.fromkeys(CHECKLIST, ticked),
            )
        )
        if isinstance(saved, StaleText):
            assert saved.yours == values
        elif isinstance(saved, Publication):
            assert not late, "a stale save went over what was saved meanwhile"
            assert by.pk not in known.writers, "somebody edits for readers what they wrote themselves"
            assert lesson.status != Status.IN_REVIEW or lesson.claimed_by_id == by.pk
            known.working |= values

    @rule(which=st.integers(0, 1), name=st.sampled_from(FIELDS))
    def moderator_takes_out(self, which: int, name: str) -> None:
        known, by = self.lessons[which], self.holder_or(which, "secretariat")
        lesson = Lesson.objects.get(pk=known.pk)
        text = self.attempt(
            lambda: remove_words(lesson=lesson, field=name, words=PHONE, code="personal_data", by=by, at=self.now)
        )
        if isinstance(text, Publication):
            assert PHONE not in getattr(text, name)
            assert "[removed: personal data]" in getattr(text, name)
            known.working[name] = getattr(text, name)

    @rule(which=st.integers(0, 1), answer=st.sampled_from(["false_alarm", "needed"]))
    def moderator_answers(self, which: int, answer: str) -> None:
        known, by = self.lessons[which], self.holder_or(which, "moderator")
        text = Publication.objects.working().filter(lesson=known.pk).first()
        warned = next((one for one in warnings_in(text) if one.is_open), None) if text else None
        if text is None or warned is None:
            return
        kept = self.attempt(
            lambda: answer_warning(text=text, code=warned.code, answer=answer, because="So.", by=by, at=self.now)
        )
        if not isinstance(kept, Exception):
            known.answered.add((text.pk, warned.spotted.found.words))

    @rule(which=st.integers(0, 1), who=st.sampled_from(["moderator", "secretariat"]))
    def moderator_gives_the_text_up(self, which: int, who: str) -> None:
        known, by = self.lessons[which], self.somebody(who)
        lesson = Lesson.objects.get(pk=known.pk)
        if self.attempt(lambda: discard_working_text(lesson=lesson, by=by, at=self.now)) is None:
            known.working = {}

    @rule(which=st.integers(0, 1), choice=st.integers(0, 10))
    def the_usual_move(self, which: int, choice: int) -> None:
        usual = USUAL[Lesson.objects.get(pk=self.lessons[which].pk).status]
        who, move = usual[choice % len(usual)]
        self.make(which, who, move)

    @rule(which=st.integers(0, 1))
    def the_holder_makes_it_ready(self, which: int) -> None:
        """Tidy the text as a good moderator would, so that publishing is often reached."""
        known = self.lessons[which]
        lesson = Lesson.objects.get(pk=known.pk)
        by = self.holder_or(which, "secretariat")
        values: dict[str, Any] = dict.fromkeys(FIELDS, TYPED[0])
        values |= {name: getattr(lesson, name) for name in ("audience", "attribution", "marking", "handling")}
        saved = self.attempt(
            lambda: save_working_text(
                lesson=lesson,
                by=by,
                at=self.now,
                row_version=lesson.row_version,
                values=values,
                checklist=dict.fromkeys(CHECKLIST, True),
            )
        )
        if isinstance(saved, Publication):
            known.working |= values

    @rule(which=st.integers(0, 1), who=st.sampled_from([*PEOPLE, "holder"]), move=st.sampled_from(Move))
    def any_move(self, which: int, who: str, move: Move) -> None:
        self.make(which, who, move)

    def holder_or(self, which: int, who: str) -> User:
        if who != "holder":
            return self.somebody(who)
        return Lesson.objects.get(pk=self.lessons[which].pk).claimed_by or self.somebody("moderator")

    def make(self, which: int, who: str, move: Move) -> None:
        known, by = self.lessons[which], self.holder_or(which, who)
        before = Lesson.objects.get(pk=known.pk)
        text = Publication.objects.working().filter(lesson=known.pk).first()
        given: dict[str, Any] = {"note": "Because it was agreed."}
        more: dict[Move, dict[str, Any]] = {
            Move.REASSIGN: {"to": self.somebody("colleague")},
            Move.MERGE: {"target": Lesson.objects.get(pk=self.lessons[1 - which].pk)},
            Move.DECLINE: {"reason": "too_thin"},
            Move.ARCHIVE: {"reason": "out_of_date"},
            Move.PUBLISH_AGAIN: {"change": "minor"},
            Move.SIGHT: {"reason": self.sees},
        }
        given |= more.get(move, {})
        after = self.attempt(lambda: move_lesson(lesson=before, move=move, by=by, at=self.now, **given))
        if isinstance(after, Exception):
            return
        note(f"{who} made {move}: {before.status} -> {after.status}")
        known.moves += 1
        if move in {Move.SUBMIT, Move.RESUBMIT}:
            known.snapshots.append(json.dumps(Lesson.objects.get(pk=known.pk).wording(), sort_keys=True))
            self.owner_was_followed(known)
        if move == Move.CLAIM:
            self.claim_was_free(known, before, by)
        if move == Move.APPROVE:
            approved = text or Publication.objects.current().get(lesson=known.pk)
            known.approved.add((by.pk, all_of(approved)))
        if move == Move.SHOW_OWNER and text:
            known.shown[all_of(text)] = self.now
        if move == Move.SIGHT and text:
            assert all_of(text) in known.shown, "the owner answered about a text that they were not shown"
            known.seen[all_of(text)] = self.sees
        if move == Move.SUSPEND:
            known.approved.clear()
        if move in PUBLISHES and text is not None and Publication.objects.get(pk=text.pk).published_at:
            self.may_be_published(known, before, text, by, move)
        if move in {Move.RESTORE, Move.ARCHIVE} and before.status == Status.SUSPENDED:
            approved = text or Publication.objects.filter(lesson=known.pk, superseded_at=None).get()
            assert any(who != by.pk and what == all_of(approved) for who, what in known.approved), "one person alone"

    # -- what must be so -------------------------------------------------------------------------------
    def claim_was_free(self, known: Known, before: Lesson, by: User) -> None:
        assert by.pk not in known.writers, "claimed by somebody who wrote it"
        if before.claimed_by_id is not None:
            assert before.claimed_at is not None
            assert before.claimed_at + timedelta(hours=2) <= self.now, "two claims"

    def owner_was_followed(self, known: Known) -> None:
        """A text in hand keeps what moderators typed; only what they left as it was follows the owner."""
        text = Publication.objects.working().filter(lesson=known.pk).first()
        lesson = Lesson.objects.get(pk=known.pk)
        last = next(json.loads(one) for one in known.snapshots[-2:])
        for name, words in known.working.items():
            if words == last[name]:
                known.working[name] = getattr(lesson, name)
        assert text is not None or not known.working

    def may_be_published(self, known: Known, before: Lesson, text: Publication, by: User, move: Move) -> None:
        lesson, done = Lesson.objects.get(pk=known.pk), Publication.objects.get(pk=text.pk)
        assert by.pk not in known.writers, "published by somebody who wrote it"
        if move == Move.PUBLISH:
            assert before.claimed_by_id == by.pk, "published without a claim"
            assert before.claimed_at is not None
            assert before.claimed_at + timedelta(hours=2) > self.now, "published under a claim that lapsed"
        assert all(done.checklist.get(code) is True for code in CHECKLIST), "a point is not confirmed"
        said = json.dumps(done.wording())
        for words in (PHONE, "TOP SECRET"):
            is_answered = any(pk == done.pk and words in kept for pk, kept in known.answered)
            assert words not in said or is_answered, f"{words} was published, and nobody judged it"
        assert (lesson.audience, done.audience) in NOT_WIDER, "wider than the owner wished"
        if done.audience == "areas":
            assert done.audience_areas == [self.world.area.code]
        assert ATTRIBUTIONS.index(done.attribution) >= ATTRIBUTIONS.index(lesson.attribution)
        assert not (lesson.marking == "official_sensitive" and done.marking == "official"), "marked down"
        assert done.marking == "official" or done.handling
        if done.marking == "official_sensitive":
            assert not any(key.startswith("official/") for key in done.readers)
        takes_two = lesson.tier == Tier.NATIONAL and (
            "official_sensitive" in {lesson.marking, done.marking} or lesson.event.legal_contexts
        )
        if takes_two:
            assert any(who != by.pk and what == all_of(text) for who, what in known.approved), "one person alone"
        if move == Move.PUBLISH and self.wants_sighting and self.is_edited(lesson, text):
            answer, shown = known.seen.get(all_of(text)), known.shown.get(all_of(text))
            silent = shown is not None and answer is None and self.now - shown > timedelta(days=1)
            assert answer == "agrees" or silent, "the owner was not shown what readers get, or objects"
        for name, words in known.working.items():
            if name != "audience":  # "own area" is stored as the area it is
                assert getattr(done, name) == words, "what was typed is not what was published"
        known.working = {}

    def is_edited(self, lesson: Lesson, text: Publication) -> bool:
        return text.wording() != lesson.wording() or sorted(text.terms) != sorted(Tags.of(lesson).as_terms())

    @invariant()
    def what_is_stored_is_right(self) -> None:
        """All is read once, and each question is asked of that."""
        known = {one.pk: one for one in getattr(self, "lessons", [])}
        lessons = Lesson.objects.in_bulk(known)
        texts = Publication.objects.filter(lesson__in=known).order_by("pk")
        working = list(texts.working())
        live = Counter(texts.live().values_list("lesson", flat=True))
        published = list(texts.filter(published_at__isnull=False))
        moves = list(LessonMove.objects.filter(lesson__in=known).order_by("pk"))
        for pk, one in known.items():
            in_hand = [text for text in working if text.lesson_id == pk]
            self.every_word_that_was_saved_is_there(one, lessons[pk], in_hand)
            self.every_move_is_recorded(one, [move for move in moves if move.lesson_id == pk])
            self.one_has_it_or_nobody(one, lessons[pk])
            assert live[pk] == (1 if lessons[pk].status in {Status.PUBLISHED, Status.ARCHIVED} else 0)
            self.sealed_texts_stay(one, [text for text in published if text.lesson_id == pk])

    def every_word_that_was_saved_is_there(self, known: Known, lesson: Lesson, in_hand: list[Publication]) -> None:
        assert {name: getattr(lesson, name) for name in known.owner_text} == known.owner_text
        assert len(in_hand) <= 1
        if known.working:
            assert in_hand, "the text in hand is gone"
            assert {name: getattr(in_hand[0], name) for name in known.working} == known.working

    def every_move_is_recorded(self, known: Known, moves: list[LessonMove]) -> None:
        assert len(moves) == known.moves
        handed_in = [move.snapshot for move in moves if move.snapshot]
        for words, kept in zip(handed_in, known.snapshots, strict=True):
            assert json.loads(kept).items() <= words.items()

    def one_has_it_or_nobody(self, known: Known, lesson: Lesson) -> None:
        assert (lesson.status == Status.IN_REVIEW) == (lesson.claimed_by_id is not None)
        # The owner's text is closed while it is in review: nobody becomes its writer then.
        assert lesson.claimed_by_id not in known.writers

    def sealed_texts_stay(self, known: Known, published: list[Publication]) -> None:
        for text in published:
            assert known.sealed.setdefault(text.pk, all_of(text)) == all_of(text), "a sealed text changed"


def run(world: World, *, examples: int, steps: int, **more: Any) -> None:
    machine = type("Machine", (Moderation,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


def test_no_order_of_steps_publishes_what_must_not_be_or_loses_a_word() -> None:
    run(World.build(), examples=3, steps=20, derandomize=True)


@pytest.mark.slow
def test_no_long_order_of_steps_does_either() -> None:
    run(World.build(), examples=20, steps=40)
