"""Verifying: every link, every event and every anchor, in one pass over the table."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from accounts.models import AuditSeal
from accounts.trail.anchors import PRUNED, Anchor, anchors
from accounts.trail.chain import COLUMNS, NOTHING, event_digest, link_hash
from accounts.trail.sealing import SEALED_WITHIN

#: The chain went on for longer than this after the last anchor: somebody took anchors away, or none are written.
ANCHORED_WITHIN = timedelta(days=1)
ROWS_AT_ONCE = 2_000
LINKS = f"""
SELECT seal.sequence, seal.event_id, seal.event_digest, seal.previous, seal.hash, seal.sealed_at,
       {", ".join(f"event.{column}" for column in COLUMNS)}
FROM accounts_auditseal seal LEFT JOIN accounts_auditevent event ON event.id = seal.event_id
ORDER BY seal.sequence
"""  # noqa: S608 - our own constants
UNSEALED = """
SELECT coalesce(event.id, waiting.event_id), event.id IS NULL, waiting.since
FROM accounts_auditevent event FULL JOIN accounts_unsealedevent waiting ON waiting.event_id = event.id
WHERE NOT EXISTS (SELECT 1 FROM accounts_auditseal seal WHERE seal.event_id = coalesce(event.id, waiting.event_id))
ORDER BY 1
"""


class Verification:
    """One look at the whole trail: `faults` gives a sentence for each, which says where it is.

    :ivar links: so many were looked at, :ivar events: and so many of their events are kept
    """

    def __init__(self, *, anchor_folder: Path, at: datetime) -> None:
        self.links, self.events, self.anchors = 0, 0, 0
        self._at = at
        self._last_sealed_at: datetime | None = None
        self._not_ours: list[str] = []
        self._said: dict[int, list[tuple[str, Anchor]]] = {}
        self._pruned_up_to = 0
        self._anchored_at: datetime | None = None
        for where, said in anchors(anchor_folder):
            self._take(where, said)

    def _take(self, where: str, said: Anchor | None) -> None:
        if said is None:
            self._not_ours.append(where)
            return
        self.anchors += 1
        self._said.setdefault(said.sequence, []).append((where, said))
        self._anchored_at = datetime.fromisoformat(said.at)
        if said.kind == PRUNED:
            self._pruned_up_to = max(self._pruned_up_to, said.sequence)

    def faults(self) -> Iterator[str]:
        for where in self._not_ours:
            yield f"Anchor in {where}: its signature does not hold."
        with transaction.atomic():
            yield from self._of_links()
            yield from self._of_unsealed()
        yield from self._of_the_end()

    def _of_links(self) -> Iterator[str]:
        before, expected = NOTHING, 1
        with connection.chunked_cursor() as cursor:
            cursor.execute(LINKS)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                for row in rows:
                    sequence, _, _, _, made, sealed_at = row[:6]
                    if sequence != expected:
                        yield f"Links {expected} to {sequence - 1}: they are missing."
                    yield from self._of_link(row, before)
                    before, expected = made, sequence + 1
                    self.links, self._last_sealed_at = sequence, sealed_at

    def _of_link(self, row: tuple[Any, ...], before: str) -> Iterator[str]:
        (sequence, event_id, digest, previous, made, sealed_at), event = row[:6], row[6:]
        link = f"Link {sequence} (event {event_id})"
        if previous != before:
            yield f"{link}: it does not follow the link before it."
        if made != link_hash(
            sequence=sequence, event_id=event_id, digest=digest, previous=previous, sealed_at=sealed_at
        ):
            yield f"{link}: the link was changed."
        if event[0] is not None:
            self.events += 1
            if digest != event_digest(event):
                yield f"{link}: the event was changed."
        elif sequence > self._pruned_up_to:
            yield f"{link}: the event was deleted."
        for where, said in self._said.get(sequence, ()):
            if said.hash != made:
                yield f"{link}: it is another one than was anchored at {said.at} ({where})."

    def _of_unsealed(self) -> Iterator[str]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(UNSEALED)
            for event_id, is_gone, since in cursor:
                if is_gone:
                    yield f"Event {event_id}: it was deleted before it was sealed."
                elif since is None:
                    yield f"Event {event_id}: it was put in past the rules of the table."
                elif since < self._at - SEALED_WITHIN:
                    yield f"Event {event_id}: it has waited for its seal since {since.isoformat()}."

    def _of_the_end(self) -> Iterator[str]:
        furthest = max(self._said, default=0)
        if furthest > self.links:
            where, said = self._said[furthest][-1]
            yield (
                f"Links {self.links + 1} to {furthest}: they were cut off after {said.at}, when the last of them"
                f" was anchored ({where})."
            )
        if self._last_sealed_at and self._last_sealed_at > self._anchored_or_begun() + ANCHORED_WITHIN:
            yield f"No anchor since {self._anchored_at or 'the beginning'}: an end that was cut off would not be seen."

    def _anchored_or_begun(self) -> datetime:
        return self._anchored_at or AuditSeal.objects.earliest("sequence").sealed_at
