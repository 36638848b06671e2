"""Where browsers say that a page tried what the content security policy forbids."""

import json
import re

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.rates import CSP_REPORTS, limited
from accounts.security_events import note

MOST_BYTES = 10_000
DIRECTIVE = re.compile(r"[a-z-]{3,30}")


@csrf_exempt  # browsers send it by themselves
@login_not_required
@require_POST
@limited(CSP_REPORTS)
def csp_report(request: HttpRequest) -> HttpResponse:
    """Note which directive was broken; addresses of pages and scripts are not kept.  The answer is always empty."""
    try:
        told = json.loads(request.read(MOST_BYTES)).get("csp-report", {})
        directive = str(told.get("effective-directive") or told.get("violated-directive") or "").split(" ")[0]
    except (ValueError, AttributeError, RecursionError):
        return HttpResponse(status=204)
    if DIRECTIVE.fullmatch(directive):
        note("csp.violation", request, directive=directive)
    return HttpResponse(status=204)
