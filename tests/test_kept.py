"""What everybody may read is counted once and kept: never for longer than it is true, never for whom it is not."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import Role
from lessons.kept import STATE, UNFILTERED, count_as_one, count_in_parts, fold_stamps
from lessons.models import Lesson, Publication, PublicationQuerySet, PublicationStamp, Status
from lessons.publishing import rewrite_keys
from lessons.statistics.counts import count_terms, together
from tests.calling import published
from tests.factories import NOON, LessonFactory, NationalRiskFactory, ResilienceAreaFactory, person
from tests.portal import database_url


def in_parts(user: User) -> tuple[int, dict[str, int], set[int]]:
    readable = Publication.objects.readable_by(user).unarchived()
    terms = together(count_in_parts(readable, user, count_terms, by=UNFILTERED))
    total = sum(count_in_parts(readable, user, PublicationQuerySet.count, by=UNFILTERED))
    return total, terms.under("risk"), count_as_one(readable, user, keys_of, by=UNFILTERED)


def at_once(user: User) -> tuple[int, dict[str, int], set[int]]:
    readable = Publication.objects.readable_by(user).unarchived()
    return readable.count(), count_terms(readable).under("risk"), keys_of(readable)


def keys_of(found: PublicationQuerySet) -> set[int]:
    """Something that cannot be put together by adding."""
    return set(found.values_list("pk", flat=True))


def state() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return cursor.fetchone()[0]


def narrow(lesson: Lesson) -> None:
    Lesson.objects.filter(pk=lesson.pk).update(area=ResilienceAreaFactory())
    lesson.publications.update(readers=["official/area:nowhere", "national"])


def change_owner(lesson: Lesson) -> None:
    rewrite_keys(lesson)


CHANGES: dict[str, Callable[[Lesson], object]] = {
    "suspended": lambda lesson: lesson.publications.update(suspended_at=NOON),
    "archived": lambda lesson: lesson.publications.update(archived_at=NOON),
    "superseded": lambda lesson: lesson.publications.update(superseded_at=NOON),
    "narrowed": narrow,
    "tagged anew": lambda lesson: lesson.publications.update(terms=["kind:lesson_identified"]),
    "keys rewritten": change_owner,
    "submitted at another time": lambda lesson: Lesson.objects.filter(pk=lesson.pk).update(
        submitted_at=NOON - timedelta(days=99)
    ),
}


@pytest.mark.django_db
def test_whatever_changes_is_counted_at_the_next_request_for_whoever_it_concerns() -> None:
    risk = NationalRiskFactory(code="storms")
    one = published(risks=[risk])
    published(audience="category_1", risks=[risk])
    published(marking="official_sensitive", risks=[risk])
    published(audience="national_team")
    everybody = [
        person(Role.READER),
        person(Role.READER, cleared=True),
        person(Role.JOL_SPOC, one.organisation),
        person(Role.SECRETARIAT),
        person(Role.SYSTEM_ADMIN),
    ]
    assert len({in_parts(user)[0] for user in everybody}) > 3, "they differ"

    for change in CHANGES.values():
        before = state()
        with transaction.atomic():
            change(one)
            assert state() != before
            assert [in_parts(user) for user in everybody] == [at_once(user) for user in everybody]
            transaction.set_rollback(True)
        assert state() == before
        assert [in_parts(user) for user in everybody] == [at_once(user) for user in everybody]


@pytest.mark.django_db
def test_a_text_in_the_making_and_a_lesson_that_is_not_published_change_no_state() -> None:
    published()
    lesson = LessonFactory(status=Status.IN_REVIEW)
    before = state()

    lesson.publications.working().update(title="Another title altogether")
    Lesson.objects.filter(pk=lesson.pk).update(submitted_at=NOON, tier="national")

    assert lesson.publications.working().exists()
    assert state() == before


@pytest.mark.django_db
def test_a_token_without_the_right_to_read_sensitive_lessons_counts_none_of_them() -> None:
    published()
    text = published(marking="official_sensitive").publications.get()
    Publication.objects.filter(pk=text.pk).update(readers=["official/all", *text.readers])
    reader = person(Role.READER, cleared=True)

    assert in_parts(reader)[0] == 2
    reader.without_sensitive = True
    assert in_parts(reader)[0] == 1


@pytest.mark.django_db
def test_the_second_who_asks_is_told_without_counting_again() -> None:
    published(risks=[NationalRiskFactory()])
    counted = "unnest"

    def statements(user: User) -> list[str]:
        client = Client()
        client.force_login(user)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get("/risks/").status_code == 200
        return [one["sql"] for one in asked if counted in one["sql"]]

    assert len(statements(person(Role.READER))) == 2
    (of_the_narrowed,) = statements(person(Role.READER))
    assert "NOT" in of_the_narrowed


@pytest.mark.django_db(transaction=True)
def test_who_counts_for_all_may_take_longer_than_a_page_otherwise_waits() -> None:
    published()
    reader, readable = person(Role.READER), Publication.objects.all()

    def most_time(_found: PublicationQuerySet) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '5s'")
    try:
        assert count_as_one(readable, reader, most_time, by=UNFILTERED) == "20s"
        assert count_as_one(readable, reader, most_time, by=None) == "5s"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


@pytest.mark.django_db
def test_one_stamp_in_the_place_of_all_says_the_same_state() -> None:
    published()
    published()
    before = state()

    fold_stamps(above=PublicationStamp.objects.count())
    assert PublicationStamp.objects.count() > 1
    fold_stamps(above=1)
    fold_stamps(above=0)

    assert PublicationStamp.objects.count() == 1
    assert state() == before
    published()
    assert state() != before


@pytest.mark.django_db(transaction=True)
def test_nobody_counts_what_is_not_committed_and_publishing_waits_for_nobody_else_who_publishes() -> None:
    reader, lesson, other = person(Role.READER), published(), published()
    suspend = "UPDATE lessons_publication SET suspended_at = now() WHERE lesson_id = %s"
    assert in_parts(reader)[0] == 2

    with closing(psycopg2.connect(database_url())) as moderator, moderator.cursor() as cursor:
        cursor.execute(suspend, [lesson.pk])
        assert in_parts(reader)[0] == 2
        with connection.cursor() as mine:
            mine.execute("SET lock_timeout = '2s'")
            mine.execute(suspend, [other.pk])
            mine.execute("RESET lock_timeout")
        assert in_parts(reader)[0] == 1
        fold_stamps(above=0)
        moderator.commit()

    assert in_parts(reader)[0] == 0
