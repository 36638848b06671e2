"""How long somebody stays signed in, and what ends it."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F
from django.http import HttpRequest

from accounts import audit
from accounts.models import User
from accounts.roles import ADMINISTERS, OWNER_LEADS, Role

LONGEST = timedelta(hours=8)
IDLE = timedelta(minutes=30)
IDLE_OF_STAFF = timedelta(minutes=15)
#: The last use is written down this often at most.
NOTE_EVERY = timedelta(minutes=1)
STAFF = ADMINISTERS | OWNER_LEADS | {Role.LRF_MODERATOR, Role.SECRETARIAT, Role.AUDITOR}
BEGAN, USED = "session_began_at", "session_used_at"


def begin(session: SessionBase, at: datetime) -> None:
    session[BEGAN] = session[USED] = at.timestamp()


def note_use(session: SessionBase, at: datetime, *, is_use: bool = True) -> None:
    """Write down that the session is in use; a look at the clock is none."""
    if BEGAN not in session:
        begin(session, at)
    elif is_use and at - _at(session[USED]) >= NOTE_EVERY:
        begin_idle_time(session, at)


def begin_idle_time(session: SessionBase, at: datetime) -> None:
    session[USED] = at.timestamp()


def idle_time_of(user: User) -> timedelta:
    return IDLE_OF_STAFF if user.has_role(*STAFF) else IDLE


def ends_at(session: SessionBase, user: User) -> datetime:
    """Return when `user` is signed out if nothing more happens."""
    return min(_at(session[USED]) + idle_time_of(user), last_end(session))


def last_end(session: SessionBase) -> datetime:
    """Return when even a busy session ends."""
    return _at(session[BEGAN]) + LONGEST


def is_over(session: SessionBase, user: User, at: datetime) -> bool:
    return BEGAN in session and ends_at(session, user) <= at


def end_sessions(*, user: User, by: User | None, at: datetime, reason: str, keep: HttpRequest | None = None) -> None:
    """End every session of `user` at its next request: a new role, a lost phone, a leaver.

    :param keep: the request whose session goes on, under a new id
    """
    User.objects.filter(pk=user.pk).update(sessions_began=F("sessions_began") + 1)
    user.refresh_from_db(fields=["sessions_began"])
    if keep is not None:
        update_session_auth_hash(keep, user)
    audit.record(action="session.end_all", subject=user, by=by, at=at, reason=reason)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
