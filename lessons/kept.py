"""What everybody may read is counted once for all and kept in this process, until a publication changes.

Most publications are open to everyone who is signed in: what is counted of them is the same for all.  The few others
that a person may read besides are counted each time.  Both parts are counted in one snapshot of the database, and what
is kept belongs to the state that the snapshot shows: a change is in the counts from its commit on, never before.
See docs/decisions/0019-what-everybody-may-read-is-counted-once.md.
"""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from lessons.models import PublicationQuerySet
from lessons.search.counting import EVERYBODY

OPEN_TO_ALL = Q(readers__contains=[EVERYBODY])
#: Counts, those of other states among them, that are kept at most.
MOST_KEPT = 64
#: Stamps that are added up each time, so that there should not be thousands.
MOST_STAMPS = 100
#: Narrowed by no filter: all but what is archived.
UNFILTERED = ()
EVERYTHING = (("archived", "include"),)
#: Who counts for all may take longer than a page otherwise waits for the database: else a million would never be told.
PATIENCE = "SET LOCAL statement_timeout = '20s'"
#: All stamps there are, combined; the order and the number of rows do not matter, so old ones can become one.
STATE = "SELECT bit_xor(stamp) FROM lessons_publicationstamp"
FOLD = """
WITH old AS (
    DELETE FROM lessons_publicationstamp WHERE (SELECT count(*) FROM lessons_publicationstamp) > %s RETURNING stamp
)
INSERT INTO lessons_publicationstamp (stamp) SELECT bit_xor(stamp) FROM old HAVING count(*) > 0
"""

Counted = TypeVar("Counted")
_kept: dict[Hashable, Any] = {}
#: By what is counted just now; whoever asks the same meanwhile waits for the answer.
_counting: dict[Hashable, threading.Lock] = {}


def count_in_parts(
    found: PublicationQuerySet, user: User, count: Callable[[PublicationQuerySet], Counted], *, by: Hashable
) -> list[Counted]:
    """Return what `count` says of the publications in `found` that everybody may read, and of the others.

    :param found: what `user` may read, narrowed by what `by` says and nothing else
    :param by: the filters of the list, by name; None if nothing is to be kept
    :param count: a function of a module; nobody changes what it returns
    """
    if by is None or EVERYBODY not in user.keys:
        return [count(found)]
    with one_snapshot():
        key = (_state(), user.without_sensitive, count, by)
        return [_keep(key, lambda: count(found.filter(OPEN_TO_ALL))), count(found.exclude(OPEN_TO_ALL))]


def count_as_one(
    found: PublicationQuerySet, user: User, count: Callable[[PublicationQuerySet], Counted], *, by: Hashable
) -> Counted:
    """Return what `count` says of `found`, where parts could not be put together; kept for all who may read the same.

    The parameters are those of `count_in_parts`.
    """
    if by is None or EVERYBODY not in user.keys:
        return count(found)
    with one_snapshot():
        others = tuple(found.exclude(OPEN_TO_ALL).order_by("pk").values_list("pk", flat=True))
        return _keep((_state(), user.without_sensitive, count, by, others), lambda: count(found))


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let all that is read inside see the database at one moment; a transaction that has begun goes on as it is."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def fold_stamps(*, above: int = MOST_STAMPS) -> None:
    """Make one stamp of all, which says the same state, once there are more than so many."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [above])


def _state() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        state: int | None = cursor.fetchone()[0]
    return state


def _keep(key: Hashable, count: Callable[[], Counted]) -> Counted:
    there: Counted | None = _kept.get(key)
    if there is not None:
        return there
    try:
        with _counting.setdefault(key, threading.Lock()):
            there = _kept.get(key)
            if there is None:
                there = _kept[key] = _count_patiently(count)
                for old in [*_kept][:-MOST_KEPT]:
                    _kept.pop(old, None)
            return there
    finally:
        _counting.pop(key, None)


def _count_patiently(count: Callable[[], Counted]) -> Counted:
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
    return count()
