"""The way back from a dump, and what follows every way back: nobody is signed in, no mail leaves, all is checked."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from accounts.ending import end_all_access
from accounts.models import AuditEvent
from jol.backup import BackupError
from jol.backup.attachments import bring_back
from jol.backup.erased import erase_again
from jol.backup.making import DUMP
from jol.backup.manifest import read_manifest
from jol.backup.programs import program, unseal_into
from jol.backup.withheld import withhold_again
from lessons.models import LessonMove, Publication

#: They only grow, so a database of a later second has no fewer.
GROWING = (AuditEvent, LessonMove)
Say = Callable[[str], object]


def restore_dump(backup: Path, *, key: pyrage.x25519.Identity, over: bool, say: Say) -> list[str]:
    """Bring a dump back into the database of the settings; return what is not as it should be.

    :param over: also where people are in it already
    :raises BackupError: nothing can be brought back
    """
    manifest = read_manifest(backup)
    pg_restore = program("pg_restore")
    # A wrong key, or a dump of a later PostgreSQL, is found before anything is thrown away.
    unseal_into(backup / DUMP, [pg_restore, "--list", f"--file={os.devnull}"], key=key)
    _make_room(over=over)
    connection.close()
    into = [pg_restore, "--exit-on-error", f"--dbname={connection.settings_dict['NAME']}"]
    unseal_into(backup / DUMP, into, key=key)
    say(f"The database is that of {manifest.made_at}.")
    there = count_rows_of(manifest.rows)
    differ = [name for name, rows in manifest.rows.items() if there.get(name) != rows]
    faults = [f"{name}: {there.get(name)} rows, {manifest.rows[name]} before" for name in differ]
    say(f"{sum(there.values())} rows in {len(there)} tables, {len(differ)} tables differ.")
    return faults + list(finish(backup.parent, key=key, say=say))


def finish(folder: Path, *, key: pyrage.x25519.Identity, say: Say) -> Iterator[str]:
    """Do what follows every way back; yield what is not as it should be.

    :param folder: of all the backups
    """
    call_command("migrate", verbosity=0)  # the backup may be of an older release
    call_command("createcachetable", verbosity=0)
    call_command("hold_mail", reason="The database was restored from a backup.", after_restore=True, verbosity=0)
    say("Outgoing mail is held: see `reconcile_mail`, then `release_mail`.")
    sessions, tokens = end_all_access(at=timezone.now())
    say(f"{sessions} sessions and {tokens} API tokens ended.")
    yield from erase_again(folder, at=timezone.now())
    say("Whoever was erased since this backup is erased again.")
    (lessons, files, roles), faults = withhold_again(folder, at=timezone.now())
    say(f"Withheld since this backup, and so again: {lessons} lessons, {files} files, {roles} roles.")
    yield from faults
    number, faults = bring_back(folder, key=key)
    say(f"{number} attachments are as their rows say, {len(faults)} are not.")
    yield from faults
    try:
        call_command("verify_audit")
    except CommandError as error:
        yield str(error)
    yield from _try_pages(say)


def count_rows_of(tables: dict[str, int]) -> dict[str, int]:
    """Count those that are there: a backup of an older release has others."""
    there = connection.introspection.table_names()
    with connection.cursor() as cursor:
        counts = {}
        for table in tables:
            if table in there:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - of a manifest
                counts[table] = int(cursor.fetchone()[0])
    return counts


def _make_room(*, over: bool) -> None:
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        if "accounts_user" in tables and not over:
            cursor.execute("SELECT count(*) FROM accounts_user")
            if people := cursor.fetchone()[0]:
                raise BackupError(
                    f"There are {people} people in this database. --over says that it is lost and this takes its place."
                )
        try:
            cursor.execute("SET lock_timeout = '5s'")
            cursor.execute("DROP SCHEMA public CASCADE")
        except OperationalError:
            raise BackupError("Somebody uses this database: stop web, worker and beat first.") from None
        # As PostgreSQL makes it, or a dump would come with one of its own.
        cursor.execute("CREATE SCHEMA public")
        cursor.execute("ALTER SCHEMA public OWNER TO pg_database_owner")
        cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _try_pages(say: Say) -> Iterator[str]:
    host = next(name for name in [*settings.ALLOWED_HOSTS, "localhost"] if "*" not in name)
    browser = Client(headers={"host": host.lstrip(".")}, raise_request_exception=False)
    paths = ("/", "/accounts/login/", "/health/live/", "/health/ready/")
    for path in paths:
        answer = browser.get(path, secure=settings.HTTPS)
        if answer.status_code != 200:
            yield f"{path} answers {answer.status_code}"
    say(f"{len(paths)} pages tried; {Publication.objects.live().count()} publications can be read.")
