"""Making, editing, approving and closing the lessons digest of a quarter."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext

from accounts import audit
from accounts.models import User
from lessons.models import Brag, Publication
from notifications.actions.subscriptions import SubscriptionError
from notifications.models import Frequency, QuarterDigest
from notifications.periods import Period, last_period, next_end

EDIT = "notifications.edit_quarter_digest"
#: The Secretariat has so long before the quarter ends.
MADE_BEFORE_END = timedelta(days=14)
#: So many are chosen by rule, and by hand at most.
MADE_OF, MOST_CHOSEN = 10, 20
MOST_URGENT_FIRST = Case(
    *(When(brag=brag, then=Value(place)) for place, brag in enumerate((Brag.RED, Brag.AMBER, Brag.GREEN, Brag.BLUE))),
    output_field=IntegerField(),
)


class NotInTime(SubscriptionError):
    """The digest has gone, or is going."""


class EditedMeanwhile(SubscriptionError):
    """Somebody else saved it since the page was opened."""


def make_if_due(*, at: datetime) -> QuarterDigest | None:
    """Make the digest of the quarter that ends next, once, when it is near; return it if it was made now."""
    period = quarter_of(at)
    if at < period.end - MADE_BEFORE_END or QuarterDigest.objects.filter(period_start=period.start).exists():
        return None
    best = candidates(period.start, period.end).alias(urgency=MOST_URGENT_FIRST).order_by("urgency", "-published_at")
    made = list(best.values_list("lesson", flat=True)[:MADE_OF])
    digest, is_new = QuarterDigest.objects.get_or_create(
        period_start=period.start,
        defaults={"period_end": period.end, "made_at": at, "made": made, "chosen": made},
    )
    return digest if is_new else None


def quarter_of(at: datetime) -> Period:
    """Return the quarter in which `at` lies."""
    end = next_end(Frequency.QUARTERLY, at)
    return last_period(Frequency.QUARTERLY, end)


def candidates(start: datetime, end: datetime) -> QuerySet[Publication]:
    """Return what was published for the first time in a quarter and is live now, newest first."""
    first = Publication.objects.filter(version=1, published_at__gte=start, published_at__lt=end)
    live = Publication.objects.live().unarchived().filter(lesson__in=first.values("lesson"))
    return live.for_list()


@transaction.atomic
def edit_quarter(
    *, digest: QuarterDigest, words: str, chosen: Sequence[int], version: int, by: User, at: datetime
) -> QuarterDigest:
    """Save words and lessons; what was approved before has to be approved again.

    :param version: `row_version` as the editor saw it
    :raises PermissionDenied: `by` may not edit it
    :raises NotInTime: the quarter is over
    :raises EditedMeanwhile: somebody else saved it
    """
    digest = _to_edit(digest, version, by, at)
    digest.words, digest.chosen = words, list(dict.fromkeys(chosen))[:MOST_CHOSEN]
    digest.approved_at = digest.approved_by = None
    digest.row_version += 1
    digest.save()
    audit.record(action="quarter_digest.edit", subject=digest, by=by, at=at)
    return digest


@transaction.atomic
def approve_quarter(*, digest: QuarterDigest, version: int, by: User, at: datetime) -> QuarterDigest:
    """Let it go as it is when the quarter ends.

    :raises PermissionDenied: `by` may not edit it
    :raises NotInTime: the quarter is over
    :raises EditedMeanwhile: it is not what the approver saw
    """
    digest = _to_edit(digest, version, by, at)
    digest.approved_at, digest.approved_by = at, by
    digest.row_version += 1
    digest.save()
    audit.record(action="quarter_digest.approve", subject=digest, by=by, at=at)
    return digest


def _to_edit(digest: QuarterDigest, version: int, by: User, at: datetime) -> QuarterDigest:
    if not by.has_perm(EDIT):
        raise PermissionDenied
    digest = QuarterDigest.objects.select_for_update().get(pk=digest.pk)
    if not digest.may_be_edited(at):
        raise NotInTime(gettext("The quarter is over: its digest has gone out."))
    if digest.row_version != version:
        raise EditedMeanwhile(gettext("Somebody else saved the digest while you had it open. Look at it as it is now."))
    return digest


def close_quarter(*, period_start: datetime, at: datetime) -> QuarterDigest | None:
    """Fix what goes out, in the transaction that begins the run; None if no digest was made of that quarter."""
    digest = QuarterDigest.objects.select_for_update().filter(period_start=period_start).first()
    if digest and digest.closed_at is None:
        digest.closed_at = at
        digest.save(update_fields=["closed_at"])
    return digest
