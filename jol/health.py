"""Whether the portal works: facts without content, for people and for what starts and stops its processes."""

from datetime import timedelta
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.trail.sealing import SEALED_WITHIN, oldest_unsealed_seconds
from notifications.health import mail_facts
from notifications.models import MailHold
from notifications.schedule import stalled

#: A due mail, or news that nobody was told of, is older than this: the worker does not work.
OLDEST_WAITING = timedelta(minutes=5)


@login_not_required
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 while pages can be served, mails go out and the schedule runs, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        now = timezone.now()
        mail, stands_still = mail_facts(at=now), stalled(at=now)
        unsealed = oldest_unsealed_seconds(at=now)
        is_held = MailHold.objects.in_force().exists()
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "away"}, status=503)
    late = max(mail.values()) > OLDEST_WAITING.total_seconds()
    stands = bool(stands_still) or unsealed > SEALED_WITHIN.total_seconds()
    status = "held" if is_held else "late" if late else "stalled" if stands else "ok"
    facts = {
        "status": status,
        "database": "ok",
        "outgoing_mail": "off" if is_held else "on",
        "stalled": stands_still,
        "oldest_unsealed_audit_seconds": unsealed,
    } | mail
    return JsonResponse(facts, status=200 if status == "ok" else 503)


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
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "away"}, status=503)
    if missing:
        return JsonResponse({"status": "down", "database": "ok", "migrations_missing": len(missing)}, status=503)
    return JsonResponse({"status": "ok"})


@cache
def _migrations() -> set[tuple[str, str]]:
    """Return those of this release.  A database that a newer release has migrated has more."""
    return set(MigrationLoader(None).disk_migrations)
