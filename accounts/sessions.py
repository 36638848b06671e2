"""How long somebody stays signed in, and what ends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, update_session_auth_hash
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts import audit
from accounts.browsers import browser_of
from accounts.models import OpenSession, User
from accounts.roles import ADMINISTERS, OWNER_LEADS, Role

LONGEST = timedelta(hours=8)
IDLE = timedelta(minutes=30)
IDLE_OF_STAFF = timedelta(minutes=15)
#: The last use is written down this often at most.
NOTE_EVERY = timedelta(minutes=1)
STAFF = ADMINISTERS | OWNER_LEADS | {Role.LRF_MODERATOR, Role.SECRETARIAT, Role.AUDITOR}
BEGAN, USED = "session_began_at", "session_used_at"
#: Under which key the session is in its person's list: it gets another with a new password.
LISTED = "session_listed_as"
#: What is in a stored session, or in that of the request.
Content = SessionBase | Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """A session as its person sees it; times are aware.

    :ivar browser, system: names, "" if not known
    """

    pk: int
    browser: str
    system: str
    began_at: datetime
    used_at: datetime
    is_this: bool


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


def ends_at(session: Content, user: User) -> datetime:
    """Return when `user` is signed out if nothing more happens."""
    return min(_at(session[USED]) + idle_time_of(user), last_end(session))


def last_end(session: Content) -> datetime:
    """Return when even a busy session ends."""
    return _at(session[BEGAN]) + LONGEST


def is_over(session: Content, user: User, at: datetime) -> bool:
    return BEGAN in session and ends_at(session, user) <= at


def enlist(request: HttpRequest, user: User) -> None:
    """Note that the session of the request is one of `user`'s; nothing is done if it is noted already."""
    session = request.session
    if session.session_key and session.get(LISTED) == session.session_key:
        return
    if not session.session_key:
        session.save()
    browser, system = browser_of(request)
    row = OpenSession(user=user, session_id=str(session.session_key), browser=browser, system=system)
    OpenSession.objects.bulk_create([row], ignore_conflicts=True)  # two requests at once
    session[LISTED] = session.session_key


def sessions_of(user: User, this: SessionBase, at: datetime) -> list[Shown]:
    """Return the sessions in which `user` is signed in, this one first, then the one used last."""
    rows = OpenSession.objects.filter(user=user, session__expire_date__gt=at).select_related("session")
    shown = []
    for row in rows:
        content = row.session.get_decoded()
        if _counts(content, user) and not is_over(content, user, at):
            used_at, is_this = _at(content[USED]), row.session_id == this.session_key
            shown.append(Shown(row.pk, row.browser, row.system, _at(content[BEGAN]), used_at, is_this))
    return sorted(shown, key=lambda one: (one.is_this, one.used_at, one.pk), reverse=True)


def _counts(content: Mapping[str, Any], user: User) -> bool:
    """Whether it is of the time since all sessions were ended last; see `User._get_session_auth_hash`."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    said = content.get(HASH_SESSION_KEY, "")
    return BEGAN in content and any(constant_time_compare(said, one) for one in hashes)


@transaction.atomic
def end_session(*, session: OpenSession, by: User, at: datetime) -> None:
    """End one session of somebody at once; the others go on."""
    Session.objects.filter(pk=session.session_id).delete()
    audit.record(action="session.end_one", subject=session.user, by=by, at=at, reason="asked for")


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
