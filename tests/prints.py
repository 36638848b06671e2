"""What is stored, so that a test can say that a request has changed nothing."""

from __future__ import annotations

from django.db import connection


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
