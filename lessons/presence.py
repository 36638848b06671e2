"""Who else has a lesson open for review, so that two people do not write the same text without knowing."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from lessons.models import Lesson, OpenPage

#: The page says every half minute that it is still open (static/js/review.js); without scripts it counts as long once.
COUNTS_FOR = timedelta(seconds=90)
KEPT_FOR = timedelta(hours=1)


def note_open(*, lesson: Lesson, by: User, at: datetime) -> None:
    """Note that `by` has the page of `lesson` open."""
    OpenPage.objects.bulk_create(
        [OpenPage(lesson=lesson, user=by, at=at)],
        update_conflicts=True,
        unique_fields=["lesson", "user"],
        update_fields=["at"],
    )


def forget_closed(*, at: datetime) -> None:
    OpenPage.objects.filter(at__lt=at - KEPT_FOR).delete()


def also_open_by(lesson: Lesson, *, but: User, at: datetime) -> QuerySet[User]:
    """Return who else has the page of `lesson` open, by name."""
    open_now = OpenPage.objects.filter(lesson=lesson, at__gt=at - COUNTS_FOR).exclude(user=but)
    return User.objects.filter(pk__in=open_now.values("user")).order_by("name", "pk")
