"""A row when the portal starts with other security settings than the last time."""

import hashlib
import json
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from accounts import audit
from accounts.locks import OneAtATime
from accounts.models import AuditEvent

CHANGE = "settings.change"
#: Shown in the row; the others are in its digest.
SHOWN = ("DEBUG", "DEMO", "MFA_REQUIRED", "ALL_NATIONAL", "SITE_URL")
COMPARED = (
    *SHOWN,
    "ALLOWED_HOSTS",
    "ALLAUTH_TRUSTED_PROXY_COUNT",
    "ACCOUNT_REAUTHENTICATION_TIMEOUT",
    "API_REQUESTS_PER_MINUTE",
    "AUTHENTICATION_BACKENDS",
    "EXPORTS_PER_DAY",
    "MIDDLEWARE",
    "PASSWORD_HASHERS",
    "PASSWORD_RESET_TIMEOUT",
    "PLAIN_CONNECTIONS",
    "SECURE_HSTS_SECONDS",
    "SESSION_COOKIE_AGE",
)


@transaction.atomic
def note_settings(*, at: datetime) -> bool:
    """Write a row unless the last one is of the same settings; say whether it was written."""
    digest = _digest()
    with connection.cursor() as cursor:  # two processes that start at once write one row
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OneAtATime.NOTE_SETTINGS])
    last = AuditEvent.objects.filter(action=CHANGE).order_by("-pk").first()
    if last and last.digest == digest:
        return False
    shown = " ".join(f"{name}={_short(getattr(settings, name))}" for name in SHOWN)
    audit.record(action=CHANGE, subject=None, by=None, at=at, reason=shown, digest=digest)
    return True


def _digest() -> str:
    """Return a digest that no secret goes into."""
    values = {name: getattr(settings, name) for name in COMPARED}
    values["scanner"] = urlsplit(settings.SCANNER_URL).scheme
    values["providers"] = sorted(
        (one["id"], one["issuer"], one.get("organisation", ""), one.get("mfa", [])) for one in settings.OIDC_PROVIDERS
    )
    values["has_metrics"] = bool(settings.METRICS_TOKEN)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _short(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
