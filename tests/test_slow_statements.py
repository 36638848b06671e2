"""No request keeps the database busy for long, but a download may take its time."""

import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing

import psycopg2
import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.roles import Role
from accounts.trail import search
from tests.calling import Caller, published
from tests.factories import person
from tests.portal import ROOT, database_url

#: Told by the connection of a process that has loaded the web application.
LIMIT_OF_WEB = """
import jol.wsgi
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
"""


def limit(most: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [most])


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_503_on_a_page_and_in_the_api() -> None:
    reader, page = person(Role.READER), Client()
    page.force_login(reader)
    program = Caller(reader, "read:published")

    with closing(psycopg2.connect(database_url())) as other, other.cursor() as cursor:
        cursor.execute("LOCK lessons_publication IN ACCESS EXCLUSIVE MODE")
        limit("300ms")
        shown = page.get("/lessons/")
        limit("300ms")
        told = program.get("/api/v1/lessons/")

    assert shown.status_code == told.status_code == 503
    assert int(shown.headers["Retry-After"]) > 0
    assert told.headers["Content-Type"] == "application/problem+json"
    assert "too long" in told.json()["detail"]
    assert page.get("/lessons/").status_code == 200


@pytest.mark.django_db
def test_a_download_may_take_its_time() -> None:
    published()
    limit("5s")

    answer = Caller(person(Role.READER), "read:published").get("/api/v1/lessons.ndjson")
    next(iter(answer.streaming_content))

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1min",)


@pytest.mark.django_db(transaction=True)
def test_an_auditor_takes_away_a_trail_that_takes_longer_than_a_page_may() -> None:
    """The table answers too slowly for a page, because somebody else holds it; the file waits, and is whole."""
    auditor = person(Role.AUDITOR)
    events = [audit.record(action="test.act", subject=None, by=None, at=timezone.now()) for _ in range(600)]
    with ThreadPoolExecutor(1) as threads, closing(psycopg2.connect(database_url())) as other:
        with other.cursor() as cursor:
            cursor.execute("LOCK accounts_auditevent IN ACCESS EXCLUSIVE MODE")
            taken = threads.submit(_taken, auditor)
            with pytest.raises(FutureTimeoutError):
                taken.result(timeout=1)
        other.rollback()
        lines = taken.result(timeout=20).splitlines()

    assert len(lines) == len(events)


def _taken(auditor: User) -> bytes:
    try:
        limit("300ms")
        events = AuditEvent.objects.filter(action="test.act")
        return b"".join(search.download(events=events, form="ndjson", chosen="", by=auditor, at=timezone.now()))
    finally:
        connections.close_all()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_web_process_is_limited_to_five_seconds() -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "jol.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": secrets.token_hex(32),
        "STATIC_FROM_SOURCE": "1",
    }

    told = subprocess.run(
        [sys.executable, "-c", LIMIT_OF_WEB], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert told.stdout.split()[-1] == "5s"
