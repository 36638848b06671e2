"""Files that are written while somebody reads them: how many at once, how patiently, and for how long."""

import threading
from collections.abc import Generator, Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection

#: What a page may not: take long, and wait for somebody who reads slowly (jol/wsgi.py).  Until the transaction ends.
PATIENCE = "SET LOCAL statement_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '15min'"
#: Rows that the server-side cursor hands over at once: what is in memory at any time.
ROWS_AT_ONCE = 500
#: What was found is old for somebody who reads slowly: after so long it is asked again what they may read.
LOOK_AGAIN_AFTER = timedelta(seconds=1)
#: Whoever reads more slowly gets no whole file.
LONGEST = timedelta(minutes=15)
#: Somebody else's file is written by then.
RETRY_SECONDS = 60

_places = threading.BoundedSemaphore(settings.DOWNLOADS_AT_ONCE)


class TooManyAtOnce(Exception):
    """As many files are being written as can be."""


class TooSlow(Exception):
    """The reader took too long; the file is cut, which a program or browser notices."""


class Stream:
    """The bytes of a file, whose place is free again when it was read, given up or forgotten.

    :raises TooManyAtOnce: there is no place
    """

    def __init__(self) -> None:
        self._pieces: Generator[bytes, None, None] | None = None
        self._has_place = _places.acquire(blocking=False)
        if not self._has_place:
            raise TooManyAtOnce

    def begin(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            raise StopIteration
        return next(self._pieces)

    def close(self) -> None:
        if self._pieces is not None:
            self._pieces.close()
        if self._has_place:
            self._has_place = False
            _places.release()

    __del__ = close


def be_patient() -> None:
    """Let the rest of the transaction take as long as a file does."""
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
