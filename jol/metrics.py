"""Figures for Prometheus, for whoever holds the token."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET

from jol.health import disk_free_percent
from lessons.actions.scanning import oldest_unchecked_seconds
from notifications.metrics import Metric, as_text, mail_metrics


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer `Authorization: Bearer METRICS_TOKEN`; for all others, and without a token set, there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, settings.METRICS_TOKEN):
        raise Http404
    now = timezone.now()
    text = as_text([*mail_metrics(at=now), *_site_metrics(now)])
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _site_metrics(at: datetime) -> Iterator[Metric]:
    yield Metric(
        "jol_attachment_oldest_unchecked_seconds",
        "How long the oldest file has waited for the virus scanner.",
        [({}, oldest_unchecked_seconds(at=at))],
    )
    yield Metric("jol_disk_free_percent", "What is free of the disk of the attachments.", [({}, disk_free_percent())])
