"""What a line of the log must look like."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jsonschema import Draft202012Validator

from jol.logs import LineFormatter

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["at", "level", "logger", "event"],
    "properties": {
        "at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$"},
        "level": {"enum": ["debug", "info", "warning", "error", "critical"]},
        "logger": {"type": "string", "pattern": r"^[A-Za-z0-9_.]+$"},
        "event": {"type": "string", "minLength": 1, "maxLength": 300},
        "request": {"type": "string", "pattern": r"^[\w.-]{8,64}$"},
        "method": {"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"]},
        "route": {"type": "string", "pattern": r"^[\w.:-]*$"},
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "ms": {"type": "integer", "minimum": 0},
        "user": {"type": ["integer", "null"]},
        "place": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "who": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "directive": {"type": "string", "pattern": "^[a-z-]+$"},
        "sequence": {"type": "integer"},
        "count": {"type": "integer"},
        "hash": {"type": "string", "pattern": "^[0-9a-f]*$"},
        "error": {"type": "array", "items": {"type": "string", "pattern": r"^\w+$"}},
        "because": {"type": "string", "pattern": "^[a-z-]+$"},
        "trace": {"type": "array", "items": {"type": "string", "pattern": r"^[\w./<>@-]+:\d+ [\w<>]+$"}},
    },
}
VALID = Draft202012Validator(SCHEMA)


def read_lines(text: str) -> list[dict[str, Any]]:
    """Return the lines of a log, each of which is held against the schema."""
    found = []
    for line in text.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            raise AssertionError(f"not a line of the log: {line[:300]}") from None
        assert not list(VALID.iter_errors(read)), line[:500]
        found.append(read)
    return found


@contextmanager
def written() -> Iterator[io.StringIO]:
    """Collect what is logged meanwhile, as it is written; nobody else gets it: pytest cannot pass half a letter on."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    level, others = root.level, root.handlers
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    try:
        yield text
    finally:
        root.handlers = others
        root.setLevel(level)
