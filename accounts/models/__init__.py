"""What is stored about areas, organisations, people, tokens and the audit trail."""

from accounts.models.audit import AuditEvent, AuditSeal, UnsealedEvent
from accounts.models.factors import RecoveryCode
from accounts.models.organisations import Organisation, ResilienceArea, ResponderType, Sponsorship
from accounts.models.people import Membership, User
from accounts.models.rates import RateCount
from accounts.models.records import LegalHold, RetentionRule
from accounts.models.requests import AccessRequest, Reminder
from accounts.models.sessions import OpenSession
from accounts.models.tokens import ApiToken, TokenScope

__all__ = [
    "AccessRequest",
    "ApiToken",
    "AuditEvent",
    "AuditSeal",
    "LegalHold",
    "Membership",
    "OpenSession",
    "Organisation",
    "RateCount",
    "RecoveryCode",
    "Reminder",
    "ResilienceArea",
    "ResponderType",
    "RetentionRule",
    "Sponsorship",
    "TokenScope",
    "UnsealedEvent",
    "User",
]
