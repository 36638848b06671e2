"""Once a month those who shared lessons hear that they were used; of a month without use they hear nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from lessons.actions.reading import record_view
from lessons.models import ExportRecord, Lesson, LessonLink, Marking, Status
from notifications.models import Delivery, UseRun
from notifications.rendering import content_of, load
from notifications.sending.checks import Verdict, look
from notifications.use import write_due_mails
from tests.factories import LessonFactory, OrganisationFactory, person

pytestmark = pytest.mark.django_db

#: London is an hour ahead of UTC at both ends of June.
MID_JUNE, JULY_FIRST = datetime(2026, 6, 15, 12, tzinfo=UTC), datetime(2026, 7, 1, 7, tzinfo=UTC)
MID_JULY, AUGUST_FIRST = datetime(2026, 7, 15, 12, tzinfo=UTC), datetime(2026, 8, 1, 7, tzinfo=UTC)


def published(**values: object) -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, **values)


def open_it(lesson: Lesson, *, at: datetime = MID_JUNE, by: User | None = None) -> None:
    record_view(publication=lesson.publications.current().get(), by=by or person(), at=at)


def mail_of(delivery: Delivery) -> tuple[str, str, str]:
    """Return subject, text and HTML as they would go out now, on one line each."""
    load([delivery])
    assert not look([delivery])[delivery.pk].reason
    mail = message_from_bytes(content_of(delivery, Verdict()), policy=policy.default)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return mail["Subject"], *(" ".join(part.split()) for part in parts)


def test_the_author_and_the_spoc_hear_of_a_month_in_which_a_lesson_was_used() -> None:
    lesson = published(title="One list of rest centres")
    spoc = person(Role.JOL_SPOC, lesson.organisation)
    person(Role.JOL_LEAD, lesson.organisation)
    elsewhere = OrganisationFactory()
    for reader in (person(Role.READER, elsewhere), person(Role.READER, elsewhere), person(), lesson.author):
        open_it(lesson, by=reader)
    LessonLink.objects.create(source=published(), target=lesson, at=MID_JUNE)
    LessonLink.objects.create(source=LessonFactory(status=Status.DRAFT), target=lesson, at=MID_JUNE)
    LessonFactory(status=Status.MERGED, merged_into=lesson, at=MID_JUNE)
    downloads = {"form": "csv", "rows": 1, "marking": "official", "lesson_ids": [lesson.pk], "at": MID_JUNE}
    for by in (person(), lesson.author):
        ExportRecord.objects.create(by=by, **downloads)

    assert write_due_mails(at=JULY_FIRST - timedelta(seconds=1)) == 0
    assert write_due_mails(at=JULY_FIRST) == 2

    mails = Delivery.objects.filter(kind="lesson_used")
    assert {mail.address for mail in mails} == {lesson.author.email, spoc.email}
    subject, text, page = mail_of(mails[0])
    assert subject == "[OFFICIAL] A lesson you shared was used in June 2026"
    for part in (text, page):
        assert "One list of rest centres" in part
        assert "2 other organisations opened it for the first time. 1 published lesson found the same again." in part
        assert "1 lesson saying the same was merged into it. People elsewhere downloaded it 1 time." in part
        assert reverse("lesson_record", args=[lesson.pk]) in part


def test_what_few_of_a_narrow_audience_did_is_not_told_nor_what_not_everybody_may_read() -> None:
    lesson = published(audience="sectors", audience_sectors=["fire"])
    LessonLink.objects.create(source=published(audience="national_team"), target=lesson, at=MID_JUNE)
    for _ in range(4):
        open_it(lesson)
    downloads = {"form": "csv", "rows": 1, "marking": "official", "lesson_ids": [lesson.pk], "at": MID_JUNE}
    ExportRecord.objects.create(by=person(), **downloads)
    assert write_due_mails(at=JULY_FIRST) == 0

    for _ in range(5):
        open_it(lesson, at=MID_JULY)
    assert write_due_mails(at=AUGUST_FIRST) == 1
    assert "5 other organisations opened it" in mail_of(Delivery.objects.get(kind="lesson_used"))[1]


def test_nobody_is_mailed_twice_early_or_about_nothing() -> None:
    lesson = published()
    reader = person()
    open_it(lesson, at=JULY_FIRST - timedelta(seconds=1), by=reader)
    write_due_mails(at=JULY_FIRST)

    assert write_due_mails(at=JULY_FIRST + timedelta(hours=1)) == 0
    assert write_due_mails(at=AUGUST_FIRST) == 0  # the same organisation again is no news
    open_it(lesson, at=JULY_FIRST, by=reader)

    assert Delivery.objects.filter(kind="lesson_used").count() == 1
    assert list(UseRun.objects.order_by("pk").values_list("mails", flat=True)) == [1, 0]


def test_a_month_that_was_missed_goes_with_the_next() -> None:
    lesson = published()
    write_due_mails(at=JULY_FIRST - timedelta(days=30))
    open_it(lesson)

    assert write_due_mails(at=AUGUST_FIRST) == 1


def test_one_person_gets_one_mail_however_many_lessons_and_roles() -> None:
    organisation = OrganisationFactory()
    spoc = person(Role.JOL_SPOC, organisation)
    person(Role.CONTRIBUTOR, organisation)
    lessons = [published(author=spoc, organisation=organisation) for _ in range(3)]
    for lesson in lessons[:2]:
        open_it(lesson)

    write_due_mails(at=JULY_FIRST)

    (mail,) = Delivery.objects.filter(kind="lesson_used")
    subject, text, _ = mail_of(mail)
    assert subject == "[OFFICIAL] 2 lessons you shared were used in June 2026"
    assert str(lessons[2].reference) not in text


def test_of_an_official_sensitive_lesson_the_mail_holds_reference_and_numbers() -> None:
    lesson = published(title="A canary in the title", statement="A canary.", marking=Marking.SENSITIVE)
    open_it(lesson)
    write_due_mails(at=JULY_FIRST)

    subject, text, page = mail_of(Delivery.objects.get(kind="lesson_used"))

    assert subject.startswith("[OFFICIAL-SENSITIVE] ")
    for part in (text, page):
        assert str(lesson.reference) in part
        assert "1 other organisation opened it" in part
        assert "canary" not in part


def test_who_left_or_whose_lesson_is_gone_hears_nothing() -> None:
    left, suspended = published(), published()
    for lesson in (left, suspended):
        open_it(lesson)
    left.author.memberships.update(ends_on=MID_JUNE.date())
    Lesson.objects.filter(pk=suspended.pk).update(status=Status.SUSPENDED)

    assert write_due_mails(at=JULY_FIRST) == 0


def test_one_click_stops_them_and_the_page_brings_them_back() -> None:
    lesson = published()
    open_it(lesson)
    write_due_mails(at=JULY_FIRST)
    mail = Delivery.objects.get(kind="lesson_used")
    stranger, author = Client(enforce_csrf_checks=True), Client()
    author.force_login(lesson.author)

    asked = stranger.get(f"/unsubscribe/{mail.token}/").text
    done = stranger.post(f"/unsubscribe/{mail.token}/", {"List-Unsubscribe": "One-Click"}).text
    assert "says once a month" in asked
    assert "You will get no more of these emails" in done
    assert look([mail])[mail.pk].reason
    open_it(lesson, at=JULY_FIRST)
    assert write_due_mails(at=AUGUST_FIRST) == 0

    page = author.get(reverse("subscriptions")).text
    author.post(reverse("use_mails"), {"wanted": "yes"})
    assert "Tell me once a month" in page
    assert not look([mail])[mail.pk].reason
    author.post(reverse("use_mails"), {"wanted": "no"})
    stranger.post(f"/unsubscribe/{mail.token}/undo/")
    assert not look([mail])[mail.pk].reason


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_mail() -> None:
    open_it(published())
    together = threading.Barrier(2)
    written: list[int] = []

    def work() -> None:
        together.wait()
        written.append(write_due_mails(at=JULY_FIRST))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(written) == [0, 1]
    assert Delivery.objects.filter(kind="lesson_used").count() == 1
