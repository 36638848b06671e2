"""Anchors: the newest link of the chain, signed and written where the owner of the database cannot change it.

A chain alone does not show that its end was cut off, or that all of it was written anew; a signed link does.
"""

import base64
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from accounts.models import AuditEvent, AuditSeal

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
HEAD, PRUNED = "head", "pruned"


@dataclass(frozen=True)
class Anchor:
    """A signed word about the chain.

    :ivar kind: "head": link `sequence` has this hash; "pruned": up to it, events may be gone since they were too old
    :ivar count: of the events there were
    :ivar key: the public key that belongs to the signature
    """

    at: str
    kind: str
    sequence: int
    hash: str
    count: int
    key: str
    signature: str = ""

    @property
    def signed_text(self) -> bytes:
        facts = asdict(self) | {"signature": ""}
        return json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()

    def is_signed_by(self, keys: set[str]) -> bool:
        if self.key not in keys:
            return False
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.key))
            public.verify(base64.b64decode(self.signature), self.signed_text)
        except (InvalidSignature, ValueError):
            return False
        return True


def anchor_if_due(*, at: datetime) -> bool:
    """Write the newest link down if an hour has passed since the last anchor; say whether it was written."""
    newest = last_anchor_at()
    head = AuditSeal.objects.order_by("-sequence").first()
    if head is None or (newest and newest <= at < newest + EVERY):
        return False
    anchor(head=head, kind=HEAD, at=at)
    return True


def anchor(*, head: AuditSeal, kind: str, at: datetime) -> None:
    """Sign a word about link `head`, add it to the file of the month, and say it in the log.

    :raises OSError: the folder cannot be written
    """
    key = _private_key(settings.AUDIT_SIGNING_KEY or settings.SECRET_KEY)
    unsigned = Anchor(
        at=at.isoformat(),
        kind=kind,
        sequence=head.sequence,
        hash=head.hash,
        count=AuditEvent.objects.count(),
        key=public_key_of(key),
    )
    signature = base64.b64encode(key.sign(unsigned.signed_text)).decode()
    line = json.dumps(asdict(unsigned) | {"signature": signature}, separators=(",", ":"), sort_keys=True)
    folder: Path = settings.AUDIT_ANCHOR_DIR
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{at:%Y-%m}.ndjson").open("a", encoding="ascii") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
    facts = {"sequence": head.sequence, "hash": head.hash[:40], "count": unsigned.count}
    logger.info("audit.anchored", extra={"facts": facts})


def newest_line() -> str:
    """Return the last line that was written, or ""."""
    newest = max(settings.AUDIT_ANCHOR_DIR.glob("*.ndjson"), default=None)
    lines: list[str] = newest.read_text(encoding="utf-8").splitlines() if newest else []
    return lines[-1] if lines else ""


def last_anchor_at() -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(newest_line())["at"])
    except (ValueError, KeyError, TypeError):
        return None


def anchors(place: Path) -> Iterator[tuple[str, Anchor | None]]:
    """Yield where each anchor stands and what it says; None: that is no anchor, or its signature does not hold.

    :param place: the folder of the files of the months, or a file, such as one with the lines of mails
    """
    keys = trusted_keys()
    for path in [place] if place.is_file() else sorted(place.glob("*.ndjson")):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            try:
                said = Anchor(**json.loads(line))
            except (ValueError, TypeError, RecursionError):
                said = None
            yield f"{path.name}, line {number}", said if said and said.is_signed_by(keys) else None


def trusted_keys() -> set[str]:
    """Return the public keys of this installation, of its earlier secrets, and of those it was told of."""
    secrets = [settings.AUDIT_SIGNING_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return {public_key_of(_private_key(secret)) for secret in secrets if secret} | set(settings.AUDIT_FORMER_KEYS)


def public_key_of(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _private_key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"accounts.trail:" + secret.encode()).digest())
