"""What is stored, so that a test can say that a request has changed nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection

#: The words after these: tables, and what is none, as in FOR UPDATE OF.
WRITES = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')


class Prints:
    """What is stored, as one digest of each table."""

    #: Sessions, counts of requests, who has a page open, and what is recorded of all that.
    NOT_CONTENT = {
        "django_session",
        "cache",
        "accounts_opensession",
        "accounts_ratecount",
        "accounts_auditevent",
        "accounts_unsealedevent",
        "lessons_openpage",
    }

    def __init__(self) -> None:
        self.tables = set(connection.introspection.table_names()) - self.NOT_CONTENT

    def skip(self, *more: str) -> None:
        """Look away from these tables too."""
        self.tables -= set(more)

    def take(self, tables: set[str] | None = None) -> dict[str, str]:
        """Return the digests of `tables`, or of all that there are."""
        each = (
            f"SELECT '{table}', count(*) || coalesce(md5(string_agg(row::text, ',' ORDER BY row::text)), '')"  # noqa: S608 - names of our tables
            f' FROM "{table}" AS row'
            for table in sorted(self.tables if tables is None else tables)
        )
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(each))
            return dict(cursor.fetchall())

    def differ(self, before: dict[str, str], *, written: set[str]) -> bool:
        """Say whether one of the tables in `written` holds something else than `before`."""
        return bool(tables := written & self.tables) and any(
            before[table] != now for table, now in self.take(tables).items()
        )


@contextmanager
def noting_writes() -> Iterator[set[str]]:
    """Note the names of tables that statements in here write to: others need not be looked at."""
    written: set[str] = set()
    with connection.execute_wrapper(partial(_note_writes, written)):
        yield written


def _note_writes(written: set[str], execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    written.update(WRITES.findall(sql))
    return execute(sql, params, many, context)
