"""Fetching what a person asks for: not visible is 404, visible but not allowed is 403, suspended is 410.

What is OFFICIAL-SENSITIVE and fetched counts as read.
"""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from accounts.statements import ByKeys, Statement
from lessons.actions.reading import record_read
from lessons.models import Lesson, Publication

#: The version in force of a lesson, suspended or not, if a key of the person opens it.
_CURRENT: Statement[Publication] = Statement(
    lambda user, reference: (
        Publication.objects.opened_by(user)
        .current()
        .filter(lesson__reference=reference)
        .select_related("lesson__organisation")
        .defer("search")
        .order_by("pk")[:1]
    )
)


class Suspended(Exception):
    """The publication exists, the person could read it, and it is suspended: 410."""


class Moved(Exception):
    """The lesson was merged.

    :ivar reference: of the lesson that has it now
    """

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


def get_lesson(*, user: User, pk: int, permission: str | None = None) -> Lesson:
    """Return an authoring record the user may see and, if `permission` is given, act on.

    :raises Http404: there is none that the user may see
    :raises PermissionDenied: the user may see it, but not do this
    """
    lesson = get_object_or_404(Lesson.objects.visible_to(user).for_list(), pk=pk)
    if permission and not user.has_perm(permission, lesson):
        raise PermissionDenied
    record_read(lesson, by=user, at=timezone.now())
    return lesson


def get_publication(*, user: User, reference: str) -> Publication:
    """Return the version in force of a lesson, for a reader.

    :raises Suspended: it is suspended, and the user could read it otherwise
    :raises Moved: it was merged into one that the user may read
    :raises Http404: in all other cases, alike whether there is such a lesson or not
    """
    for current in _CURRENT(user=ByKeys(user), reference=reference):
        if current.suspended_at:
            raise Suspended
        record_read(current, by=user, at=timezone.now())
        return current
    target = Publication.objects.readable_by(user).filter(lesson__mergers__reference=reference).select_related("lesson")
    if moved := target.first():
        raise Moved(moved.reference)
    raise Http404
