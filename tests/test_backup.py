"""Backups: sealed, brought back with one command each, and nothing leaves a restored portal by itself."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import ApiToken, TokenScope, User
from accounts.records.erasure import erase
from accounts.tokens import create_token
from accounts.trail.sealing import seal_all
from devstack.migrated import TEMPLATE, copy_migrated
from devstack.postgres import Cluster
from devstack.privileges import popen_options
from jol.backup.erased import note_erased
from jol.backup.keeping import keep_once
from jol.backup.sealing import make_key
from jol.backup.withheld import note_withheld
from lessons.actions.attachments import add_attachment, remove_attachment
from lessons.actions.moves import move_lesson
from lessons.attachments.store import opened
from lessons.models import Attachment, Lesson, LessonMove, Move, Publication, Status
from notifications.models import MailHold
from tests.factories import LessonFactory, PublicationFactory, UserFactory, moderator_of
from tests.portal import ROOT, wait_until

pytestmark = pytest.mark.slow

CANARY = "zinfandel-in-the-cellar"
FILE = b"Keys are in the red box. " * 1000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL that archives its log, with the portal's tables."""
    folder = tmp_path_factory.mktemp("backup")
    folder.chmod(0o711)
    own = Cluster(folder / "postgres", throwaway=True)
    if not copy_migrated(own):
        pytest.skip("PostgreSQL runs as another user here, who may not read what these tests write")
    (folder / "waiting").mkdir()
    own.start()
    try:
        with closing(psycopg2.connect(own.url)) as server:
            server.autocommit = True
            cursor = server.cursor()
            archive = f'cp "%p" "{folder}/waiting/%f.tmp" && mv "{folder}/waiting/%f.tmp" "{folder}/waiting/%f"'
            cursor.execute("ALTER SYSTEM SET archive_mode = 'on'")
            cursor.execute("ALTER SYSTEM SET archive_command = %s", [archive])
        own.restart()
        yield own
    finally:
        own.delete()


