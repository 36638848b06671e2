"""The role of web and workers: it can do the portal's work, and cannot change what is written for good."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.ending import end_all_access
from accounts.models import AuditEvent, AuditSeal
from accounts.roles import Role
from accounts.trail.sealing import seal_all
from jol.management.commands.grant_app_role import append_only_models
from lessons.actions.moves import move_lesson
from lessons.models import ExportRecord, LessonMove, Move, Publication, Status
from tests.factories import LessonFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def _as_app() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_app")
    call_command("grant_app_role", "portal_app")
    call_command("grant_app_role", "portal_app")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE portal_app")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.mark.usefixtures("_as_app")
def test_it_does_the_work_of_the_portal(client: Client) -> None:
    now = timezone.now()
    moderator = person(Role.SECRETARIAT)
    lesson = LessonFactory(status=Status.IN_REVIEW, tier="national", moderator=moderator, at=now)

    move_lesson(lesson=lesson, move=Move.PUBLISH, by=moderator, at=now)
    client.force_login(moderator, backend="accounts.backends.SignInBackend")
    assert client.get(f"/lessons/{lesson.reference}/").status_code == 200
    assert client.get("/api/v1/lessons.csv").status_code == 200

    assert ExportRecord.objects.count() == 1
    assert seal_all(at=now) == AuditEvent.objects.count() > 0
    assert client.get("/health/").json()["status"] == "ok"
    assert end_all_access(at=now) == (1, 0)


@pytest.mark.usefixtures("_as_app")
def test_it_cannot_change_what_is_written_for_good() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    person(Role.AUDITOR)
    assert {AuditEvent, AuditSeal, LessonMove, ExportRecord} <= set(append_only_models())

    for model in append_only_models():
        table = model._meta.db_table
        column = model._meta.pk.column
        for sql in (
            f"UPDATE {table} SET {column} = {column}",  # noqa: S608 - our own tables
            f"DELETE FROM {table}",  # noqa: S608 - our own tables
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
        ):
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
                connection.cursor().execute(sql)
    with pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.filter(lesson=lesson).update(title="Another title that was never approved")
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute("DELETE FROM lessons_publication")
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("TRUNCATE lessons_publication CASCADE")
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("SET LOCAL session_replication_role = replica")


def test_it_is_made_with_its_password_which_the_server_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coded = []
    for password in ("first-of-two", "second-of-two", "second-of-two"):
        monkeypatch.setenv("APP_DATABASE_URL", f"postgresql://app_of_a_test:{password}@db/portal")
        with CaptureQueriesContext(connection) as asked:
            call_command("grant_app_role")
        assert password not in str(asked.captured_queries)
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcanlogin, rolsuper, rolpassword FROM pg_authid WHERE rolname = 'app_of_a_test'")
            can_log_in, is_super, secret = cursor.fetchone()
        assert can_log_in
        assert not is_super
        assert secret.startswith("SCRAM-SHA-256$")
        coded.append(secret)
        assert has_table_privilege("app_of_a_test", "lessons_lesson", "UPDATE")
    assert coded[0] != coded[1]


def test_the_owner_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = connection.settings_dict["USER"]
    monkeypatch.setenv("APP_DATABASE_URL", f"postgresql://{owner}:secret@db/portal")

    with pytest.raises(CommandError, match="of the owner"):
        call_command("grant_app_role")


def has_table_privilege(role: str, table: str, privilege: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, privilege])
        return bool(cursor.fetchone()[0])
