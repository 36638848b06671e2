"""The newest anchor by mail, once a day: a copy that cannot be changed by whoever owns the server and the database."""

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from accounts.models import Reminder
from accounts.notices import send_plain
from accounts.trail.anchors import last_anchor_at, newest_line

A_DAY = timedelta(days=1)
KEEPS = gettext_noop(
    "You get this each day because whoever runs the portal chose this address to keep copies of the end of its audit "
    "trail, so that nobody can change the trail unseen."
)


@transaction.atomic
def mail_anchor_once_a_day(at: datetime) -> bool:
    """Send it to `AUDIT_MAIL_TO`, if that is set, or that there is none; say whether a mail was written."""
    if not settings.AUDIT_MAIL_TO:
        return False
    _, is_new = Reminder.objects.get_or_create(about=f"audit-anchor:{at.date()}", defaults={"sent_at": at})
    if is_new:
        subject, text = _of_today(at)
        send_plain(settings.AUDIT_MAIL_TO, subject, text, why=gettext(KEEPS))
    return is_new


def _of_today(at: datetime) -> tuple[str, str]:
    newest = last_anchor_at()
    if newest is None or at - newest > A_DAY:
        return (
            gettext("Audit trail: no anchor for a day"),
            gettext("The audit trail is not sealed, or the folder of its anchors cannot be written: see the runbook."),
        )
    line = newest_line()
    said = json.loads(line)
    words = gettext(
        "%(count)s events. Keep this mail: with the line below in a file, “manage.py verify_audit --anchors” finds "
        "what was changed before it."
    )
    return gettext("Audit trail: link %(sequence)s") % said, f"{words % said}\n\n{line}"