class at_database:  # noqa: N801 - reads as a `with` block
    """Point the connection of the settings at a database of a cluster."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.values = {"NAME": name, "HOST": str(cluster.socket_folder), "USER": "portal", "PORT": "", "PASSWORD": ""}

    def __enter__(self) -> None:
        self.before = dict(connection.settings_dict)
        connection.close()
        connection.settings_dict.update(self.values)

    def __exit__(self, *error: object) -> None:
        connection.close()
        connection.settings_dict.update(self.before)


@pytest.fixture
def portal(
    cluster: Cluster, django_db_blocker: DjangoDbBlocker, settings: Any, tmp_path: Path, monkeypatch: Any
) -> Iterator[Cluster]:
    """The portal on that database: somebody signed in, a token, a lesson and a file."""
    monkeypatch.setenv("PG_BIN", str(cluster.binaries))
    keep_files_in(settings, cluster.folder.parent / "files")  # the rows of one test are there in the next
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    settings.BACKUP_KEY = make_key(tmp_path / "key")
    with django_db_blocker.unblock(), at_database(cluster, TEMPLATE):
        yield cluster


def keep_files_in(settings: Any, folder: Path) -> None:
    options = {"location": folder, "directory_permissions_mode": 0o700}
    settings.STORAGES = settings.STORAGES | {"attachments": settings.STORAGES["attachments"] | {"OPTIONS": options}}


def use_it() -> tuple[User, Attachment]:
    lesson = LessonFactory(title=CANARY, status=Status.DRAFT)
    PublicationFactory()
    attachment = add_attachment(
        lesson=lesson, file=io.BytesIO(FILE), name="keys.txt", by=lesson.author, at=timezone.now()
    )
    user = UserFactory()
    Client(REMOTE_ADDR="127.0.0.1").force_login(user)
    create_token(user=user, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())
    seal_all(at=timezone.now())
    return user, attachment


def backup(folder: Path, *options: str) -> Path:
    said = io.StringIO()
    call_command("backup", str(folder), *options, stdout=said)
    return Path(said.getvalue().strip())


def published() -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, at=timezone.now())


def suspend(lesson: Lesson) -> None:
    by = moderator_of(lesson.area)
    move_lesson(lesson=lesson, move=Move.SUSPEND, by=by, at=timezone.now(), note="The dose is wrong.")


def test_a_dump_comes_back_whole_and_nobody_is_signed_in_and_no_mail_leaves(
    portal: Cluster, settings: Any, tmp_path: Path
) -> None:
    user, attachment = use_it()
    erased = UserFactory(name="Robin Marsh")

    wrong = published()
    moves = LessonMove.objects.count()

    made = backup(tmp_path / "backups")
    erase(user=erased, by=None, at=timezone.now())
    note_erased(tmp_path / "backups")
    suspend(wrong)
    note_withheld(tmp_path / "backups")

    sealed = [path.read_bytes() for path in (tmp_path / "backups").rglob("*.age")]
    assert len(sealed) == 2
    assert not any(CANARY.encode() in one or FILE[:25] in one for one in sealed)
    assert all(one.startswith(b"age-encryption.org/v1") for one in sealed)

    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE restored")
    keep_files_in(settings, tmp_path / "other_files")
    make_key(tmp_path / "other_key")
    with at_database(portal, "restored"):
        with pytest.raises(CommandError, match="cannot be opened with this key"):
            call_command("restore", str(made), key=tmp_path / "other_key")
        said = io.StringIO()

        call_command("restore", str(made), key=tmp_path / "key", stdout=said)

        assert "0 tables differ" in said.getvalue()
        assert "Restored in" in said.getvalue()
        assert Lesson.objects.filter(title=CANARY).exists()
        assert LessonMove.objects.count() == moves + 1, "what was suspended is suspended again"
        assert Lesson.objects.get(pk=wrong.pk).status == Status.SUSPENDED
        with opened(attachment.key) as file:
            assert file.read() == FILE
        assert User.objects.get(pk=user.pk).password == user.password
        assert not User.objects.filter(name="Robin Marsh").exists()
        assert not Session.objects.exists()
        assert not ApiToken.objects.exists()
        assert MailHold.objects.in_force().get().is_after_restore
        with connection.cursor() as cursor, pytest.raises(Exception, match="Cannot update"):
            cursor.execute("UPDATE lessons_lessonmove SET note = 'changed'")

        with pytest.raises(CommandError, match="--over says that it is lost"):
            call_command("restore", str(made), key=tmp_path / "key")
        call_command("restore", str(made), key=tmp_path / "key", over=True, stdout=io.StringIO())
        assert LessonMove.objects.count() == moves + 1
        with pytest.raises(CommandError, match="cannot be opened with this key"):
            call_command("restore", str(made), key=tmp_path / "other_key", over=True)
        assert LessonMove.objects.count() == moves + 1, "what is there is lost only where something takes its place"

        next((tmp_path / "backups" / "attachments").rglob("*.age")).write_bytes(b"something else")
        with pytest.raises(CommandError, match="not all is as it should be"):
            call_command("restore", str(made), key=tmp_path / "key", over=True, stdout=io.StringIO())
        with (made / "database.dump.age").open("r+b") as file:
            file.seek(-10, os.SEEK_END)
            file.write(b"0123456789")
        with pytest.raises(CommandError, match="not as it was made"):
            call_command("restore", str(made), key=tmp_path / "key", over=True)
    assert ApiToken.objects.exists(), "the database that was copied is as it was"


def test_the_second_before_a_disaster_comes_back_with_one_command(portal: Cluster, tmp_path: Path) -> None:
    use_it()
    wrong, erased = published(), UserFactory(name="Robin Marsh")
    waiting, backups = portal.folder.parent / "waiting", tmp_path / "backups"
    made, publications = backup(backups, "--base"), Publication.objects.count()
    last = LessonFactory(title="Written after the backup", status=Status.DRAFT)
    seal_all(at=timezone.now())
    time.sleep(0.1)
    second = datetime.now(UTC)
    time.sleep(0.1)
    suspend(wrong)
    erase(user=erased, by=None, at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE lessons_publication RENAME TO lost")
        cursor.execute("SELECT pg_walfile_name(pg_switch_wal())")
        part = waiting / cursor.fetchone()[0]
        cursor.execute("ALTER TABLE lost RENAME TO lessons_publication")
    wait_until(part.exists, seconds=60, what="a part of the log")
    call_command("backup", str(backups), log=waiting, stdout=io.StringIO())
    assert not list(waiting.iterdir())
    again = tmp_path / "again"
    again.mkdir()

    command = ["restore", str(made), "--key", str(tmp_path / "key"), "--into", str(again / "data")]
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command, "--to", second.isoformat()],
        env=os.environ
        | {
            "DATABASE_URL": f"postgresql://portal@/{TEMPLATE}?host={quote(str(portal.socket_folder))}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "ATTACHMENTS_ROOT": str(again / "files"),
            "AUDIT_ANCHOR_DIR": str(tmp_path / "anchors"),
        },
        capture_output=True,
        text=True,
        **popen_options(portal.run_as),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Restored in" in done.stdout
    restored = Cluster(again)
    restored.start()
    try:
        with at_database(restored, TEMPLATE):
            assert Lesson.objects.get(title=last.title).pk == last.pk
            assert Publication.objects.count() == publications
            assert Lesson.objects.get(pk=wrong.pk).status == Status.SUSPENDED, "which it was a second later"
            assert not User.objects.filter(name="Robin Marsh").exists()
            assert MailHold.objects.in_force().exists()
            assert not Session.objects.exists()
    finally:
        restored.stop()
    assert {path.read_bytes() for path in (again / "files").rglob("*") if path.is_file()} == {FILE}


def test_the_health_page_says_when_the_database_cannot_hand_out_its_log(portal: Cluster) -> None:
    def status() -> str:
        return str(Client().get("/health/").json()["status"])

    with connection.cursor() as cursor:
        cursor.execute("SHOW archive_command")
        usual = cursor.fetchone()[0]
        for command, says in (("false", "unsaved"), (usual, "ok")):
            use_it()
            cursor.execute("ALTER SYSTEM SET archive_command = %s", [command])
            cursor.execute("SELECT pg_reload_conf(), pg_switch_wal()")
            wait_until(lambda says=says: status() == says, seconds=90, what=says)


def test_what_runs_all_the_time_makes_one_of_each_a_day_and_forgets_the_old(portal: Cluster, tmp_path: Path) -> None:
    waiting, backups, to = tmp_path / "waiting", tmp_path / "backups", make_key(tmp_path / "another")
    waiting.mkdir()
    began = timezone.now()
    _, attachment = use_it()
    copies = []

    for hours in (0, 1, 25, 49):
        (waiting / f"00000001000000000000000{hours % 9}").write_bytes(b"log")
        keep_once(backups, waiting, to=to, for_days=2, at=began + timedelta(hours=hours))
        copies.append(len(list(backups.rglob(f"{attachment.key}*.age"))))
        if hours == 1:
            remove_attachment(attachment=attachment, by=attachment.added_by, at=began)

    days = {(began + timedelta(hours=hours)).strftime("%Y-%m-%dT%H%M%SZ") for hours in (25, 49)}
    kept = {path.name for path in backups.iterdir() if path.name.endswith(("-dump", "-base"))}
    assert kept == {f"{day}-{kind}" for day in days for kind in ("dump", "base")}
    assert copies == [1, 1, 1, 0], "the copy of a file that was taken out goes with the last backup of its row"
    assert list((backups / "attachments").rglob("*.age")), "those of other files stay"
    assert not list(waiting.iterdir())
