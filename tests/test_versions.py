"""Publishing and what follows: versions, two people, suspension, restoring, archiving, merging."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.http import Http404

from accounts.models import User
from accounts.roles import Role
from lessons.access import Moved, Suspended, get_publication
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.actions.writing import save_event
from lessons.checklist import CHECKLIST, all_ticked
from lessons.errors import (
    LessonError,
    NotReady,
    NotYourTier,
    OwnLesson,
    ReasonMissing,
    SecondPersonMissing,
    WrongStatus,
)
from lessons.models import Lesson, Move, Publication, Status, Tier
from lessons.readiness import Tags
from tests.factories import (
    NOON,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    ResponderTypeFactory,
    person,
)

pytestmark = pytest.mark.django_db


def make(lesson: Lesson, move: Move, by: User, **given: Any) -> Lesson:
    given = {"at": NOON, "note": "Because it was agreed."} | given
    return move_lesson(lesson=lesson, move=move, by=by, **given)


def moderated(status: Status = Status.IN_REVIEW, **values: Any) -> tuple[Lesson, User]:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    values = {"organisation": OrganisationFactory(areas=[area]), "area": area} | values
    return LessonFactory(status=status, moderator=moderator, **values), moderator


def prepare(lesson: Lesson, by: User, **values: Any) -> Lesson:
    """Save a text to be published, ready to be so."""
    lesson.refresh_from_db()
    save_working_text(
        lesson=lesson, by=by, at=NOON, row_version=lesson.row_version, values=values, checklist=all_ticked()
    )
    lesson.refresh_from_db()
    return lesson


# -- the first version -----------------------------------------------------------------------------------
def test_publishing_seals_the_moderators_text_and_leaves_the_owners() -> None:
    lesson, moderator = moderated(title="Smith lost the list of rest centres")
    lesson = prepare(lesson, moderator, title="Share the list of rest centres")

    lesson = make(lesson, Move.PUBLISH, moderator)

    text = lesson.publications.get()
    assert (text.version, text.published_at, text.published_by, text.change) == (1, NOON, moderator, "first")
    assert text.title == "Share the list of rest centres"
    assert lesson.title == "Smith lost the list of rest centres"
    assert (lesson.status, lesson.claimed_by, lesson.due_on) == (Status.PUBLISHED, None, None)
    assert lesson.moves.get(move=Move.PUBLISH).publication == text
    assert len(lesson.moves.get(move=Move.PUBLISH).text_digest) == 64
    assert text.search


@pytest.mark.parametrize("code", CHECKLIST)
def test_every_point_of_the_checklist_has_to_be_ticked(code: str) -> None:
    lesson, moderator = moderated()
    lesson.publications.update(checklist=all_ticked() | {code: False})

    with pytest.raises(NotReady) as refusal:
        make(lesson, Move.PUBLISH, moderator)

    assert list(refusal.value.problems) == ["checklist"]
    assert str(CHECKLIST[code]) in refusal.value.problems["checklist"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"statement": ""}, "statement"),
        ({"event_name": " "}, "event_name"),
        ({"brag": ""}, "brag"),
        ({"marking": "official_sensitive", "handling": ""}, "handling"),
        ({"audience": "areas", "audience_areas": []}, "audience_areas"),
        ({"audience": "sectors", "audience_sectors": []}, "audience_sectors"),
        ({"terms": []}, "risks"),
    ],
)
def test_an_incomplete_text_is_not_published(values: dict[str, Any], field: str) -> None:
    lesson, moderator = moderated()
    lesson.publications.update(**values)

    with pytest.raises(NotReady) as refusal:
        make(lesson, Move.PUBLISH, moderator)

    assert field in refusal.value.problems
    assert not Publication.objects.current().exists()


def test_nobody_lowers_the_marking_of_the_owner() -> None:
    lesson, moderator = moderated(marking="official_sensitive", audience="category_1")
    lesson.publications.update(marking="official")

    with pytest.raises(NotReady) as refusal:
        make(lesson, Move.PUBLISH, moderator)

    assert list(refusal.value.problems) == ["marking"]


def test_own_area_is_published_as_the_area_it_was() -> None:
    lesson, moderator = moderated(audience="own_area")

    text = make(lesson, Move.PUBLISH, moderator).publications.get()

    assert (text.audience, text.audience_areas) == ("areas", [lesson.area.code])
    assert f"official/area:{lesson.area.code}" in text.readers
    assert "official/all" not in text.readers


@pytest.mark.parametrize(
    ("attribution", "shown", "words"),
    [
        ("organisation", {"organisation", "area", "sector"}, "Ambridge Fire"),
        ("area", {"area", "sector"}, "Borsetshire"),
        ("sector", {"sector"}, "Fire sector"),
        ("none", set(), "A responder"),
    ],
)
def test_attribution_binds_the_words_and_the_terms(attribution: str, shown: set[str], words: str) -> None:
    area = ResilienceAreaFactory(code="borsetshire")
    organisation = OrganisationFactory(name="Ambridge Fire", areas=[area])
    lesson = LessonFactory(status=Status.PUBLISHED, organisation=organisation, attribution=attribution)

    text = lesson.publications.get()

    assert text.attributed_to == words
    assert {term.split(":")[0] for term in text.terms} & {"organisation", "area", "sector"} == shown


def test_what_concerns_every_area_names_them_all() -> None:
    areas = [ResilienceAreaFactory(name=f"North-east and south-west Borsetshire {number}") for number in range(40)]
    lesson = LessonFactory(status=Status.PUBLISHED, event=EventFactory(areas=areas), attribution="area")

    text = lesson.publications.get()

    assert all(area.name in text.attributed_to for area in areas)


def test_terms_name_kind_source_rating_and_tags() -> None:
    text = PublicationFactory()

    assert set(text.terms) >= {
        "kind:lesson_identified",
        "source:exercise",
        "brag:green",
        "risk:surface-water-flooding",
        "risk-theme:natural-and-environmental-hazards",
        "theme:communicate",
    }


def test_readers_see_the_month_of_an_event_and_never_the_day() -> None:
    text = PublicationFactory(lesson__event=EventFactory(started_on=date(2026, 1, 14)))

    assert (text.event_on, text.event_precision, text.when) == (date(2026, 1, 1), "month", "January 2026")


# -- later versions -----------------------------------------------------------------------------------------
def test_a_new_version_replaces_the_one_before_and_the_old_stays_as_it_was() -> None:
    lesson, moderator = moderated(Status.PUBLISHED, title="Share the list of rest centres")
    lesson = prepare(lesson, moderator, title="Share one list of rest centres")
    later = NOON + timedelta(days=1)

    lesson = make(lesson, Move.PUBLISH_AGAIN, moderator, at=later, change="substantive", note="The list is one now.")

    old, new = lesson.publications.order_by("version")
    assert (old.title, old.superseded_at) == ("Share the list of rest centres", later)
    assert (new.version, new.title, new.change, new.note) == (
        2,
        "Share one list of rest centres",
        "substantive",
        "The list is one now.",
    )
    assert list(Publication.objects.live().filter(lesson=lesson)) == [new]


def test_a_new_version_needs_a_new_text() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)

    with pytest.raises(NotReady):
        make(lesson, Move.PUBLISH_AGAIN, moderator, change="minor")


# -- two people ----------------------------------------------------------------------------------------------
def national(status: Status = Status.IN_REVIEW, **values: Any) -> tuple[Lesson, User, User]:
    """Return a lesson that takes two people, and two of the Secretariat; the first holds the claim."""
    first, second = person(Role.SECRETARIAT), person(Role.SECRETARIAT)
    values = {"tier": Tier.NATIONAL, "marking": "official_sensitive"} | values
    return LessonFactory(status=status, moderator=first, **values), first, second


def test_a_sensitive_national_lesson_takes_two_people() -> None:
    lesson, first, second = national()

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH, first)
    lesson = make(lesson, Move.APPROVE, first)
    approval = lesson.moves.get(move=Move.APPROVE)
    assert (lesson.status, lesson.claimed_by) == (Status.SUBMITTED, None)
    assert lesson.due_on, "the clock runs on"
    assert (approval.reason, approval.publication) == ("publish", lesson.publications.get())

    lesson = make(lesson, Move.CLAIM, first)
    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH, first)
    make(lesson, Move.GIVE_BACK, first)
    lesson = make(lesson, Move.CLAIM, second)
    assert make(lesson, Move.PUBLISH, second).status == Status.PUBLISHED


def test_a_lesson_in_proceedings_takes_two_people_whatever_its_marking() -> None:
    lesson, first, _ = national(marking="official", event=EventFactory(legal_contexts=["inquest"]))

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH, first)


def test_marking_the_text_sensitive_makes_it_a_matter_of_two() -> None:
    lesson, first, _ = national(marking="official")
    lesson = prepare(lesson, first, marking="official_sensitive", handling="Within your organisation only")

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH, first)


def test_one_person_is_enough_otherwise() -> None:
    plain, first, _ = national(marking="official")
    of_area, moderator = moderated(marking="official_sensitive", audience="category_1")

    for lesson, by in ((plain, first), (of_area, moderator)):
        with pytest.raises(WrongStatus):
            make(lesson, Move.APPROVE, by)
        assert make(lesson, Move.PUBLISH, by).status == Status.PUBLISHED


@pytest.mark.parametrize("changed", ["wording", "tags", "event name"])
def test_an_approval_holds_for_exactly_the_text_approved(changed: str) -> None:
    lesson, first, second = national()
    lesson = make(lesson, Move.APPROVE, first)
    lesson = make(lesson, Move.CLAIM, second)
    values = {"wording": {"why": "Nobody asked."}, "event name": {"event_name": "An exercise"}, "tags": {}}[changed]
    save_working_text(
        lesson=lesson,
        by=second,
        at=NOON,
        row_version=lesson.row_version,
        values=values,
        tags=Tags(["heatwave"], ["communicate"], []) if changed == "tags" else None,
    )

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH, second)


def test_a_later_version_takes_two_people_too() -> None:
    lesson, first, second = national(Status.PUBLISHED)
    lesson = prepare(lesson, first, why="Nobody had asked for the list.")

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH_AGAIN, second, change="minor")
    lesson = make(lesson, Move.APPROVE, first)
    assert lesson.status == Status.PUBLISHED
    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.PUBLISH_AGAIN, first, change="minor")
    make(lesson, Move.PUBLISH_AGAIN, second, change="minor")

    assert lesson.publications.current().get().version == 2


def test_a_text_that_is_not_ready_is_not_approved() -> None:
    lesson, first, _ = national()
    lesson.publications.update(checklist={})

    with pytest.raises(NotReady):
        make(lesson, Move.APPROVE, first)


# -- suspended ----------------------------------------------------------------------------------------------
def test_a_suspended_lesson_is_gone_for_readers_at_once() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)
    reader = person(Role.READER)
    assert get_publication(user=reader, reference=lesson.reference).pk

    lesson = make(lesson, Move.SUSPEND, moderator)

    with pytest.raises(Suspended):
        get_publication(user=reader, reference=lesson.reference)
    assert not Publication.objects.readable_by(reader).exists()
    assert lesson.publications.get().suspended_at == NOON


def test_only_those_who_could_read_it_learn_that_it_is_suspended() -> None:
    lesson = LessonFactory(status=Status.SUSPENDED, audience="national_team")

    with pytest.raises(Http404):
        get_publication(user=person(Role.READER), reference=lesson.reference)
    with pytest.raises(Suspended):
        get_publication(user=person(Role.BOARD_MEMBER), reference=lesson.reference)


def test_a_moderator_who_wrote_it_may_still_suspend() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)
    lesson.editors.add(moderator)

    assert make(lesson, Move.SUSPEND, moderator).status == Status.SUSPENDED


def test_restoring_takes_the_secretariat_and_a_second_moderator() -> None:
    lesson, moderator = moderated(Status.SUSPENDED)
    secretariat = person(Role.SECRETARIAT)

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.RESTORE, secretariat)
    lesson = make(lesson, Move.APPROVE, secretariat)
    assert lesson.status == Status.SUSPENDED
    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.RESTORE, secretariat)
    lesson = make(lesson, Move.APPROVE, moderator)
    lesson = make(lesson, Move.RESTORE, secretariat)

    text = lesson.publications.get()
    assert (lesson.status, text.suspended_at, text.archived_at, text.version) == (Status.PUBLISHED, None, None, 1)
    assert get_publication(user=person(Role.READER), reference=lesson.reference) == text


def test_an_approval_of_before_the_suspension_does_not_restore() -> None:
    lesson, first, second = national()
    lesson = make(lesson, Move.APPROVE, first)
    lesson = make(lesson, Move.CLAIM, second)
    lesson = make(lesson, Move.PUBLISH, second)
    lesson = make(lesson, Move.SUSPEND, first)

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.RESTORE, second)


def test_restoring_may_carry_a_new_version() -> None:
    lesson, moderator = moderated(Status.SUSPENDED, title="Share the list of rest centres")
    lesson = prepare(lesson, moderator, title="Share a checked list of rest centres")
    lesson = make(lesson, Move.APPROVE, moderator)

    lesson = make(lesson, Move.RESTORE, person(Role.SECRETARIAT), note="The list is checked.")

    old, new = lesson.publications.order_by("version")
    assert (new.version, new.title, new.change) == (2, "Share a checked list of rest centres", "substantive")
    assert old.superseded_at == NOON
    assert new.suspended_at is None
    assert lesson.moves.get(move=Move.RESTORE).publication == new
    assert Publication.objects.live().filter(lesson=lesson).get() == new


def test_what_was_approved_for_restoring_must_not_change_afterwards() -> None:
    lesson, moderator = moderated(Status.SUSPENDED)
    lesson = make(lesson, Move.APPROVE, moderator)
    secretariat = person(Role.SECRETARIAT)
    lesson = prepare(lesson, secretariat, why="Added after the approval.")

    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.RESTORE, secretariat)


def test_a_suspended_lesson_is_archived_with_the_text_that_was_approved() -> None:
    lesson, moderator = moderated(Status.SUSPENDED, statement="What was wrong with it.")
    secretariat = person(Role.SECRETARIAT)
    lesson = prepare(lesson, secretariat, statement="What is right about it.")
    lesson = make(lesson, Move.APPROVE, moderator)

    lesson = make(lesson, Move.ARCHIVE, secretariat, reason="out_of_date")

    readable = get_publication(user=person(Role.READER), reference=lesson.reference)
    assert (lesson.status, readable.statement) == (Status.ARCHIVED, "What is right about it.")
    assert readable.archived_at == NOON


def test_an_archived_lesson_stays_readable_but_not_in_lists() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)
    reader = person(Role.READER)

    lesson = make(lesson, Move.ARCHIVE, moderator, reason="out_of_date")

    assert get_publication(user=reader, reference=lesson.reference).archived_at == NOON
    assert not Publication.objects.readable_by(reader).unarchived().exists()
    lesson = make(lesson, Move.RESTORE, moderator)
    assert Publication.objects.readable_by(reader).unarchived().exists()


def test_a_new_version_of_an_archived_lesson_comes_back_when_a_second_person_agrees() -> None:
    lesson, first, second = national(Status.ARCHIVED)
    lesson = prepare(lesson, first, why="Nobody had asked for the list.")
    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.RESTORE, second)

    lesson = make(lesson, Move.APPROVE, first)
    assert lesson.status == Status.ARCHIVED
    with pytest.raises(SecondPersonMissing):
        make(lesson, Move.RESTORE, first)
    lesson = make(lesson, Move.RESTORE, second)

    text = lesson.publications.current().get()
    assert (lesson.status, text.version, text.archived_at) == (Status.PUBLISHED, 2, None)


def test_suspending_and_restoring_an_archived_lesson_publishes_it() -> None:
    lesson, moderator = moderated(Status.ARCHIVED)
    lesson = make(lesson, Move.SUSPEND, moderator)
    lesson = make(lesson, Move.APPROVE, moderator)

    lesson = make(lesson, Move.RESTORE, person(Role.SECRETARIAT))

    text = lesson.publications.get()
    assert (lesson.status, text.suspended_at, text.archived_at) == (Status.PUBLISHED, None, None)


def test_superseded_by_names_another_lesson() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)
    other = LessonFactory(status=Status.PUBLISHED)

    with pytest.raises(ReasonMissing):
        make(lesson, Move.ARCHIVE, moderator, reason="superseded", note=lesson.reference)
    lesson = make(lesson, Move.ARCHIVE, moderator, reason="superseded", note=other.reference)

    assert lesson.status == Status.ARCHIVED


# -- merged ----------------------------------------------------------------------------------------------------
def test_a_merged_lesson_and_all_that_were_merged_into_it_lead_to_the_target() -> None:
    first, moderator = moderated(Status.PUBLISHED)
    place = {"area": first.area, "organisation": first.organisation}
    second, _ = moderated(Status.PUBLISHED, **place)
    third, _ = moderated(Status.PUBLISHED, **place)
    reader = person(Role.READER)

    first = make(first, Move.MERGE, moderator, target=second)
    second = make(second, Move.MERGE, moderator, target=third)

    first.refresh_from_db()
    assert (first.merged_into, second.merged_into) == (third, third)
    assert not Publication.objects.live().filter(lesson__in=[first, second]).exists()
    for reference in (first.reference, second.reference):
        with pytest.raises(Moved) as moved:
            get_publication(user=reader, reference=reference)
        assert moved.value.reference == third.reference


def test_a_merged_reference_is_hidden_from_those_who_may_not_read_the_target() -> None:
    target, moderator = moderated(Status.PUBLISHED, audience="national_team")
    lesson, _ = moderated(Status.PUBLISHED, area=target.area, organisation=target.organisation)
    lesson = make(lesson, Move.MERGE, moderator, target=target)

    with pytest.raises(Http404):
        get_publication(user=person(Role.READER), reference=lesson.reference)


def test_a_lesson_is_merged_in_review_without_having_been_published() -> None:
    lesson, moderator = moderated()
    target = LessonFactory(status=Status.PUBLISHED, area=lesson.area)

    lesson = make(lesson, Move.MERGE, moderator, target=target)

    assert (lesson.status, lesson.merged_into, lesson.claimed_by, lesson.due_on) == (
        Status.MERGED,
        target,
        None,
        None,
    )


def test_a_target_is_another_published_lesson_within_the_movers_remit() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)

    def refused(target: Lesson | None, error: type[LessonError]) -> None:
        with pytest.raises(error):
            make(lesson, Move.MERGE, moderator, target=target)

    refused(None, ReasonMissing)
    refused(lesson, ReasonMissing)
    refused(LessonFactory(status=Status.PUBLISHED), NotYourTier)  # elsewhere
    refused(LessonFactory(status=Status.PUBLISHED, area=lesson.area, tier=Tier.NATIONAL), NotYourTier)
    for status in set(Status) - {Status.PUBLISHED}:
        refused(LessonFactory(status=status, area=lesson.area), WrongStatus)


def test_nobody_publishes_what_they_wrote() -> None:
    lesson, moderator = moderated(Status.PUBLISHED)
    lesson = prepare(lesson, moderator, why="Nobody had asked for the list.")
    lesson.editors.add(moderator)

    with pytest.raises(OwnLesson):
        make(lesson, Move.PUBLISH_AGAIN, moderator, change="minor")
    with pytest.raises(OwnLesson):
        prepare(lesson, moderator, why="Once more.")


# -- the event of what is with moderators ------------------------------------------------------------------------
def test_an_event_is_not_changed_under_a_lesson_that_was_submitted() -> None:
    event = EventFactory()
    draft = LessonFactory(event=event, organisation=event.organisation)
    LessonFactory(event=event, organisation=event.organisation, status=Status.SUBMITTED)

    with pytest.raises(WrongStatus):
        save_event(lesson=draft, by=draft.author, at=NOON, name="Something else")
    event.refresh_from_db()
    assert str(event.name) != "Something else"


def test_the_people_of_a_sector_are_those_of_the_responder_type() -> None:
    police = ResponderTypeFactory(code="territorial-police-force", sector="police")
    lesson = LessonFactory(status=Status.PUBLISHED, organisation=OrganisationFactory(type=police))

    assert "sector:police" in lesson.publications.get().terms
