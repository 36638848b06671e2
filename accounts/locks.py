"""What only one process does at a time, by a lock of PostgreSQL.

The locks are numbers, the same for every app: two of one number would keep each other waiting for nothing.
"""

from enum import IntEnum, unique


@unique
class OneAtATime(IntEnum):
    """The key of `pg_advisory_lock` and its like."""

    FAN_OUT = 20_261
    SEAL_AUDIT = 20_262
    NOTE_SETTINGS = 20_263
    COUNT_WORDS = 20_264
    TELL_OF_USE = 20_265
