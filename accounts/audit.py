"""Writing the audit trail."""

from datetime import datetime

from django.db import models

from accounts.models import AuditEvent, User
from accounts.trace import request_id


def record(
    *,
    action: str,
    subject: models.Model | None,
    by: User | None,
    at: datetime,
    role: str = "",
    reason: str = "",
    digest: str = "",
) -> AuditEvent:
    """Add one row for what was done to `subject`, in the caller's transaction.

    :param action: app and verb, such as "lesson.publish"
    :param subject: None where there is none, such as a sign-in with an address that nobody has
    :param reason: a code or a few words; never the text of an item
    :param digest: SHA-256 of the text concerned, in hexadecimal
    """
    return AuditEvent.objects.create(
        at=at,
        actor=by,
        role=role,
        action=action,
        object_type=subject._meta.label_lower if subject else "",
        object_id=str(subject.pk) if subject else "",
        reason=reason[:200],
        digest=digest,
        request_id=request_id.get(),
    )
