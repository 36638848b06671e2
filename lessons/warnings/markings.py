"""Markings above OFFICIAL-SENSITIVE: such a text may not be stored here at all."""

import re
from collections.abc import Iterator

from lessons.models.warnings import WarningKind
from lessons.warnings.found import Found

#: In capitals; "secret" in small letters is a word, but "top secret" hardly ever is.
MARKING = re.compile(
    r"\b(?:(?:UK|NATO|COSMIC|EU)[ -])?(?:TOP[ -]SECRET|SECRET)(?:[ -](?:UK EYES ONLY|STRAP ?\d?|ATOMAL))?\b"
    r"|\bUK[ -]EYES[ -]ONLY\b|\bSTRAP ?[123]\b|\b(?:UK|NATO)[ -](?:CONFIDENTIAL|RESTRICTED)\b|\b(?i:top secret)\b"
)
CALLED = re.compile(r"\b(?:marked|classified|classified as|marking of) (secret)\b", re.IGNORECASE)


def markings(text: str) -> Iterator[Found]:
    for match in MARKING.finditer(text):
        yield Found(WarningKind.MARKING, match.start(), match.end(), match[0])
    for match in CALLED.finditer(text):
        yield Found(WarningKind.MARKING, match.start(1), match.end(1), match[1])
