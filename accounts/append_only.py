"""Tables whose rows are added and never changed, which the database itself holds."""

import pgtrigger


def append_only() -> list[pgtrigger.Trigger]:
    """Return the triggers of an append-only table; PostgreSQL knows truncation by the statement only."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="never_emptied",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'rows of % are kept', TG_TABLE_NAME;",
        ),
    ]
