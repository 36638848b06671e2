"""Several people at the same moment: processes of their own against the real database."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.roles import Role
from devstack.mail_sink import MailSink
from lessons.actions.moves import move_lesson
from lessons.checklist import all_ticked
from lessons.errors import LessonError
from lessons.models import Lesson, LessonMove, Move, Publication, Status
from notifications.models import Announcement, Delivery
from notifications.sending import lanes
from notifications.sending.sender import send_due
from notifications.sending.smtp import MailConnection, Server
from notifications.tasks import fan_out
from tests.factories import (
    NOON,
    AnnouncementFactory,
    LessonFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    person,
    working_text,
)
from tests.reviewing import review_url, shown, sign_in

pytestmark = [pytest.mark.django_db(transaction=True)]

LESSONS, MODERATORS = 60, 4
#: A refusal shows the whole review page again, with what was typed: fewer are enough to see that.
IN_BROWSERS = 12
_start: Barrier


def at_once(work: Callable[..., Any], *calls: tuple[Any, ...]) -> list[Any]:
    """Run `work` once for each tuple of arguments, in as many processes that start together; return their results."""
    connections.close_all()  # a connection must not be shared with a child
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(
        len(calls), mp_context=fork, initializer=_ready, initargs=(fork.Barrier(len(calls)),)
    ) as processes:
        return [one.result(timeout=300) for one in [processes.submit(_together, work, call) for call in calls]]


def _ready(barrier: Barrier) -> None:
    global _start
    _start = barrier
    connections.close_all()


def _together(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    _start.wait(timeout=120)
    try:
        return work(*arguments)
    finally:
        connections.close_all()


# -- what each process does ---------------------------------------------------------------------------------------
def attempt(move: Move, by: int, lessons: list[int], **given: Any) -> Counter[str]:
    """Make the move on each lesson; refusals are counted, anything else is a fault and ends the test."""
    outcomes: Counter[str] = Counter()
    user = User.objects.get(pk=by)
    for pk in lessons:
        given_here = {name: Lesson.objects.get(pk=value) for name, value in given.items()}
        try:
            move_lesson(lesson=Lesson(pk=pk), move=move, by=user, at=timezone.now(), note="At once.", **given_here)
            outcomes["ok"] += 1
        except LessonError as error:
            outcomes[type(error).__name__] += 1
    return outcomes


def claim_and_publish(by: int, lessons: list[int]) -> Counter[str]:
    return attempt(Move.CLAIM, by, lessons) + attempt(Move.PUBLISH, by, lessons)


def press(by: int, presses: list[tuple[str, dict[str, Any]]]) -> Counter[int]:
    """Press buttons in a browser of one's own; return how often each status was answered."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(pk=by))
    return Counter(client.post(url, sent).status_code for url, sent in presses)


# -- scenes ---------------------------------------------------------------------------------------------------------
def moderators(count: int = MODERATORS) -> tuple[list[User], dict[str, Any]]:
    area = ResilienceAreaFactory()
    organisation = OrganisationFactory(areas=[area])
    return [person(Role.LRF_MODERATOR, area=area) for _ in range(count)], {
        "organisation": organisation,
        "area": area,
        "author": person(Role.CONTRIBUTOR, organisation),
        "at": timezone.now(),
    }


def total(outcomes: list[Counter[Any]]) -> Counter[Any]:
    return sum(outcomes, Counter())


def test_of_two_who_claim_at_once_one_gets_the_lesson() -> None:
    people, place = moderators(4)
    lessons = [LessonFactory(status=Status.SUBMITTED, **place).pk for _ in range(10)]

    outcomes = at_once(attempt, *[(Move.CLAIM, one.pk, lessons) for one in people])

    assert total(outcomes) == {"ok": 10, "NotYourClaim": 30}
    assert LessonMove.objects.filter(move=Move.CLAIM).count() == 10
    assert Publication.objects.working().count() == 10


def test_of_many_who_submit_at_once_everybody_gets_a_number_of_their_own() -> None:
    people, place = moderators(4)
    drafts = [[LessonFactory(**place).pk for _ in range(10)] for _ in people]

    at_once(attempt, *[(Move.SUBMIT, place["author"].pk, each) for each in drafts])

    references = sorted(Lesson.objects.values_list("reference", flat=True))  # type: ignore[type-var]
    year = timezone.localdate().year
    assert references == [f"LI-{year}-{number:05d}" for number in range(1, 41)]


@pytest.mark.slow
def test_publish_pressed_at_once_in_four_browsers_publishes_each_lesson_once() -> None:
    (claimer,), place = moderators(1)
    subscriber = SubscriptionFactory().person
    lessons = [LessonFactory(status=Status.IN_REVIEW, claimed_by=claimer, **place) for _ in range(IN_BROWSERS)]
    browser = sign_in(claimer)
    presses = [
        (review_url(one), shown(browser, one) | {"checklist": list(all_ticked()), "decision": "publish"})
        for one in lessons
    ]

    answers = at_once(press, *[(claimer.pk, presses)] * MODERATORS)

    assert total(answers) == {302: IN_BROWSERS, 409: IN_BROWSERS * (MODERATORS - 1)}
    assert_published_once(lessons, subscriber.email)


