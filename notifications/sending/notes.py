"""Notes of which mail is being handed over, on their way while the sender goes on.

A note is sent before the mail goes.  From then on it is carried out, even if the sender ends at that moment; so its
answer is heard before the next note only.  Django's connection waits for each answer, hence one of the notes' own.
That the lane is still ours was heard milliseconds ago: nobody takes it away within seconds of that.
"""

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extras import wait_select

LEASE = timedelta(seconds=20)
#: A note is on disk before the mail goes, unless one got there so short a time ago (in seconds): see `write`.
FLUSH_SECONDS = 0.015
#: One is sent to the disk ahead of that, so that a fast sender need not wait.
FLUSH_AHEAD_SECONDS = 0.013
#: While a lane is held most commits do not wait for the disk.  What is written gets there in the order in which it was
#: committed: where an outcome is lost, so are the notes of later mails.
DO_NOT_WAIT = "SET synchronous_commit TO off"
WAIT_FOR_DISK = "SELECT set_config('synchronous_commit', 'on', true);"  # for the transaction in hand
#: The lease is renewed with a note when it was not for so long; to read a time takes longer than to write the note.
RENEW = timedelta(seconds=0.25)
#: Planning them takes longer than carrying them out.
PREPARE = """
PREPARE {name} (bigint) AS UPDATE notifications_lane SET current = $1 WHERE id = {lane} AND holder = '{holder}';
PREPARE {name}_renewed (bigint, timestamptz) AS
UPDATE notifications_lane SET current = $1, lease_until = $2 WHERE id = {lane} AND holder = '{holder}';
"""


class LaneLost(Exception):
    """The lease ran out and somebody else closed the batch: this sender must not go on."""


class Notes:
    """The notes of one holder of a lane.  Within a transaction of the caller, as in tests, they are part of it."""

    def __init__(self, lane: int, holder: uuid.UUID) -> None:
        self.name = f"note_{holder.hex}"
        self.prepare = PREPARE.format(name=self.name, lane=int(lane), holder=holder)
        self.renewed_at: datetime | None = None  # by the clock of the sender
        self.flushed_at = 0.0  # by the clock of this process
        self.is_unheard = False
        self.own: psycopg2.extensions.connection | None = None
        self.cursor: Any = None
        self.errors = connection.wrap_database_errors  # to ask for it with each note takes as long as the note

    def write(self, delivery: int, *, at: datetime) -> None:
        """Have the database note that the mail with this key is being handed over; renew the lease if it is time.

        The note outlives this process at once.  It outlives the database's, too, if it is on disk; a sender that is
        faster than the disk does not wait for each: were both to end in the same moment, what it sent since the last
        flush would go again.

        :raises LaneLost: by the answer to an earlier one, the lane is somebody else's
        """
        if self.cursor is None:
            self._open()
        self.hear()
        # Written out: to have the driver fill parameters in takes longer than the statement.
        note = f"EXECUTE {self.name} ({int(delivery)})"
        if self.renewed_at is None or not timedelta() <= at - self.renewed_at < RENEW:
            note = f"EXECUTE {self.name}_renewed ({int(delivery)}, '{(at + LEASE).isoformat()}')"
            self.renewed_at = at
        now = time.monotonic()
        to_disk = now - self.flushed_at > FLUSH_AHEAD_SECONDS
        self.is_unheard = True
        with self.errors:
            self.cursor.execute(WAIT_FOR_DISK + note if to_disk else note)
        if now - self.flushed_at > FLUSH_SECONDS:
            self.hear()
        if to_disk:  # when the next note is written this one was heard
            self.flushed_at = now

    def hear(self) -> None:
        """Wait for the answer to the last note.

        :raises LaneLost: the lane is somebody else's
        """
        if not self.is_unheard:
            return
        if self.own:
            with self.errors:
                wait_select(self.own)
        self.is_unheard = False
        if self.cursor.rowcount != 1:
            raise LaneLost

    def close(self) -> None:
        """Go no further; what is on its way is carried out unless the lane is somebody else's by then."""
        if self.own:
            self.own.close()
        self.own = self.cursor = self.renewed_at = None
        self.is_unheard = False

    def _open(self) -> None:
        if connection.in_atomic_block:
            self.cursor = connection.cursor()
            self.cursor.execute(self.prepare)
            return
        with self.errors:
            self.own = psycopg2.connect(**connection.get_connection_params(), async_=1)
            wait_select(self.own)
            self.cursor = self.own.cursor()
            self.cursor.execute(DO_NOT_WAIT)
            wait_select(self.own)
            self.cursor.execute(self.prepare)
            wait_select(self.own)
