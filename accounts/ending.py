"""Ending access at once, for whoever looks after the servers: nobody's permission is asked."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from accounts import audit
from accounts.models import ApiToken, Membership, User
from accounts.people import end_again
from accounts.sessions import end_sessions


@transaction.atomic
def end_all_access(*, at: datetime) -> tuple[int, int]:
    """End every session and every API token; return how many of each.  Passwords, factors and roles stay."""
    # So that a session which a request writes back at this moment is none any more.
    User.objects.update(sessions_began=F("sessions_began") + 1)
    sessions, tokens = Session.objects.count(), ApiToken.objects.count()
    Session.objects.all().delete()
    ApiToken.objects.all().delete()
    audit.record(action="access.end_all", subject=None, by=None, at=at, reason=f"{sessions} sessions, {tokens} tokens")
    return sessions, tokens


@transaction.atomic
def end_access(*, user: User, at: datetime) -> int:
    """End the roles, sessions and tokens of one person; return how many roles.

    The account is not closed: an administrator who gives a role again lets the person in again.
    """
    held = list(Membership.objects.not_over().filter(user=user))
    for membership in held:
        end_again(membership=membership, at=at)
    ApiToken.objects.filter(user=user).delete()
    end_sessions(user=user, by=None, at=at, reason="command line")
    return len(held)