@pytest.mark.slow
def test_four_moderators_publish_the_same_lessons_at_once_and_each_subscriber_gets_one_mail_of_each(
    tmp_path: Path,
) -> None:
    people, place = moderators()
    subscriber = SubscriptionFactory().person
    # Subscribed twice over, as a person and for a mailbox of the same address; and a mailbox of its own.
    SubscriptionFactory(person=subscriber, words="shelter")
    SubscriptionFactory(organisation=OrganisationFactory(mailbox=subscriber.email, mailbox_confirmed_at=NOON))
    others = [SubscriptionFactory().person.email for _ in range(2)]
    mailbox = SubscriptionFactory(
        organisation=OrganisationFactory(mailbox="resilience@brigade.example", mailbox_confirmed_at=NOON)
    )
    lessons = [LessonFactory(status=Status.SUBMITTED, **place) for _ in range(LESSONS)]
    for lesson in lessons:
        working_text(lesson)
    numbers = [lesson.pk for lesson in lessons]

    outcomes = at_once(
        claim_and_publish,
        *[(one.pk, numbers if n % 2 else numbers[::-1]) for n, one in enumerate(people)],
    )

    assert total(outcomes)["ok"] == 2 * LESSONS, "one claim and one publication of each"
    sink = MailSink(tmp_path / "mail")
    sink.start()
    try:
        at_once(tell_and_send, *[(sink.url,)] * MODERATORS)
    finally:
        sink.stop()
    told = [subscriber.email, *others, mailbox.organisation.mailbox]
    news = {one.message_id_header: one.address for one in Delivery.objects.filter(kind="new_lesson")}
    arrived = Counter(line.message_id for line in sink.ledger())
    assert set(arrived.values()) == {1}
    assert Counter(news[one] for one in arrived if one in news) == dict.fromkeys(told, LESSONS)
    assert_published_once(lessons, *told)


def tell_and_send(server: str) -> None:
    """Do a worker's part until nothing is left to do: find out who hears of the news, and send."""
    lanes.prepare_lanes()
    over = MailConnection(Server.from_url(server))
    while Announcement.objects.filter(fanned_out_at=None).exists() or Delivery.objects.exclude(due_at=None).exists():
        if not fan_out() and not send_due(over=over, per_second=0):
            time.sleep(0.05)  # others have all of it in hand


def assert_published_once(lessons: list[Lesson], *addresses: str) -> None:
    count = len(lessons)
    assert set(Lesson.objects.values_list("status", flat=True)) == {Status.PUBLISHED}
    assert Publication.objects.filter(version=1).count() == Publication.objects.count() == count
    assert LessonMove.objects.filter(move=Move.PUBLISH).count() == count
    assert AuditEvent.objects.filter(action="lesson.publish").count() == count
    assert Announcement.objects.count() == count
    while fan_out():
        pass
    news = Delivery.objects.filter(kind="new_lesson")
    assert Counter(news.values_list("address", flat=True)) == dict.fromkeys(addresses, count)
    assert Delivery.objects.filter(kind="lesson_published", address=lessons[0].author.email).count() == count


@pytest.mark.slow
def test_suspend_pressed_at_once_by_four_people_suspends_each_lesson_once() -> None:
    people, place = moderators(2)
    people += [person(Role.SECRETARIAT), person(Role.AUDITOR)]
    lessons = [LessonFactory(status=Status.PUBLISHED, **place) for _ in range(20)]
    for lesson in lessons:
        AnnouncementFactory(publication=lesson.publications.get())
    presses = [(reverse("suspend", args=[one.reference]), {"note": "It names a casualty."}) for one in lessons]

    answers = total(at_once(press, *[(one.pk, presses) for one in people]))

    # Who comes a moment later finds the lesson gone (410), or is told that it is (409).
    assert answers[302] == 20
    assert set(answers) <= {302, 409, 410}
    assert LessonMove.objects.filter(move=Move.SUSPEND).count() == 20
    assert Announcement.objects.filter(kind="retraction").count() == 20
    assert not Publication.objects.live().exists()


def test_two_lessons_merged_into_each_other_at_once_leave_one() -> None:
    people, place = moderators(2)
    for _ in range(5):
        one, other = (LessonFactory(status=Status.PUBLISHED, **place).pk for _ in range(2))

        outcomes = at_once(merge, (people[0].pk, one, other), (people[1].pk, other, one))

        assert total(outcomes) == {"ok": 1, "WrongStatus": 1}
        assert Lesson.objects.filter(pk__in=[one, other], status=Status.MERGED).count() == 1


def merge(by: int, lesson: int, target: int) -> Counter[str]:
    return attempt(Move.MERGE, by, [lesson], target=target)
