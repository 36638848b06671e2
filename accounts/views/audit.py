"""The audit trail, for auditors; to all others there are no such pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.downloads import RETRY_SECONDS, TooManyAtOnce
from accounts.forms.audit import AuditFilters, DownloadForm
from accounts.keyset import keyset_page
from accounts.models import AuditEvent, AuditSeal, User
from accounts.rates import too_many
from accounts.step_up import ask_to_confirm, has_confirmed_lately
from accounts.trail import search
from accounts.trail.search import VIEW

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


def for_auditors(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def only_for_auditors(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not cast("User", request.user).has_perm(VIEW):
            raise Http404
        return view(request, *args, **kwargs)

    return only_for_auditors


@require_GET
@for_auditors
def audit(request: HttpRequest) -> HttpResponse:
    filters = AuditFilters(request.GET)
    events = filters.apply(AuditEvent.objects.select_related("actor"))
    context = {"filters": filters, "form": filters, "page": keyset_page(events, request.GET)}
    return render(request, "accounts/audit/list.html", context)


@require_GET
@for_auditors
def audit_event(request: HttpRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(AuditEvent.objects.select_related("actor"), pk=pk)
    context = {
        "event": event,
        "named": search.name_of(event.object_type, event.object_id),
        "seal": AuditSeal.objects.filter(event_id=pk).first(),
    }
    return render(request, "accounts/audit/event.html", context)


@require_POST
@for_auditors
def audit_download(request: HttpRequest) -> HttpResponseBase:
    """Take away what the filters find; asks for the password or a code first."""
    if not has_confirmed_lately(request):
        return ask_to_confirm(f"{reverse('audit')}?{request.GET.urlencode()}")
    filters, wanted = AuditFilters(request.GET), DownloadForm(request.POST)
    form = wanted.cleaned_data["form"] if wanted.is_valid() else "csv"
    now = timezone.now()
    try:
        rows = search.download(
            events=filters.apply(AuditEvent.objects.all()),
            form=form,
            chosen=filters.in_words,
            by=cast("User", request.user),
            at=now,
        )
    except TooManyAtOnce:
        return too_many(request, RETRY_SECONDS)
    answer = StreamingHttpResponse(rows, content_type=CONTENT_TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{timezone.localdate(now)}.{form}"'
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
