"""Sessions of people, so that each of them sees their own: what Django stores of a session tells no person."""

from django.contrib.sessions.models import Session
from django.db import models

from accounts.models.people import User


class OpenSession(models.Model):
    """Whose a session is, and by which browser; times are in the session itself, and no address is kept.

    It goes with its session.  The database does not insist, so that an older release can end sessions, too.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="open_sessions")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    browser = models.CharField(max_length=20, blank=True)
    system = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"session {self.pk} of {self.user_id}"
