"""Writing the audit trail."""

from collections.abc import Iterable
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
    event = _event(action, subject, by, at)
    event.role, event.reason, event.digest = role, reason[:200], digest
    event.save()
    return event


def record_each(*, action: str, subjects: Iterable[models.Model], by: User | None, at: datetime) -> None:
    """Add a row for each of `subjects`, named after its kind and `action`, such as "publication.read"."""
    AuditEvent.objects.bulk_create(_event(f"{one._meta.model_name}.{action}", one, by, at) for one in subjects)


def _event(action: str, subject: models.Model | None, by: User | None, at: datetime) -> AuditEvent:
    return AuditEvent(
        at=at,
        actor=by,
        action=action,
        object_type=subject._meta.label_lower if subject else "",
        object_id=str(subject.pk) if subject else "",
        request_id=request_id.get(),
    )
