"""Which organisations were let into a lesson, to do what, and by whom."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import AuditEvent, Organisation, User
from lessons.models import Lesson, LessonGrant

SHARED = "lesson.share"


@dataclass(frozen=True)
class Partner:
    """
    :ivar let_in_by: who last said what they may do; None, like the time: before that was recorded
    """

    organisation: Organisation
    may_write: bool
    let_in_by: User | None = None
    let_in_at: datetime | None = None

    @property
    def may(self) -> str:
        return "write" if self.may_write else "read"


def partners_of(lesson: Lesson) -> list[Partner]:
    """Return who was let in, by name."""
    grants = LessonGrant.objects.filter(content_object=lesson).select_related("group", "permission")
    codes: dict[Organisation, set[str]] = {}
    for grant in grants:
        codes.setdefault(grant.group, set()).add(grant.permission.codename)
    said = _said(lesson) if codes else {}
    found = [
        Partner(organisation, "change_lesson" in granted, *said.get(organisation.code, (None, None)))
        for organisation, granted in codes.items()
    ]
    return sorted(found, key=lambda partner: (partner.organisation.name, partner.organisation.pk))


def _said(lesson: Lesson) -> dict[str, tuple[User | None, datetime | None]]:
    """Return by whom and when each organisation was let in, the last time: the trail holds its code as the reason."""
    events = AuditEvent.objects.filter(
        action=SHARED, object_type=Lesson._meta.label_lower, object_id=str(lesson.pk)
    ).select_related("actor")
    return {event.reason: (event.actor, event.at) for event in events.order_by("pk")}
