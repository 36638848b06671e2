"""Whether the portal works: facts without content, for people and for what starts and stops its processes."""

import logging
import shutil
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.log import log_response
from django.views.decorators.http import require_GET
from redis import Redis, RedisError

from accounts.trail.sealing import SEALED_WITHIN, oldest_unsealed_seconds
from lessons.actions.scanning import TELL_AFTER, oldest_unchecked_seconds
from notifications.health import mail_facts, mail_server_is_away
from notifications.models import MailHold
from notifications.schedule import stalled

logger = logging.getLogger(__name__)

#: A due mail, or news that nobody was told of, is older than this: the worker does not work.
OLDEST_WAITING = timedelta(minutes=5)
REDIS_ANSWERS_WITHIN_SECONDS = 1


@login_not_required
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 while pages can be served, mails go out and the schedule runs, 503 otherwise."""
    try:
        facts = _facts()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The database does not answer: %s", error)
        facts = {"status": "down", "database": "away"}
    return _answer(request, facts | {"disk_free_percent": disk_free_percent()})


def _facts() -> dict[str, Any]:
    hands_out_its_log = _hands_out_its_log()
    now = timezone.now()
    mail, stands_still = mail_facts(at=now), stalled(at=now)
    unsealed, unchecked = oldest_unsealed_seconds(at=now), oldest_unchecked_seconds(at=now)
    is_held = MailHold.objects.in_force().exists()
    late = max(mail.values()) > OLDEST_WAITING.total_seconds() or unchecked > TELL_AFTER.total_seconds()
    stands = bool(stands_still) or unsealed > SEALED_WITHIN.total_seconds()
    alarms = {
        "full": disk_free_percent() < settings.DISK_ALARM_PERCENT,
        "unsaved": not hands_out_its_log,
        "held": is_held,
        "stalled": stands,
        "late": late,
    }
    return {
        "status": next((name for name, is_so in alarms.items() if is_so), "ok"),
        "database": "ok",
        "database_log": "ok" if hands_out_its_log else "kept back",
        # What runs on time came through it.
        "redis": "away" if stands and not _redis_answers() else "ok",
        "outgoing_mail": "off" if is_held else "on",
        "mail_server": "away" if mail_server_is_away(at=now) else "ok",
        "stalled": stands_still,
        "oldest_unsealed_audit_seconds": unsealed,
        "oldest_unchecked_file_seconds": unchecked,
    } | mail


def _hands_out_its_log() -> bool:
    """Whether PostgreSQL's last try to hand out a part of its log succeeded: else nothing more is backed up.

    So, too, where it hands out none.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_failed_time IS NULL OR last_failed_time < last_archived_time FROM pg_stat_archiver")
        return cursor.fetchone()[0] is True


def _answer(request: HttpRequest, facts: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(facts, status=200 if facts["status"] == "ok" else 503)
    if response.status_code != 200:
        logger.warning("The portal is not well: %s", facts["status"])
        # Django would add an error without a word for each question.
        log_response("", response=response, request=request, level="warning")
    return response


def _redis_answers() -> bool:
    within = REDIS_ANSWERS_WITHIN_SECONDS
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=within, socket_timeout=within) as redis:
            return bool(redis.ping())
    except (RedisError, OSError):
        return False


def disk_free_percent() -> float:
    """Return how much is free of the disk of the attachments; on one machine it is that of the database, too."""
    folder = settings.ATTACHMENTS_ROOT
    there = next(one for one in (folder, *folder.parents) if one.exists())
    usage = shutil.disk_usage(there)
    return round(usage.free / usage.total * 100, 1)


@login_not_required
@require_GET
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while this process answers at all; only a new one helps where it does not."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_GET
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 while this process may be sent readers: its database is there, with every migration it needs."""
    try:
        missing = _migrations() - set(MigrationRecorder(connection).applied_migrations())
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The database does not answer: %s", error)
        return _answer(request, {"status": "down", "database": "away"})
    if missing:
        return _answer(request, {"status": "down", "database": "ok", "migrations_missing": len(missing)})
    return JsonResponse({"status": "ok"})


@cache
def _migrations() -> set[tuple[str, str]]:
    """Return those of this release.  A database that a newer release has migrated has more."""
    return set(MigrationLoader(None).disk_migrations)
