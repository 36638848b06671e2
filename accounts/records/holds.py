"""Legal holds: what somebody asked to keep stays, whatever the rules say."""

from collections.abc import Callable
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from accounts import audit
from accounts.models import LegalHold, User

LOOK_AFTER_RECORDS = "accounts.look_after_records"
#: Finds the object that somebody types, such as a reference; apps above add theirs.
FINDERS: list[Callable[[str], models.Model | None]] = []
#: Called before something is held: returns once nobody writes in it; apps above add theirs.
WAITERS: list[Callable[[models.Model], None]] = []


class Held:
    """What is held at a time, looked up once.

    `in_class` gives the keys of the objects of a class.
    """

    def __init__(self, at: datetime) -> None:
        self._keys: dict[str, list[int]] = {}
        for object_type, key in LegalHold.objects.in_force(at).values_list("object_type", "object_id"):
            self._keys.setdefault(object_type, []).append(key)

    def in_class(self, kind: type[models.Model]) -> list[int]:
        return self._keys.get(kind._meta.label_lower, [])

    @property
    def all(self) -> dict[str, list[int]]:
        return self._keys


def find(typed: str) -> models.Model | None:
    """Return what is to be held: a person by address, or what an app above knows by that name."""
    person = User.objects.filter(email__iexact=typed.strip()).first()
    return person or next((found for finder in FINDERS if (found := finder(typed.strip()))), None)


@transaction.atomic
def hold(*, subject: models.Model, reason: str, until: date | None, by: User, at: datetime) -> LegalHold:
    """Keep `subject` from being removed, and what there is of it from being changed.

    :raises PermissionDenied: `by` does not look after records
    """
    _may(by)
    for wait in WAITERS:
        wait(subject)
    made = LegalHold.objects.create(
        object_type=subject._meta.label_lower, object_id=subject.pk, reason=reason, until=until, by=by, at=at
    )
    audit.record(action="hold.place", subject=subject, by=by, at=at, reason=f"hold {made.pk}")
    return made


@transaction.atomic
def lift(*, held: LegalHold, by: User, at: datetime) -> None:
    """Let the rules apply again.  A second call changes nothing.

    :raises PermissionDenied: `by` does not look after records
    """
    _may(by)
    if LegalHold.objects.filter(pk=held.pk, lifted_at=None).update(lifted_at=at, lifted_by=by):
        audit.record(action="hold.lift", subject=held, by=by, at=at)


def _may(by: User) -> None:
    if not by.has_perm(LOOK_AFTER_RECORDS):
        raise PermissionDenied
