"""A person's records: all of them for the person, and what stays of them once the account is erased."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts import audit
from accounts.models import LegalHold, Membership, Reminder, User
from accounts.records.holds import LOOK_AFTER_RECORDS
from accounts.sessions import end_sessions

#: Addresses of accounts that were erased end so; no mail leads there (RFC 2606).
ERASED = "@erased.invalid"


class Fate(Enum):
    """What becomes of the rows that point at somebody, or hold their address, when the account is erased."""

    KEEP = "kept, and points at a pseudonym"
    RENAME = "kept, with the address of the pseudonym"
    DELETE = "deleted"


#: Foreign key -> what becomes of its rows; apps above add theirs.  A key that is missing fails a test.
FATES: dict[str, Fate] = {
    "accounts.auditevent.actor": Fate.KEEP,
    "accounts.sponsorship.given_by": Fate.KEEP,
    "accounts.membership.user": Fate.KEEP,
    "accounts.membership.given_by": Fate.KEEP,
    "accounts.accessrequest.decided_by": Fate.KEEP,
    "accounts.legalhold.by": Fate.KEEP,
    "accounts.legalhold.lifted_by": Fate.KEEP,
    "accounts.opensession.user": Fate.DELETE,
    "accounts.recoverycode.user": Fate.DELETE,
    "accounts.apitoken.user": Fate.DELETE,
    "account.emailaddress.user": Fate.DELETE,
    "mfa.authenticator.user": Fate.DELETE,
    "socialaccount.socialaccount.user": Fate.DELETE,
    "guardian.userobjectpermission.user": Fate.DELETE,
}
#: Column with a person's address -> what becomes of its rows.  Mailboxes of organisations are nobody's.
ADDRESSES: dict[str, Fate] = {"accounts.accessrequest.email": Fate.DELETE}
#: Never given out, nor of use to the person: secrets, and columns that are computed.
LEFT_OUT = {"password", "digest", "data", "token", "token_key", "session", "sessions_began"}
LEFT_OUT |= {"search", "query", "readers"}


class ErasureError(Exception):
    """The account cannot be erased now.  The message is written for the person who asked."""


def records_of(user: User) -> dict[str, Any]:
    """Return all rows about somebody: the account, and by foreign key or column what points at it."""
    found: dict[str, Any] = {"accounts.user": [_row(user)]}
    for path, rows in _rows_of(user):
        found[path] = [_row(one) for one in rows.order_by("pk").iterator()]
    found["accounts.auditevent.object"] = [
        _row(one)
        for one in apps.get_model("accounts.AuditEvent").objects.filter(_is_about(user)).order_by("pk").iterator()
    ]
    return found


def _is_about(user: User) -> Q:
    return Q(object_type=User._meta.label_lower, object_id=str(user.pk))


def _rows_of(user: User) -> Iterator[tuple[str, "QuerySet[Any]"]]:
    for path in FATES:
        model, column = _model_of(path)
        yield path, model.objects.filter(**{column: user.pk})
    for path in ADDRESSES:
        model, column = _model_of(path)
        yield path, model.objects.filter(**{f"{column}__iexact": user.email})


def _model_of(path: str) -> tuple[Any, str]:
    app, name, column = path.split(".")
    return apps.get_model(app, name), column


def _row(one: models.Model) -> dict[str, Any]:
    return {
        field.name: DjangoJSONEncoder.default(ENCODER, value) if _is_odd(value) else value
        for field in one._meta.concrete_fields
        if field.name not in LEFT_OUT
        for value in [field.value_from_object(one)]
    }


ENCODER = DjangoJSONEncoder()


def _is_odd(value: Any) -> bool:
    """Whether JSON has no word of its own for it."""
    return not isinstance(value, str | int | float | bool | list | dict | None)


@transaction.atomic
def give_out(*, user: User, by: User | None, at: datetime) -> dict[str, Any]:
    """Return all records of somebody who asked for them, and note that they were given out.

    :raises PermissionDenied: `by` does not look after records; None is the command line
    """
    if by is not None and not by.has_perm(LOOK_AFTER_RECORDS):
        raise PermissionDenied
    found = records_of(user)
    audit.record(action="account.give_out", subject=user, by=by, at=at)
    return found


@transaction.atomic
def erase(*, user: User, by: User | None, at: datetime) -> None:
    """Take the person out of the account: lessons, moves and audit rows stay, and are of a pseudonym.

    A second call changes nothing.

    :raises PermissionDenied: `by` does not look after records, or is the person; None is the command line or the job
    :raises ErasureError: a legal hold is on the person
    """
    if by is not None and (not by.has_perm(LOOK_AFTER_RECORDS) or by.pk == user.pk):
        raise PermissionDenied
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.email.endswith(ERASED):
        return
    holds = LegalHold.objects.in_force(at).filter(object_type=User._meta.label_lower, object_id=user.pk)
    if holds.exists():
        raise ErasureError(gettext("A legal hold is on this person. Lift it first."))
    pseudonym = f"person-{user.pk}{ERASED}"
    fates = FATES | ADDRESSES
    for path, rows in _rows_of(user):
        if fates[path] == Fate.DELETE:
            rows.delete()
        elif fates[path] == Fate.RENAME:
            rows.update(address=pseudonym)
    Reminder.objects.filter(about__endswith=f":{user.email}").delete()
    Membership.objects.filter(user=user, ended_at=None).update(ended_at=at)
    user.email, user.name, user.is_active, user.last_login = pseudonym, f"Person {user.pk}", False, None
    user.set_unusable_password()
    user.save()
    audit.record(action="account.erase", subject=user, by=by, at=at)
    end_sessions(user=user, by=by, at=at, reason="erased")


def erase_each(users: "QuerySet[User]", at: datetime) -> None:
    for user in users:
        erase(user=user, by=None, at=at)
