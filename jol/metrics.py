"""Figures for Prometheus, for whoever holds the token."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET

from notifications.metrics import as_text, mail_metrics


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer `Authorization: Bearer METRICS_TOKEN`; for all others, and without a token set, there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, settings.METRICS_TOKEN):
        raise Http404
    text = as_text(mail_metrics(at=timezone.now()))
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")
