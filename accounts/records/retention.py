"""The rules of retention, class by class, and the job that applies them."""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import RetentionRule, User
from accounts.models.records import Unit, period_in_words
from accounts.records.holds import LOOK_AFTER_RECORDS, Held

#: So many objects go in one transaction.
AT_ONCE = 1_000


class Outcome(models.TextChoices):
    REVIEW = "review", _("Reviewed by the Secretariat")
    ANONYMISE = "anonymise", _("Anonymised")
    DELETE = "delete", _("Deleted")


@dataclass(frozen=True)
class Kept:
    """A class of records.

    :ivar due: what is older than a time, and not held; the second time is now
    :ivar carry_out: removes these objects, and is called with at most `AT_ONCE`; None: somebody decides
    :ivar is_large: so many rows that a page should not count them
    :ivar by_owner: takes the rights of the owner of the database, so the hourly job leaves it out
    """

    code: str
    name: Any
    number: int
    unit: Unit
    outcome: Outcome
    due: Callable[[datetime, datetime, Held], "QuerySet[Any]"]
    carry_out: Callable[["QuerySet[Any]", datetime], None] | None = None
    is_large: bool = False
    by_owner: bool = False

    def before(self, at: datetime) -> datetime:
        """Return the time before which a record is too old."""
        rule = RetentionRule.objects.filter(pk=self.code).first() or self
        return back(at, rule.number, Unit(rule.unit))


@dataclass(frozen=True)
class Done:
    """What came of one class: so many are due, or were removed; None: not counted."""

    kept: Kept
    before: datetime
    count: int | None


#: Apps above add theirs.
CLASSES: list[Kept] = []


def periods() -> list[tuple[Kept, str]]:
    """Return every class with the period that holds now, in words."""
    rules = RetentionRule.objects.in_bulk()
    in_force = ((kept, rules.get(kept.code) or kept) for kept in CLASSES)
    return [(kept, period_in_words(rule.number, rule.unit)) for kept, rule in in_force]


def back(at: datetime, number: int, unit: Unit) -> datetime:
    """Return the same time so many days, months or years before; the last day of a month that is shorter."""
    if unit == Unit.DAY:
        return at - timedelta(days=number)
    months = at.year * 12 + at.month - 1 - number * (12 if unit == Unit.YEAR else 1)
    year, month = divmod(months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def what_is_due(*, at: datetime, counts_large: bool = True) -> Iterator[Done]:
    """Count what the rules would remove, or want looked at, without doing it."""
    held = Held(at)
    for kept in CLASSES:
        before = kept.before(at)
        is_counted = counts_large or not kept.is_large
        yield Done(kept, before, kept.due(before, at, held).count() if is_counted else None)


def to_review(*, at: datetime, most: int) -> list[Any]:
    """Return what somebody has to look at again, with a page of its own each."""
    held = Held(at)
    wanted = (kept for kept in CLASSES if kept.outcome == Outcome.REVIEW)
    return [one for kept in wanted for one in kept.due(kept.before(at), at, held).order_by("pk")[:most]]


def apply_rules(*, at: datetime, as_owner: bool = False) -> Iterator[Done]:
    """Remove what is due, and write a row for each class of which something was; a second run finds nothing."""
    for kept in CLASSES:
        if kept.carry_out is None or (kept.by_owner and not as_owner):
            continue
        before, total = kept.before(at), 0
        while count := _apply_once(kept, before, at):
            total += count
        yield Done(kept, before, total)


@transaction.atomic
def _apply_once(kept: Kept, before: datetime, at: datetime) -> int:
    due = kept.due(before, at, Held(at))
    keys = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    if keys and kept.carry_out:
        kept.carry_out(due.model.objects.filter(pk__in=keys), at)
        reason = f"{kept.code}: {len(keys)} before {before:%Y-%m-%d}"
        audit.record(action=f"retention.{kept.outcome}", subject=None, by=None, at=at, reason=reason)
    return len(keys)


@transaction.atomic
def set_rule(*, code: str, number: int, unit: str, by: User, at: datetime) -> None:
    """Set for how long a class is kept.

    :raises PermissionDenied: `by` does not look after records
    """
    if not by.has_perm(LOOK_AFTER_RECORDS):
        raise PermissionDenied
    rule, _is_new = RetentionRule.objects.update_or_create(code=code, defaults={"number": number, "unit": unit})
    audit.record(action="retention.set", subject=rule, by=by, at=at, reason=f"{number} {unit}")
