"""The health page: facts, and red when mails wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.audit import record
from accounts.models import UnsealedEvent
from accounts.trail.sealing import seal_all
from lessons.models import Attachment
from notifications.models import Delivery, Lane, ScheduledRun
from tests.factories import DeliveryFactory, LessonFactory
from tests.log_lines import read_lines, written

pytestmark = pytest.mark.django_db


def test_it_says_ok_to_anybody(client: Client) -> None:
    answer = client.get("/health/")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 503)])
def test_it_turns_red_when_a_due_mail_waits_too_long(client: Client, minutes: int, status: int) -> None:
    DeliveryFactory(due_at=timezone.now() - timedelta(minutes=minutes))

    answer = client.get("/health/")

    assert answer.status_code == status
    assert Delivery.objects.get().address not in answer.content.decode()


def test_it_turns_red_when_the_audit_trail_is_not_sealed(client: Client) -> None:
    record(action="test.act", subject=None, by=None, at=timezone.now())
    assert client.get("/health/").status_code == 200
    UnsealedEvent.objects.update(since=timezone.now() - timedelta(seconds=61))

    answer = client.get("/health/")

    assert (answer.status_code, answer.json()["status"]) == (503, "stalled")
    assert answer.json()["oldest_unsealed_audit_seconds"] > 60
    seal_all(at=timezone.now())
    assert client.get("/health/").status_code == 200


def test_nobody_reads_a_line_for_each_time_that_it_was_asked(client: Client) -> None:
    with written() as log:
        for address in ("/health/", "/health/live/", "/health/ready/"):
            assert client.get(address).status_code == 200

    assert log.getvalue() == ""


def test_it_names_what_is_away(client: Client, settings: Any) -> None:
    now = timezone.now()
    lane = Lane.objects.create(pk=9, failures=3, rest_until=now)
    ScheduledRun.objects.create(task="notifications.tasks.relay", began_at=now - timedelta(minutes=4))

    def said() -> dict[str, Any]:
        answer = client.get("/health/")
        assert answer.status_code == (200 if answer.json()["status"] == "ok" else 503)
        return dict(answer.json())

    assert (said()["status"], said()["redis"], said()["mail_server"]) == ("stalled", "ok", "ok")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Lane.objects.filter(pk=lane.pk).update(failures=4)
    assert (said()["status"], said()["redis"], said()["mail_server"]) == ("stalled", "away", "away")

    ScheduledRun.objects.update(began_at=now)
    lesson = LessonFactory()
    file = {"key": "0" * 32, "name": "a.txt", "type": "txt", "size": 1, "sha256": "0" * 64, "added_by": lesson.author}
    waiting = lesson.attachments.create(**file, added_at=now - timedelta(minutes=29), check_at=now)
    assert said()["status"] == "ok", "a mail server that takes nothing is no fault of ours, until mail is late"
    Attachment.objects.filter(pk=waiting.pk).update(added_at=now - timedelta(minutes=31))
    assert said()["status"] == "late"
    assert said()["oldest_unchecked_file_seconds"] > 1800

    settings.DISK_ALARM_PERCENT = 101
    with written() as log:
        assert said()["status"] == "full"
    assert {line["event"] for line in read_lines(log.getvalue())} == {"The portal is not well: full"}


def test_a_process_is_ready_once_the_database_has_every_migration_it_needs_and_may_have_more(client: Client) -> None:
    assert client.get("/health/ready/").status_code == 200

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('lessons', '9999_newer', now())")
        assert client.get("/health/ready/").status_code == 200
        cursor.execute("DELETE FROM django_migrations WHERE app = 'lessons' AND name LIKE '0001%%'")
    answer = client.get("/health/ready/")

    assert answer.status_code == 503
    assert answer.json()["migrations_missing"] == 1
    assert client.get("/health/live/").status_code == 200
