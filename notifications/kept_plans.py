"""Statements whose plan a connection makes once: planning them for each list of keys takes longer than answering."""

from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

#: Whatever list it is asked about, look each of it up in an index.  Left to itself PostgreSQL plans for the list at
#: hand, and would rather read a table of all people than look five hundred up.
ONE_PLAN_FOR_ALL = "SET plan_cache_mode TO force_generic_plan"
PLAN_FOR_EACH = "SET plan_cache_mode TO auto"

#: By connection to the database, the names of what it has prepared.
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class KeptPlan:
    """A statement about lists of keys, other ones each time.

    :param name: its own, in the whole portal
    :param types: of its parameters, which stand in `sql` as $1, $2
    """

    def __init__(self, name: str, types: list[str], sql: str) -> None:
        self.name = name
        self._prepare = f"PREPARE {name} ({', '.join(types)}) AS {sql}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def ask(self, *parameters: list[Any]) -> list[dict[str, Any]]:
        """Return the rows, by names of columns."""
        with connection.cursor() as cursor:
            prepared = _prepared.setdefault(connection.connection, set())
            if self.name not in prepared:
                cursor.execute(self._prepare)
                prepared.add(self.name)
            cursor.execute(self._execute, parameters)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
