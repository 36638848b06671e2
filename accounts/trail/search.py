"""Looking through the audit trail, and taking what was found away, which is recorded too."""

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts import audit
from accounts.cells import harmless
from accounts.downloads import LONGEST, LOOK_AGAIN_AFTER, ROWS_AT_ONCE, Stream, TooSlow, be_patient
from accounts.models import AuditEvent, AuditSeal, User
from accounts.trail.chain import COLUMNS

VIEW = "accounts.view_auditevent"
PIECE = 32_768  # characters that go out at once
HEADER = (*COLUMNS, "link", "link_hash")
#: Apps above add how a reference leads to its objects, and what an object is called and where it is.
FINDERS: list[Callable[[str], Iterable[models.Model]]] = []
NAMERS: list[Callable[[str, str], "Named | None"]] = []


@dataclass(frozen=True)
class Named:
    """What an object is called, and its page, if there is one."""

    name: str
    url: str = ""


def of_person(who: str) -> Q:
    """Return the condition on what somebody did, and on what was done to their account.

    :param who: the address, or the number of the account
    """
    matches = Q(pk=int(who)) if who.isascii() and who.isdecimal() and len(who) < 19 else Q(email__iexact=who)
    keys = list(User.objects.filter(matches).values_list("pk", flat=True))
    return Q(actor__in=keys) | Q(object_type="accounts.user", object_id__in=list(map(str, keys)))


def of_item(item: str) -> Q:
    """Return the condition on what was done to an item.

    :param item: a reference, or the kind of the object and its number, such as "lessons.lesson 42"
    """
    kind, _, number = item.partition(" ")
    if number:
        return Q(object_type=kind.lower(), object_id=number.strip())
    found = Q(pk__in=[])
    for finder in FINDERS:
        for one in finder(item):
            found |= Q(object_type=one._meta.label_lower, object_id=str(one.pk))
    return found


def name_of(object_type: str, object_id: str) -> Named:
    """Return what an object is called."""
    if object_type == "accounts.user":
        user = User.objects.filter(pk=object_id).first()
        return Named(user.get_full_name() if user else "")
    found = (namer(object_type, object_id) for namer in NAMERS)
    return next((one for one in found if one), Named(""))


def download(*, events: "QuerySet[AuditEvent]", form: str, chosen: str, by: User, at: datetime) -> Stream:
    """Record that `by` takes events away, and return them as a file that is written while it is read.

    :param form: "csv" or "ndjson"
    :param chosen: the filters, in a few words
    :raises TooManyAtOnce: it can be tried again
    """
    stream = Stream()
    found = _record(events, form, chosen, by, at)
    stream.begin(_csv(_rows(found, by, at)) if form == "csv" else _ndjson(_rows(found, by, at)))
    return stream


@transaction.atomic
def _record(events: "QuerySet[AuditEvent]", form: str, chosen: str, by: User, at: datetime) -> "QuerySet[AuditEvent]":
    """Write down what is taken away, before the first byte leaves, and return it."""
    be_patient()
    newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    found = events.filter(pk__lte=newest)
    audit.record(action="audit.export", subject=None, by=by, at=at, reason=f"{form} {found.count()} {chosen}")
    return found


def _rows(events: "QuerySet[AuditEvent]", by: User, at: datetime) -> Iterator[tuple[Any, ...]]:
    """:raises TooSlow: it took too long, or `by` may not read the trail any more"""
    seal = AuditSeal.objects.filter(event_id=OuterRef("pk"))
    sealed = events.annotate(link=Subquery(seal.values("sequence")), link_hash=Subquery(seal.values("hash")))
    found = sealed.order_by("pk").values_list(*COLUMNS, "link", "link_hash")
    with transaction.atomic():  # where the cursor of the server reads as it goes
        be_patient()
        rows, looked_at = found.iterator(chunk_size=ROWS_AT_ONCE), at
        while piece := list(islice(rows, ROWS_AT_ONCE)):
            now = timezone.now()
            if now - at > LONGEST:
                raise TooSlow
            if now - looked_at > LOOK_AGAIN_AFTER:
                _still_audits(by)
                looked_at = now
            yield from piece


def _still_audits(by: User) -> None:
    person = User.objects.get(pk=by.pk)
    if not (person.may_sign_in and person.has_perm(VIEW)):
        raise TooSlow


def _csv(rows: Iterable[tuple[Any, ...]]) -> Generator[bytes, None, None]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([harmless(_text(cell)) for cell in row])
        if buffer.tell() > PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _ndjson(rows: Iterable[tuple[Any, ...]]) -> Generator[bytes, None, None]:
    for row in rows:
        cells = (cell.isoformat() if isinstance(cell, datetime) else cell for cell in row)
        document = dict(zip(HEADER, cells, strict=True))
        yield (json.dumps(document, ensure_ascii=False) + "\n").encode()


def _text(cell: Any) -> str | int:
    return cell.isoformat() if isinstance(cell, datetime) else "" if cell is None else cell
