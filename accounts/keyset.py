"""Lists of rows that may be millions: newest first, page by page from a key."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

PER_PAGE = 50


@dataclass(frozen=True)
class KeysetPage:
    """One page; `older` and `newest` are addresses, empty where there is nothing to go to."""

    rows: list[Any]
    older: str
    newest: str


def keyset_page(rows: QuerySet[Any], query: QueryDict, *, key: str = "pk", per_page: int = PER_PAGE) -> KeysetPage:
    """Return the page of `rows` that `?before=` asks for; a value that is no key begins at the newest.

    :param key: what to sort by, falling; unique.  Rows are objects, or dictionaries that hold it
    """
    given = query.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    if before is not None:
        rows = rows.filter(**{f"{key}__lt": before})
    found = list(rows.order_by(f"-{key}")[: per_page + 1])
    rest = query.copy()
    rest.pop("before", None)
    newest = f"?{rest.urlencode()}" if before is not None else ""
    older = ""
    if len(found) > per_page:
        last = found[per_page - 1]
        rest["before"] = str(last[key] if isinstance(last, dict) else getattr(last, key))
        older = f"?{rest.urlencode()}"
    return KeysetPage(found[:per_page], older, newest)
