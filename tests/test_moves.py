"""What single moves record and when they are refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.actions.writing import save_event, save_lesson
from lessons.clocks import add_working_days
from lessons.errors import (
    AlreadyAppealed,
    LessonError,
    NotReady,
    NotYourClaim,
    NotYourTier,
    OwnLesson,
    ReasonMissing,
    TooLate,
    WrongStatus,
)
from lessons.models import Kind, Lesson, Move, Publication, Status, Tier
from lessons.models.wording import digest_of
from tests.factories import (
    NOON,
    CapabilityFactory,
    EventFactory,
    LessonFactory,
    MembershipFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db


def moderated(**values: Any) -> tuple[Lesson, User]:
    """Return a lesson of an area and one who moderates there."""
    area = values.pop("area", None) or ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    values.setdefault("organisation", OrganisationFactory(areas=[area]))
    return LessonFactory(area=area, moderator=moderator, **values), moderator


def make(lesson: Lesson, move: Move, by: User, at: datetime = NOON, **given: Any) -> Lesson:
    given.setdefault("note", "Because it was agreed.")
    return move_lesson(lesson=lesson, move=move, by=by, at=at, **given)


# -- references ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "at", "reference"),
    [
        (Kind.LESSON_IDENTIFIED, NOON, "LI-2026-00001"),
        (Kind.NOTABLE_PRACTICE, NOON, "NP-2026-00001"),
        (Kind.LESSON_IDENTIFIED, datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "LI-2025-00001"),
        (Kind.LESSON_IDENTIFIED, datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "LI-2026-00001"),
    ],
)
def test_a_reference_names_kind_and_year_of_submission(kind: str, at: datetime, reference: str) -> None:
    lesson, _ = moderated(kind=kind, benefit="Rest centres open sooner.")

    lesson = make(lesson, Move.SUBMIT, lesson.author, at)

    assert lesson.reference == reference


def test_the_year_of_a_reference_is_that_of_london_and_not_of_utc_or_the_mover() -> None:
    lesson, _ = moderated()

    # Half past midnight in Kyiv is still the old year in London.
    lesson = make(lesson, Move.SUBMIT, lesson.author, datetime(2026, 1, 1, 0, 30, tzinfo=ZoneInfo("Europe/Kyiv")))

    assert lesson.reference == "LI-2025-00001"


def test_references_count_by_kind_and_year_and_are_kept_when_submitted_again() -> None:
    first, _ = moderated()
    second, _ = moderated()

    first = make(first, Move.SUBMIT, first.author)
    second = make(second, Move.SUBMIT, second.author)
    second = make(second, Move.WITHDRAW, second.author)
    second = make(second, Move.REOPEN, second.author)
    second = make(second, Move.SUBMIT, second.author, NOON + timedelta(days=20))
    third, _ = moderated()
    third = make(third, Move.SUBMIT, third.author)

    assert [one.reference for one in (first, second, third)] == ["LI-2026-00001", "LI-2026-00002", "LI-2026-00003"]


# -- submission ----------------------------------------------------------------------------------------
REQUIRED: list[tuple[str, dict[str, Any]]] = [
    ("title", {"title": "Too short"}),
    ("what_happened", {"what_happened": "  "}),
    ("statement", {"statement": ""}),
    ("recommendations", {"recommendations": []}),
    ("recommendations", {"recommendations": [{"text": "Keep one list", "by_whom": ""}]}),
    ("benefit", {"kind": "notable_practice", "benefit": " "}),
    ("risks", {"risks": []}),
    ("themes", {"themes": []}),
    ("brag", {"brag": ""}),
    ("marking", {"marking": ""}),
    ("handling", {"marking": "official_sensitive", "handling": ""}),
    ("audience", {"audience": ""}),
    ("audience", {"audience": "own_area", "area": None}),
    ("audience_sectors", {"audience": "sectors"}),
    ("audience_areas", {"audience": "areas"}),
]


@pytest.mark.parametrize(("field", "values"), REQUIRED)
def test_a_lesson_without_a_required_field_is_not_submitted(field: str, values: dict[str, Any]) -> None:
    lesson = LessonFactory(**values)

    with pytest.raises(NotReady) as refusal:
        make(lesson, Move.SUBMIT, lesson.author)

    assert list(refusal.value.problems) == [field]
    lesson.refresh_from_db()
    assert (lesson.status, lesson.reference) == (Status.DRAFT, None)


@pytest.mark.parametrize(
    ("field", "values"),
    [("event_name", {"name": ""}), ("event_kind", {"kind": ""}), ("event_date", {"started_on": None})],
)
def test_a_lesson_of_an_incomplete_event_is_not_submitted(field: str, values: dict[str, Any]) -> None:
    lesson = LessonFactory(event=EventFactory(**values))

    with pytest.raises(NotReady) as refusal:
        make(lesson, Move.SUBMIT, lesson.author)

    assert list(refusal.value.problems) == [field]


@pytest.mark.parametrize(
    "values",
    [
        {"recommendations": [], "no_recommendation_because": "It is done everywhere already."},
        {"risks": [], "not_a_national_risk": True},
        {"kind": "notable_practice", "benefit": "Rest centres open sooner.", "recommendations": []},
        {"audience": "national_team"},
        {"context": "", "impact": "", "why": "", "action_taken": ""},
    ],
)
def test_what_stands_for_a_required_field_is_enough(values: dict[str, Any]) -> None:
    lesson, _ = moderated(**values)

    assert make(lesson, Move.SUBMIT, lesson.author).status == Status.SUBMITTED


def test_a_capability_stands_for_a_principle_but_a_topic_of_the_doctrine_does_not() -> None:
    topic = ThemeFactory(code="airwave", group="topic")
    with_topic = LessonFactory(themes=[topic])
    with_capability = LessonFactory(themes=[topic], capabilities=[CapabilityFactory()])

    with pytest.raises(NotReady):
        make(with_topic, Move.SUBMIT, with_topic.author)
    assert make(with_capability, Move.SUBMIT, with_capability.author).reference


def test_what_was_submitted_is_kept_as_it_was_with_its_digest() -> None:
    risk = NationalRiskFactory(code="heatwave")
    lesson, _ = moderated(title="Water for everybody who waits", risks=[risk])

    make(lesson, Move.SUBMIT, lesson.author)
    Lesson.objects.filter(pk=lesson.pk).update(title="Something else entirely")

    entry = lesson.moves.get()
    assert entry.snapshot is not None
    assert entry.snapshot["title"] == "Water for everybody who waits"
    assert entry.snapshot["tags"] == ["risk:heatwave", "theme:communicate"]
    assert entry.snapshot["event_name"] == lesson.event.name
    assert entry.text_digest == digest_of(entry.snapshot)
    assert len(entry.text_digest) == 64


@pytest.mark.parametrize(
    ("role", "status", "due"),
    [
        (Role.CONTRIBUTOR, Status.AWAITING_SIGN_OFF, None),
        (Role.JOL_SPOC, Status.SUBMITTED, date(2026, 3, 16)),
        (Role.STRATEGIC_LEAD, Status.SUBMITTED, date(2026, 3, 16)),
    ],
)
def test_an_organisation_that_wants_it_signs_off_what_no_owner_lead_submits(
    role: Role, status: Status, due: date | None
) -> None:
    area = ResilienceAreaFactory()
    organisation = OrganisationFactory(areas=[area], wants_sign_off=True)
    lesson, _ = moderated(area=area, organisation=organisation, author=person(role, organisation))

    lesson = make(lesson, Move.SUBMIT, lesson.author)

    assert (lesson.status, lesson.due_on) == (status, due)
    assert lesson.reference


def test_signing_off_starts_the_clock_and_is_never_by_the_author() -> None:
    lesson, _ = moderated(status=Status.AWAITING_SIGN_OFF)
    MembershipFactory(user=lesson.author, organisation=lesson.organisation, role=Role.JOL_SPOC)
    lead = person(Role.JOL_LEAD, lesson.organisation)

    with pytest.raises(OwnLesson):
        make(lesson, Move.SIGN_OFF, lesson.author)
    lesson = make(lesson, Move.SIGN_OFF, lead)

    assert (lesson.status, lesson.due_on) == (Status.SUBMITTED, date(2026, 3, 16))


# -- clocks -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "brag", "nation", "due"),
    [
        (NOON, "green", "England", date(2026, 3, 16)),
        (NOON, "red", "England", date(2026, 3, 4)),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), "red", "England", date(2026, 3, 10)),  # over a weekend
        (datetime(2026, 3, 7, 12, tzinfo=UTC), "red", "England", date(2026, 3, 10)),  # on a Saturday
        (datetime(2026, 4, 2, 12, tzinfo=UTC), "red", "England", date(2026, 4, 8)),  # Good Friday, Easter Monday
        (datetime(2026, 4, 2, 12, tzinfo=UTC), "red", "Scotland", date(2026, 4, 7)),  # no Easter Monday there
        (datetime(2026, 3, 13, 12, tzinfo=UTC), "red", "Northern Ireland", date(2026, 3, 18)),  # St Patrick's Day
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "red", "England", date(2026, 7, 3)),  # 1 July in London
    ],
)
def test_items_are_due_in_ten_working_days_of_the_nation_and_red_ones_in_two(
    at: datetime, brag: str, nation: str, due: date
) -> None:
    lesson, _ = moderated(area=ResilienceAreaFactory(nation=nation), brag=brag)

    assert make(lesson, Move.SUBMIT, lesson.author, at).due_on == due


@pytest.mark.parametrize("status", [Status.CHANGES_REQUESTED, Status.DECLINED, Status.WITHDRAWN])
def test_nothing_is_due_while_the_owner_has_it(status: Status) -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    move, by, given = {
        Status.CHANGES_REQUESTED: (Move.ASK_FOR_CHANGES, moderator, {}),
        Status.DECLINED: (Move.DECLINE, moderator, {"reason": "known"}),
        Status.WITHDRAWN: (Move.WITHDRAW, lesson.author, {}),
    }[status]
    assert lesson.due_on

    lesson = make(lesson, move, by, **given)

    assert (lesson.status, lesson.due_on, lesson.claimed_by, lesson.claimed_at) == (status, None, None, None)


# -- the tier ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "tier"),
    [
        ({}, Tier.AREA),
        ({"brag": "amber"}, Tier.AREA),
        ({"brag": "red"}, Tier.NATIONAL),
        ({"marking": "official_sensitive"}, Tier.NATIONAL),
        ({"marking": "official_sensitive", "audience": "category_1"}, Tier.AREA),
    ],
)
def test_red_and_widely_read_sensitive_items_are_decided_nationally(values: dict[str, Any], tier: Tier) -> None:
    lesson, _ = moderated(**values)

    assert make(lesson, Move.SUBMIT, lesson.author).tier == tier


def test_items_in_proceedings_or_of_many_areas_are_decided_nationally() -> None:
    for event in (
        EventFactory(legal_contexts=["inquest"]),
        EventFactory(areas=[ResilienceAreaFactory(), ResilienceAreaFactory()]),
    ):
        lesson, _ = moderated(event=event)

        assert make(lesson, Move.SUBMIT, lesson.author).tier == Tier.NATIONAL


def test_items_that_no_area_can_decide_are_decided_nationally() -> None:
    without_area = LessonFactory(area=None)
    without_moderator = LessonFactory()
    moderators_own, moderator = moderated()
    moderators_own.editors.add(moderator)
    left, moderator = moderated()
    moderator.memberships.update(ends_on=date(2020, 1, 1))

    for lesson in (without_area, without_moderator, moderators_own, left):
        assert make(lesson, Move.SUBMIT, lesson.author).tier == Tier.NATIONAL


def test_a_setting_sends_everything_to_the_national_tier(settings: Any) -> None:
    settings.ALL_NATIONAL = True
    lesson, _ = moderated()

    assert make(lesson, Move.SUBMIT, lesson.author).tier == Tier.NATIONAL


def test_escalation_hands_the_item_to_the_secretariat_with_a_new_clock() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW, claimed_at=NOON + timedelta(days=1))

    lesson = make(lesson, Move.ESCALATE, moderator, NOON + timedelta(days=1))

    assert (lesson.status, lesson.tier, lesson.claimed_by, lesson.due_on) == (
        Status.SUBMITTED,
        Tier.NATIONAL,
        None,
        date(2026, 3, 17),
    )
    with pytest.raises(NotYourTier):
        make(lesson, Move.CLAIM, moderator)


# -- the claim ----------------------------------------------------------------------------------------------
def test_a_claim_makes_a_copy_of_the_owners_text_once() -> None:
    lesson, moderator = moderated(status=Status.SUBMITTED, title="One list of rest centres for all")

    lesson = make(lesson, Move.CLAIM, moderator)
    text = lesson.publications.get()
    assert (lesson.claimed_by, lesson.claimed_at) == (moderator, NOON)
    assert (text.title, text.published_at, text.version) == ("One list of rest centres for all", None, None)

    save_working_text(
        lesson=lesson, by=moderator, at=NOON, row_version=lesson.row_version, values={"title": "One list for everybody"}
    )
    lesson = make(lesson, Move.GIVE_BACK, moderator)
    assert lesson.claimed_by is None
    lesson = make(lesson, Move.CLAIM, person(Role.SECRETARIAT))
    assert lesson.publications.get().title == "One list for everybody"


@pytest.mark.parametrize(("minutes", "lapsed"), [(119, False), (120, True)])
def test_a_claim_lapses_two_hours_after_the_last_save(minutes: int, lapsed: bool) -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    saved = NOON + timedelta(minutes=90)
    other = person(Role.LRF_MODERATOR, area=lesson.area)
    save_working_text(lesson=lesson, by=moderator, at=saved, row_version=lesson.row_version, values={})
    at = saved + timedelta(minutes=minutes)

    if lapsed:
        with pytest.raises(NotYourClaim):
            make(lesson, Move.PUBLISH, moderator, at)
        assert make(lesson, Move.CLAIM, other, at).claimed_by == other
    else:
        with pytest.raises(NotYourClaim):
            make(lesson, Move.CLAIM, other, at)
        assert make(lesson, Move.PUBLISH, moderator, at).status == Status.PUBLISHED


def test_a_lesson_is_reassigned_to_nobody_but_who_could_claim_it() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    colleague = person(Role.LRF_MODERATOR, area=lesson.area)
    writer = person(Role.LRF_MODERATOR, area=lesson.area)
    lesson.editors.add(writer)

    for other in (None, moderator, writer, person(Role.LRF_MODERATOR), person(Role.AUDITOR), lesson.author):
        with pytest.raises(LessonError):
            make(lesson, Move.REASSIGN, moderator, to=other)
    with pytest.raises(NotYourClaim):  # a claim is not taken over by passing it to oneself
        make(lesson, Move.REASSIGN, colleague, to=colleague)
    lesson = make(lesson, Move.REASSIGN, moderator, to=colleague)

    assert (lesson.status, lesson.claimed_by, lesson.claimed_at) == (Status.IN_REVIEW, colleague, NOON)


def test_a_moderator_who_edited_the_owners_text_after_claiming_cannot_publish() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    lesson.editors.add(moderator)

    with pytest.raises(OwnLesson):
        make(lesson, Move.PUBLISH, moderator)


# -- back from the owner --------------------------------------------------------------------------------------
def test_a_lesson_comes_back_to_the_moderator_who_asked() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    lesson = make(lesson, Move.ASK_FOR_CHANGES, moderator, fields=("title",))
    later = NOON + timedelta(days=3)

    lesson = make(lesson, Move.RESUBMIT, lesson.author, later)

    assert (lesson.status, lesson.claimed_by, lesson.claimed_at) == (Status.IN_REVIEW, moderator, later)
    assert lesson.due_on == date(2026, 3, 19)
    asked = lesson.moves.get(move=Move.ASK_FOR_CHANGES)
    assert (asked.fields, asked.note) == (["title"], "Because it was agreed.")


def test_it_comes_back_to_the_queue_if_that_moderator_cannot_go_on() -> None:
    left, moderator = moderated(status=Status.IN_REVIEW)
    left = make(left, Move.ASK_FOR_CHANGES, moderator)
    moderator.memberships.update(ends_on=date(2020, 1, 1))
    red, moderator = moderated(status=Status.IN_REVIEW)
    red = make(red, Move.ASK_FOR_CHANGES, moderator)
    red = save_lesson(lesson=red, by=red.author, at=NOON, row_version=red.row_version, brag="red")
    wrote, moderator = moderated(status=Status.IN_REVIEW)
    wrote = make(wrote, Move.ASK_FOR_CHANGES, moderator)
    wrote.editors.add(moderator)

    for lesson in (left, red, wrote):
        lesson = make(lesson, Move.RESUBMIT, lesson.author)  # noqa: PLW2901

        assert (lesson.status, lesson.claimed_by) == (Status.SUBMITTED, None)
        assert lesson.due_on
    red.refresh_from_db()
    assert red.tier == Tier.NATIONAL


def test_what_the_owner_lead_sent_back_comes_back_to_the_lead() -> None:
    lesson, _ = moderated(status=Status.AWAITING_SIGN_OFF)
    lead = person(Role.JOL_SPOC, lesson.organisation)

    lesson = make(lesson, Move.ASK_FOR_CHANGES, lead)
    lesson = make(lesson, Move.RESUBMIT, lesson.author)

    assert (lesson.status, lesson.due_on, lesson.claimed_by) == (Status.AWAITING_SIGN_OFF, None, None)


def test_after_a_resubmission_the_text_follows_the_owner_but_where_the_moderator_wrote() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    save_working_text(
        lesson=lesson,
        by=moderator,
        at=NOON,
        row_version=lesson.row_version,
        values={"title": "What the moderator typed"},
    )
    lesson = make(lesson, Move.ASK_FOR_CHANGES, moderator)
    heatwave = NationalRiskFactory(code="heatwave")
    lesson = save_lesson(
        lesson=lesson,
        by=lesson.author,
        at=NOON,
        row_version=lesson.row_version,
        title="What the owner typed meanwhile",
        why="Nobody had asked for the list.",
        risks=[heatwave],
    )
    save_event(lesson=lesson, by=lesson.author, at=NOON, name="Exercise Low Tide", started_on=date(2025, 11, 2))

    lesson = make(lesson, Move.RESUBMIT, lesson.author)

    text = lesson.publications.get()
    assert text.title == "What the moderator typed"
    assert text.why == "Nobody had asked for the list."
    assert text.codes_of("risk") == ["heatwave"]
    assert (text.event_name, text.event_on) == ("Exercise Low Tide", date(2025, 11, 1))
    assert not text.checklist, "what was ticked was ticked for another text"


def test_after_reopening_the_text_follows_the_owner_too() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW, statement="Names the man who lost the list.")
    lesson = make(lesson, Move.WITHDRAW, lesson.author)
    lesson = make(lesson, Move.REOPEN, lesson.author)
    lesson = save_lesson(
        lesson=lesson, by=lesson.author, at=NOON, row_version=lesson.row_version, statement="Names nobody any more."
    )

    lesson = make(lesson, Move.SUBMIT, lesson.author)
    lesson = make(lesson, Move.CLAIM, moderator)

    assert lesson.publications.get().statement == "Names nobody any more."


# -- deadlines of the owner ------------------------------------------------------------------------------------
def test_a_decline_is_appealed_once_within_twenty_working_days() -> None:
    lesson, moderator = moderated(status=Status.DECLINED)
    last_day = add_working_days(NOON.date(), 20, "England")
    assert last_day == date(2026, 3, 30)
    in_time = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)  # half past eleven in London, on summer time

    with pytest.raises(TooLate):
        make(lesson, Move.APPEAL, lesson.author, in_time + timedelta(hours=1))
    with pytest.raises(ReasonMissing):
        make(lesson, Move.APPEAL, lesson.author, in_time, note=" ")
    lesson = make(lesson, Move.APPEAL, lesson.author, in_time)
    assert (lesson.status, lesson.tier, lesson.due_on) == (Status.SUBMITTED, Tier.NATIONAL, date(2026, 4, 15))
    with pytest.raises(NotYourTier):
        make(lesson, Move.CLAIM, moderator, in_time)

    secretariat = person(Role.SECRETARIAT)
    lesson = make(lesson, Move.CLAIM, secretariat, in_time)
    lesson = make(lesson, Move.DECLINE, secretariat, in_time, reason="too_thin")
    with pytest.raises(AlreadyAppealed):
        make(lesson, Move.APPEAL, lesson.author, in_time)


def test_a_withdrawn_lesson_is_reopened_within_thirty_days() -> None:
    lesson, _ = moderated(status=Status.SUBMITTED)
    lesson = make(lesson, Move.WITHDRAW, lesson.author)

    with pytest.raises(TooLate):
        make(lesson, Move.REOPEN, lesson.author, NOON + timedelta(days=30, seconds=1))
    lesson = make(lesson, Move.REOPEN, lesson.author, NOON + timedelta(days=30))

    assert lesson.status == Status.DRAFT


# -- words that a move needs -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("move", "status", "given"),
    [
        (Move.ASK_FOR_CHANGES, Status.IN_REVIEW, {"note": " "}),
        (Move.ESCALATE, Status.IN_REVIEW, {"note": ""}),
        (Move.DECLINE, Status.IN_REVIEW, {"note": "", "reason": "known"}),
        (Move.DECLINE, Status.IN_REVIEW, {"reason": "because"}),
        (Move.MERGE, Status.IN_REVIEW, {}),
        (Move.SUSPEND, Status.PUBLISHED, {"note": ""}),
        (Move.ARCHIVE, Status.PUBLISHED, {"reason": ""}),
        (Move.ARCHIVE, Status.PUBLISHED, {"reason": "superseded", "note": "LI-1999-00001"}),
        (Move.PUBLISH_AGAIN, Status.PUBLISHED, {"change": "first"}),
        (Move.PUBLISH_AGAIN, Status.PUBLISHED, {"change": "minor", "note": ""}),
        (Move.RESTORE, Status.ARCHIVED, {"note": ""}),
    ],
)
def test_a_move_without_its_reason_is_refused(move: Move, status: Status, given: dict[str, Any]) -> None:
    lesson, moderator = moderated(status=status)

    with pytest.raises(ReasonMissing):
        make(lesson, move, moderator, **given)


@pytest.mark.parametrize(
    "status", [Status.AWAITING_SIGN_OFF, Status.SUBMITTED, Status.IN_REVIEW, Status.CHANGES_REQUESTED]
)
def test_only_a_draft_is_withdrawn_without_a_reason(status: Status) -> None:
    lesson, _ = moderated(status=status)
    draft, _ = moderated(status=Status.DRAFT)

    with pytest.raises(ReasonMissing):
        make(lesson, Move.WITHDRAW, lesson.author, note="")
    assert make(draft, Move.WITHDRAW, draft.author, note="").status == Status.WITHDRAWN


def test_an_author_who_left_the_organisation_can_do_nothing() -> None:
    lesson, _ = moderated(status=Status.DRAFT)
    author = lesson.author
    author.memberships.update(ends_on=date(2020, 1, 1))
    MembershipFactory(user=author, role=Role.CONTRIBUTOR)

    for move in (Move.SUBMIT, Move.WITHDRAW):
        with pytest.raises(PermissionDenied):
            make(lesson, move, author)


def test_the_owner_writes_only_what_is_open_to_the_owner() -> None:
    for status in Status:
        lesson = LessonFactory(status=status)
        if status in {Status.DRAFT, Status.CHANGES_REQUESTED}:
            save_lesson(lesson=lesson, by=lesson.author, at=NOON, row_version=0, title="A title that is new")
        else:
            with pytest.raises(WrongStatus):
                save_lesson(lesson=lesson, by=lesson.author, at=NOON, row_version=0, title="A title that is new")
            assert not Publication.objects.filter(title="A title that is new").exists()


# -- a decision to decline, taken back -----------------------------------------------------------------------
def test_who_declined_by_mistake_takes_it_back_and_goes_on_where_they_were() -> None:
    lesson, moderator = moderated(status=Status.IN_REVIEW)
    due = lesson.due_on
    declined_at = NOON + timedelta(days=3)
    lesson = make(lesson, Move.CLAIM, moderator, declined_at)
    lesson = make(lesson, Move.DECLINE, moderator, declined_at, reason="too_thin")

    lesson = make(lesson, Move.TAKE_BACK, moderator, declined_at + timedelta(minutes=1))

    assert (lesson.status, lesson.claimed_by, lesson.due_on) == (Status.IN_REVIEW, moderator, due)
    assert lesson.publications.working().exists()


def test_a_decision_is_taken_back_by_who_made_it_and_as_long_as_it_may_be_appealed() -> None:
    lesson, moderator = moderated(status=Status.DECLINED)
    other = person(Role.LRF_MODERATOR, area=lesson.area)
    last_day = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)

    with pytest.raises(NotYourClaim):
        make(lesson, Move.TAKE_BACK, other)
    with pytest.raises(TooLate):
        make(lesson, Move.TAKE_BACK, moderator, last_day + timedelta(hours=1))
    make(lesson, Move.APPEAL, lesson.author)
    with pytest.raises(WrongStatus):
        make(lesson, Move.TAKE_BACK, moderator)
