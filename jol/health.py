"""Whether the portal works: facts without content."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.health import mail_facts
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
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "away"}, status=503)
    late = max(mail.values()) > OLDEST_WAITING.total_seconds()
    status = "late" if late else "stalled" if stands_still else "ok"
    facts = {"status": status, "database": "ok", "stalled": stands_still} | mail
    return JsonResponse(facts, status=200 if status == "ok" else 503)
