"""Whether the portal works: facts without content."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.health import mail_facts

#: A due mail, or news that nobody was told of, is older than this: the worker does not work.
OLDEST_WAITING = timedelta(minutes=5)


@login_not_required
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 while pages can be served and mails go out, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        mail = mail_facts(at=timezone.now())
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "away"}, status=503)
    late = max(mail.values()) > OLDEST_WAITING.total_seconds()
    return JsonResponse({"status": "late" if late else "ok", "database": "ok"} | mail, status=503 if late else 200)
