"""Django's sessions in the database, of which the one of each request is looked up by a statement made once."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.statements import Statement

_STORED = Statement(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now))


class SessionStore(DatabaseStore):
    def _get_session_from_db(self) -> Session | None:
        """Return the stored session, or None if there is none any more, which then gets another key."""
        found = _STORED(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
        return found[0] if found else None
