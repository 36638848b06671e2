"""What the moves of a lesson mean for mail: which mails, to whom, and when none."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ResilienceArea, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.models import ExportRecord, Lesson, Marking, Move, Status
from notifications.models import Announcement, Delivery, Lane, Notice
from notifications.periods import next_end
from notifications.sending import lanes
from notifications.tasks import fan_out
from tests.factories import (
    NOON,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    moderator_of,
    person,
    working_text,
)
from tests.test_digests import run_digests
from tests.test_notifications_mails import written

pytestmark = pytest.mark.django_db


def sent_now() -> set[tuple[str, str]]:
    """Return kind and address of every mail there is, and forget them."""
    found = {(mail.kind, mail.address) for mail in Delivery.objects.all()}
    assert len(found) == Delivery.objects.count()
    return found


def make(lesson: Lesson, move: Move, by: User, **how: object) -> Lesson:
    how.setdefault("note", "Because of what was agreed.")
    return move_lesson(lesson=lesson, move=move, by=by, at=NOON, **how)


def publish(lesson: Lesson | None = None, **how: object) -> Lesson:
    lesson = lesson or LessonFactory(status=Status.IN_REVIEW)
    return make(lesson, Move.PUBLISH, lesson.claimed_by, **how)


def publish_again(lesson: Lesson, *, change: str = "substantive", **wording: object) -> Lesson:
    working_text(lesson, **wording)
    return make(lesson, Move.PUBLISH_AGAIN, moderator_of(lesson.area), change=change, note="The list was wrong.")


def suspend(lesson: Lesson) -> Lesson:
    return make(lesson, Move.SUSPEND, person(Role.SECRETARIAT))


def restore(lesson: Lesson) -> Lesson:
    make(lesson, Move.APPROVE, person(Role.SECRETARIAT))
    return make(lesson, Move.RESTORE, person(Role.SECRETARIAT))


def deliver() -> None:
    """Fan out, and let every mail that waits arrive."""
    fan_out()
    Delivery.objects.waiting().update(state="sent", due_at=None)


def alerts_after(before: set[int]) -> set[tuple[str, str]]:
    """Return kind and address of the mails to readers that are not among `before`."""
    fan_out()
    new = Delivery.objects.filter(announcement__isnull=False).exclude(pk__in=before)
    return {(mail.kind, mail.address) for mail in new if mail.state == "pending"}


def keys() -> set[int]:
    return set(Delivery.objects.values_list("pk", flat=True))


# -- those who own or decide ------------------------------------------------------------------
def test_a_submission_is_confirmed_to_the_author_and_shown_to_the_areas_moderators() -> None:
    lesson = LessonFactory()
    moderator = moderator_of(lesson.area)

    make(lesson, Move.SUBMIT, lesson.author)

    assert sent_now() == {("received", lesson.author.email), ("in_your_queue", moderator.email)}


def test_the_areas_mailbox_is_mailed_instead_of_its_moderators() -> None:
    lesson = LessonFactory()
    moderator_of(lesson.area)
    ResilienceArea.objects.filter(pk=lesson.area_id).update(mailbox="Forum@Area.example")

    make(Lesson.objects.get(pk=lesson.pk), Move.SUBMIT, lesson.author)

    assert sent_now() == {("received", lesson.author.email), ("in_your_queue", "forum@area.example")}


def test_a_national_item_is_in_the_queue_of_the_secretariat() -> None:
    lesson = LessonFactory(brag="red")
    secretariat = [person(Role.SECRETARIAT), person(Role.SECRETARIAT)]
    moderator_of(lesson.area)

    make(lesson, Move.SUBMIT, lesson.author)

    assert sent_now() == {
        ("received", lesson.author.email),
        *(("in_your_queue", one.email) for one in secretariat),
    }


def test_sign_off_is_asked_of_those_who_vouch_for_the_organisation() -> None:
    organisation = OrganisationFactory(wants_sign_off=True)
    lead, strategic = person(Role.JOL_LEAD, organisation), person(Role.STRATEGIC_LEAD, organisation)
    person(Role.READER, organisation)
    lesson = LessonFactory(organisation=organisation)

    make(lesson, Move.SUBMIT, lesson.author)

    assert sent_now() == {
        ("received", lesson.author.email),
        ("sign_off_needed", lead.email),
        ("sign_off_needed", strategic.email),
    }


def test_changes_are_asked_of_author_and_mailbox() -> None:
    organisation = OrganisationFactory(mailbox="Lessons@Service.example", mailbox_confirmed_at=NOON)
    lesson = LessonFactory(organisation=organisation, status=Status.IN_REVIEW)

    make(lesson, Move.ASK_FOR_CHANGES, lesson.claimed_by)

    assert sent_now() == {
        ("changes_requested", lesson.author.email),
        ("changes_requested", "lessons@service.example"),
    }


def test_one_address_is_mailed_once_for_one_move() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    lesson.organisation.mailbox = lesson.author.email.upper()
    lesson.organisation.save()

    make(lesson, Move.DECLINE, lesson.claimed_by, reason="too_thin")

    assert sent_now() == {("declined", lesson.author.email)}


def test_an_author_who_left_the_organisation_is_not_mailed() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    lesson.author.memberships.update(ends_on="2020-06-01")

    make(lesson, Move.DECLINE, lesson.claimed_by, reason="too_thin")

    assert sent_now() == set()


def test_a_decline_taken_back_in_time_is_never_mailed() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    moderator = lesson.claimed_by
    make(lesson, Move.DECLINE, moderator, reason="too_thin")
    assert not Delivery.objects.due(NOON + timedelta(minutes=9)).exists()
    assert Delivery.objects.due(NOON + timedelta(minutes=10)).count() == 1

    make(lesson, Move.TAKE_BACK, moderator)

    (mail,) = Delivery.objects.all()
    assert (mail.kind, mail.state) == ("declined", "cancelled")


@pytest.mark.parametrize("state", ["sending", "sent", "uncertain"])
def test_whoever_may_have_heard_of_a_decline_hears_that_it_is_taken_back(state: str) -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    moderator = lesson.claimed_by
    make(lesson, Move.DECLINE, moderator, reason="too_thin")
    lane = Lane.objects.create(holder=uuid4(), lease_until=NOON) if state == "sending" else None
    Delivery.objects.update(state=state, lane=lane)

    make(lesson, Move.TAKE_BACK, moderator)

    mail = Delivery.objects.get(kind="taken_back")
    assert (mail.address, mail.due_at) == (lesson.author.email, NOON)
    assert Delivery.objects.get(kind="declined").state == ("cancelled" if state == "uncertain" else state)


def test_changes_sent_back_go_to_the_moderator_who_asked() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    asker = lesson.claimed_by
    make(lesson, Move.ASK_FOR_CHANGES, asker)
    Delivery.objects.all().delete()

    make(lesson, Move.RESUBMIT, lesson.author)

    assert sent_now() == {("in_your_queue", asker.email)}


def test_the_other_moderator_hears_of_a_reassignment() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    other = moderator_of(lesson.area)

    make(lesson, Move.REASSIGN, lesson.claimed_by, to=other)

    assert sent_now() == {("in_your_queue", other.email)}


def test_the_moderator_hears_of_a_withdrawal() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    claimer = lesson.claimed_by

    make(lesson, Move.WITHDRAW, lesson.author)

    assert sent_now() == {("withdrawn", claimer.email)}


def test_both_owners_hear_of_a_merger() -> None:
    target = LessonFactory(status=Status.PUBLISHED)
    lesson = LessonFactory(status=Status.IN_REVIEW, area=target.area)

    make(lesson, Move.MERGE, lesson.claimed_by, target=target)

    assert sent_now() == {("merged", lesson.author.email), ("merged", target.author.email)}


def test_escalation_and_appeal_reach_the_secretariat() -> None:
    secretary = person(Role.SECRETARIAT)
    lesson = LessonFactory(status=Status.IN_REVIEW)
    declined = LessonFactory(status=Status.DECLINED)

    make(lesson, Move.ESCALATE, lesson.claimed_by)
    make(declined, Move.APPEAL, declined.author)

    assert [(mail.kind, mail.address) for mail in Delivery.objects.all()] == [("in_your_queue", secretary.email)] * 2


def test_the_second_of_two_people_is_asked() -> None:
    secretary = person(Role.SECRETARIAT)
    lesson = LessonFactory(status=Status.IN_REVIEW, tier="national", marking=Marking.SENSITIVE)

    make(lesson, Move.APPROVE, lesson.claimed_by)

    assert sent_now() == {("in_your_queue", secretary.email)}


def test_owner_and_secretariat_hear_of_a_suspension() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    secretary = person(Role.SECRETARIAT)

    suspend(lesson)

    assert sent_now() == {("suspended", lesson.author.email), ("suspended", secretary.email)}


# -- readers ----------------------------------------------------------------------------------
def test_publishing_announces_once_and_tells_the_owner() -> None:
    subscription = SubscriptionFactory()
    lesson = publish()

    fan_out()

    assert sent_now() == {
        ("lesson_published", lesson.author.email),
        ("new_lesson", subscription.person.email),
    }
    assert Announcement.objects.get().publication == lesson.publications.get()


def test_a_quiet_move_mails_nobody() -> None:
    SubscriptionFactory()
    lesson = publish(quiet=True)
    make(LessonFactory(status=Status.SUBMITTED), Move.CLAIM, moderator_of(None), quiet=True)
    make(lesson, Move.SUSPEND, person(Role.SECRETARIAT), quiet=True)

    assert fan_out() is False
    assert not Delivery.objects.exists()
    assert not Announcement.objects.exists()


def test_publishing_takes_as_many_queries_with_fifty_subscribers_as_with_none() -> None:
    first, second = LessonFactory.create_batch(2, status=Status.IN_REVIEW)

    with CaptureQueriesContext(connection) as alone:
        publish(first)
    SubscriptionFactory.create_batch(50)
    with CaptureQueriesContext(connection) as crowded:
        publish(second)

    assert len(alone) == len(crowded)


def test_a_suspension_tells_those_who_got_it_and_stops_the_rest() -> None:
    got_it, not_yet = SubscriptionFactory(), SubscriptionFactory()
    lesson = publish()
    fan_out()
    Delivery.objects.filter(address=got_it.person.email).update(state="sent")
    before = keys()

    suspend(lesson)

    assert Delivery.objects.get(kind="new_lesson", address=not_yet.person.email).state == "cancelled"
    assert alerts_after(before) == {("stop_using", got_it.person.email)}


@pytest.mark.parametrize("trace", [{"uncertain_tries": 1, "state": "uncertain"}, {"attempts": 1, "state": "pending"}])
def test_those_who_may_have_got_it_are_told_too(trace: dict[str, object]) -> None:
    reader = SubscriptionFactory().person
    lesson = publish()
    fan_out()
    Delivery.objects.filter(kind="new_lesson").update(**trace)
    before = keys()

    suspend(lesson)

    assert alerts_after(before) == {("stop_using", reader.email)}


@pytest.mark.parametrize("marking", Marking.values)
def test_who_is_to_stop_using_something_is_told_whether_it_was_suspended_or_replaced(marking: str) -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW, marking=marking)
    SubscriptionFactory(person=person(cleared=True))
    publish(lesson)
    deliver()

    publish_again(lesson, audience="national_team")
    fan_out()
    assert "replaced by a version" in written(Delivery.objects.get(kind="stop_using")).text

    Delivery.objects.filter(kind="stop_using").delete()
    suspend(lesson)
    fan_out()
    assert "It was suspended" in written(Delivery.objects.get(kind="stop_using")).text


def test_a_retraction_waits_for_mails_that_a_sender_holds() -> None:
    reader = SubscriptionFactory().person
    lesson = publish()
    fan_out()
    Delivery.objects.exclude(kind="new_lesson").delete()
    lanes.prepare_lanes()
    lane = lanes.take_lane(at=NOON)
    (held,) = lane.claim(size=1, at=timezone.now())

    suspend(lesson)

    assert alerts_after({held.pk}) == set()
    lane.settle([held.pk], at=NOON)  # it was in the middle of the hand-over
    assert alerts_after({held.pk}) == {("stop_using", reader.email)}


def test_a_lesson_that_was_never_announced_is_suspended_in_silence() -> None:
    SubscriptionFactory()
    lesson = publish(quiet=True)

    suspend(lesson)

    assert not Announcement.objects.exists()


def test_a_minor_version_tells_nobody_and_mails_under_way_carry_it() -> None:
    SubscriptionFactory()
    lesson = publish()
    fan_out()
    before = keys()

    publish_again(lesson, change="minor")

    assert alerts_after(before) == set()
    assert Delivery.objects.get(kind="new_lesson").state == "pending"


def test_a_substantive_version_corrects_those_who_got_the_last_and_is_news_to_those_who_did_not() -> None:
    got_it, not_yet = SubscriptionFactory(), SubscriptionFactory()
    lesson = publish()
    fan_out()
    Delivery.objects.filter(address=got_it.person.email).update(state="sent")
    before = keys()

    publish_again(lesson)

    assert alerts_after(before) == {("correction", got_it.person.email), ("new_lesson", not_yet.person.email)}


def test_a_narrower_version_tells_those_outside_to_stop_and_a_wider_one_is_news_to_those_inside() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    insider = person(area=lesson.area)
    outsider = person()
    for reader in (insider, outsider):
        SubscriptionFactory(person=reader)
    publish(lesson)
    deliver()
    before = keys()

    publish_again(lesson, audience="areas", audience_areas=[lesson.area.code])
    assert alerts_after(before) == {("correction", insider.email), ("stop_using", outsider.email)}

    deliver()
    latecomer = person()
    SubscriptionFactory(person=latecomer)
    before = keys()
    publish_again(lesson, audience="all_responders", audience_areas=[])
    assert alerts_after(before) == {
        ("correction", insider.email),
        ("correction", outsider.email),
        ("new_lesson", latecomer.email),
    }


def test_a_minor_version_for_other_readers_tells_those_shut_out_to_stop_and_is_news_to_those_let_in() -> None:
    narrowed, widened = LessonFactory.create_batch(2, status=Status.IN_REVIEW, area=ResilienceAreaFactory())
    insider, outsider = person(area=narrowed.area), person()
    for reader in (insider, outsider):
        SubscriptionFactory(person=reader)
    publish(narrowed)
    working_text(widened, audience="areas", audience_areas=[widened.area.code])
    publish(widened)
    deliver()
    before = keys()

    publish_again(narrowed, change="minor", audience="areas", audience_areas=[narrowed.area.code])
    publish_again(widened, change="minor", audience="all_responders", audience_areas=[])

    assert alerts_after(before) == {("stop_using", outsider.email), ("new_lesson", outsider.email)}


def test_who_subscribed_later_gets_no_news_of_an_old_lesson() -> None:
    lesson = publish()
    deliver()
    SubscriptionFactory()
    before = keys()

    publish_again(lesson)

    assert alerts_after(before) == set()


def test_a_restoration_tells_those_who_were_told_to_stop_and_goes_on_with_the_news() -> None:
    got_it, not_yet = SubscriptionFactory(), SubscriptionFactory()
    lesson = publish()
    fan_out()
    Delivery.objects.filter(address=got_it.person.email).update(state="sent")
    suspend(lesson)
    deliver()
    SubscriptionFactory()  # later than the news
    before = keys()

    restore(lesson)

    assert alerts_after(before) == {("use_again", got_it.person.email), ("new_lesson", not_yet.person.email)}


def test_a_suspension_in_the_middle_of_the_fan_out_keeps_the_rest_for_the_restoration() -> None:
    subscriptions = SubscriptionFactory.create_batch(4)
    lesson = publish()
    suspend(lesson)  # before anybody was found out
    before = keys()

    restore(lesson)

    assert alerts_after(before) == {("new_lesson", one.person.email) for one in subscriptions}
    assert Notice.objects.count() == 4


def downloaded(lesson: Lesson, by: User) -> None:
    ExportRecord.objects.create(
        by=by, at=NOON, form="csv", rows=2, marking=Marking.OFFICIAL, lesson_ids=[lesson.pk, lesson.pk + 1]
    )


@pytest.mark.parametrize("quiet", [False, True])
def test_who_downloaded_a_lesson_is_told_to_stop_using_it_and_that_it_may_be_used_again(quiet: bool) -> None:
    lesson = publish(quiet=quiet)
    downloader, of_another = person(), person()
    downloaded(lesson, downloader)
    downloaded(lesson, downloader)
    downloaded(LessonFactory(status=Status.PUBLISHED), of_another)
    before = keys()

    suspend(lesson)

    assert alerts_after(before) == {("stop_using", downloader.email)}
    deliver()
    before = keys()
    restore(lesson)
    assert alerts_after(before) == {("use_again", downloader.email)}


def test_who_downloaded_a_lesson_that_is_not_for_them_any_more_is_told_to_stop_using_it() -> None:
    lesson = publish()
    insider, outsider = person(area=lesson.area), person()
    for reader in (insider, outsider):
        downloaded(lesson, reader)
    before = keys()

    publish_again(lesson, audience="areas", audience_areas=[lesson.area.code])

    assert alerts_after(before) == {("stop_using", outsider.email)}


def test_a_correction_says_what_changed_to_those_too_who_got_it_in_a_digest() -> None:
    at_once, in_digest = SubscriptionFactory(), SubscriptionFactory(frequency="daily")
    lesson = publish()
    fan_out()
    run_digests(next_end("daily", timezone.now()))
    deliver()
    before = keys()

    publish_again(lesson)

    expected = {("correction", at_once.person.email), ("correction", in_digest.person.email)}
    assert alerts_after(before) == expected
    for mail in Delivery.objects.filter(kind="correction"):
        text = written(mail).text
        assert "What changed: The list was wrong." in text
        assert "Correction" in text
    narrowed = LessonFactory(status=Status.IN_REVIEW, marking=Marking.SENSITIVE)
    cleared = person(cleared=True)
    SubscriptionFactory(person=cleared)
    publish(narrowed)
    deliver()
    publish_again(narrowed)
    fan_out()
    mail = written(Delivery.objects.get(kind="correction", address=cleared.email))
    assert "The list was wrong" not in mail.text + mail.html, "not of what is sensitive"


def test_a_merger_of_a_published_lesson_stops_its_mails() -> None:
    SubscriptionFactory()
    target = LessonFactory(status=Status.PUBLISHED)
    lesson = LessonFactory(status=Status.IN_REVIEW, area=target.area)
    moderator = lesson.claimed_by
    publish(lesson)
    fan_out()

    make(lesson, Move.MERGE, moderator, target=target)

    assert Delivery.objects.get(kind="new_lesson").state == "cancelled"


def test_the_readers_of_a_version_are_those_of_its_keys() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW, marking=Marking.SENSITIVE)
    cleared, other = person(cleared=True), person()
    for reader in (cleared, other):
        SubscriptionFactory(person=reader)
    publish(lesson)

    assert alerts_after(set()) == {("new_lesson", cleared.email)}


def test_an_owner_who_subscribes_too_hears_in_both_roles() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    SubscriptionFactory(person=lesson.author)
    MembershipFactory(user=lesson.author, organisation=lesson.organisation, role=Role.JOL_LEAD)

    publish(lesson)
    fan_out()

    assert sent_now() == {("lesson_published", lesson.author.email), ("new_lesson", lesson.author.email)}
