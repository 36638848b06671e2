"""How long accounts and the audit trail are kept."""

from datetime import datetime
from typing import Any

import pgtrigger
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest, Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessRequest, AuditEvent, AuditSeal, User
from accounts.models.records import Unit
from accounts.records.erasure import ERASED, erase_each
from accounts.records.holds import Held
from accounts.records.retention import CLASSES, Kept, Outcome
from accounts.trail.anchors import PRUNED, anchor


def accounts_due(before: datetime, at: datetime, held: Held) -> "QuerySet[User]":
    """Closed accounts: the last role ended, and nobody signed in, before that time."""
    closed = User.objects.filter(is_active=False).exclude(email__endswith=ERASED)
    last_role = Coalesce(Max("memberships__ended_at"), "joined_at")
    ended = closed.annotate(closed_at=Greatest(last_role, Coalesce("last_login", "joined_at")))
    return ended.filter(closed_at__lt=before).exclude(pk__in=held.in_class(User))


def audit_due(before: datetime, at: datetime, held: Held) -> "QuerySet[AuditEvent]":
    """Sealed events that are of nobody and nothing that is held."""
    about = Q(actor__in=held.in_class(User))
    for object_type, keys in held.all.items():
        about |= Q(object_type=object_type, object_id__in=list(map(str, keys)))
    sealed = AuditSeal.objects.filter(sealed_at__lt=before).values("event_id")
    return AuditEvent.objects.filter(at__lt=before, pk__in=sealed).exclude(about)


def requests_due(before: datetime, at: datetime, held: Held) -> "QuerySet[AccessRequest]":
    """Requests for access, decided or not, but for those of people who are held."""
    people = User.objects.filter(pk__in=held.in_class(User)).values(address=Lower("email"))
    old = AccessRequest.objects.filter(asked_at__lt=before)
    return old.alias(address=Lower("email")).exclude(address__in=people)


def delete_requests(old: "QuerySet[Any]", at: datetime) -> None:
    old.delete()


def prune(events: "QuerySet[Any]", at: datetime) -> None:
    """Delete old events.  Their links stay, and a signed word says up to which link events may be gone."""
    last = AuditSeal.objects.filter(event_id__in=events.values("pk")).latest("sequence")
    anchor(head=last, kind=PRUNED, at=at)
    with pgtrigger.ignore("accounts.AuditEvent:append_only"):
        events.delete()


CLASSES += [
    Kept(
        "accounts", _("Accounts, after they were closed"), 12, Unit.MONTH, Outcome.ANONYMISE, accounts_due, erase_each
    ),
    Kept(
        "requests",
        _("Requests for access, after they were made"),
        12,
        Unit.MONTH,
        Outcome.DELETE,
        requests_due,
        delete_requests,
    ),
    Kept(
        "audit",
        _("Events of the audit trail"),
        7,
        Unit.YEAR,
        Outcome.DELETE,
        audit_due,
        prune,
        is_large=True,
        by_owner=True,
    ),
]
