"""What a link of the chain holds, so that sealing and verifying cannot differ."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

#: Columns of an event in the order in which `event_digest` takes them.
COLUMNS = (
    "id",
    "at",
    "actor_id",
    "role",
    "action",
    "object_type",
    "object_id",
    "reason",
    "digest",
    "request_id",
)
#: What stands before the first link.
NOTHING = "0" * 64


def event_digest(values: Iterable[Any]) -> str:
    """Return the SHA-256 of an event as canonical JSON.

    Empty columns are left out, so that a column which is added later changes the digest of no older event.
    """
    held = {name: _plain(value) for name, value in zip(COLUMNS, values, strict=True) if value not in (None, "")}
    return _sha256(held)


def link_hash(*, sequence: int, event_id: int, digest: str, previous: str, sealed_at: datetime) -> str:
    return _sha256([sequence, event_id, digest, previous, _plain(sealed_at)])


def _sha256(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
