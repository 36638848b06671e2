"""What waits for a person, by the roles they have: the first thing they see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from accounts.roles import Role
from accounts.statements import ByMemberships, Statement
from lessons.models import Lesson, Status
from lessons.models.lessons import OWNER_WRITES

#: How many lessons somebody has to write, by status.
_WRITTEN = Statement(
    lambda user: (
        Lesson.objects.visible_to(user)
        .filter(author=user, status__in=OWNER_WRITES)
        .order_by()
        .values_list("status")
        .annotate(number=Count("pk"))
    )
)


@dataclass(frozen=True)
class Waiting:
    """Some things that wait for this person.

    :ivar is_urgent: some are late
    """

    count: int
    label: str
    hint: str
    url: str
    is_urgent: bool = False


Source = Callable[[User, datetime], Iterable[Waiting]]
#: Applications above add what waits in them when they start.
SOURCES: list[Source] = []


def waiting_for(user: User, at: datetime) -> list[Waiting]:
    """Return what waits for `user`, most pressing first; nothing that is empty."""
    found = [*_to_moderate(user, at), *_to_sign_off(user), *_to_write(user)]
    found += [one for source in SOURCES for one in source(user, at)]
    return [one for one in found if one.count]


def _to_moderate(user: User, at: datetime) -> list[Waiting]:
    if not user.has_role(Role.LRF_MODERATOR, Role.SECRETARIAT):
        return []
    queue = Lesson.objects.visible_to(user).moderated_by(user).waiting()
    counts = queue.aggregate(
        mine=Count("pk", filter=Q(claimed_by=user)),
        free=Count("pk", filter=Q(status=Status.SUBMITTED)),
        late=Count("pk", filter=Q(due_on__lt=timezone.localdate(at))),
    )
    late = counts["late"]
    return [
        Waiting(
            counts["mine"],
            gettext("with you for review"),
            gettext("Carry on where you left off"),
            f"{reverse('queue')}?whose=mine",
        ),
        Waiting(
            counts["free"],
            gettext("waiting for a moderator"),
            gettext("%(late)s past the date they were due") % {"late": late} if late else gettext("None is late"),
            reverse("queue"),
            is_urgent=late > 0,
        ),
    ]


def _to_sign_off(user: User) -> list[Waiting]:
    if not user.leads:
        return []
    waiting = Lesson.objects.filter(organisation__in=user.leads, status=Status.AWAITING_SIGN_OFF).exclude(author=user)
    url = f"{reverse('our_lessons')}?status={Status.AWAITING_SIGN_OFF}"
    return [Waiting(waiting.count(), gettext("to sign off"), gettext("For your organisation"), url)]


def _to_write(user: User) -> list[Waiting]:
    counts = dict(_WRITTEN(user=ByMemberships(user)))
    url = reverse("our_lessons")
    return [
        Waiting(
            counts.get(Status.CHANGES_REQUESTED, 0),
            gettext("sent back to you"),
            gettext("A moderator asks for changes"),
            f"{url}?status={Status.CHANGES_REQUESTED}",
            is_urgent=True,
        ),
        Waiting(
            counts.get(Status.DRAFT, 0),
            gettext("in draft"),
            gettext("Only you and those who lead for your organisation see them"),
            f"{url}?status={Status.DRAFT}",
        ),
    ]
