"""Typed markers in place of what was taken out, so that *removed* and *unknown* differ in the data too."""

import re

from lessons.models import Publication
from lessons.warnings.check import texts_of

#: Why something was taken out: code -> words of the marker (DOMAIN, section 5).
REMOVAL_TYPES = {
    "personal_data": "personal data",
    "security": "security",
    "legal": "legal",
    "commercial": "commercial",
    "clarity": "clarity",
}
_CODES = {words: code for code, words in REMOVAL_TYPES.items()}
MARKER = re.compile(rf"\[removed: ({'|'.join(REMOVAL_TYPES.values())})\]")


def marker_of(code: str) -> str:
    """Return what stands in the text: "[removed: personal data]"."""
    return f"[removed: {REMOVAL_TYPES[code]}]"


def removals_in(text: Publication) -> list[dict[str, str]]:
    """Return field and type of every marker in `text`, in reading order."""
    return [
        {"field": field, "type": _CODES[match[1]]}
        for field, words in texts_of(text).items()
        for match in MARKER.finditer(words)
    ]


def take_out(text: str, words: str, code: str) -> str:
    """Return `text` with the marker in place of `words`, wherever they stand by themselves; else anywhere."""
    pattern = r"\s+".join(re.escape(part) for part in words.split())
    whole, count = re.subn(rf"(?<!\w){pattern}(?!\w)", lambda _: marker_of(code), text)
    return whole if count else re.sub(pattern, lambda _: marker_of(code), text)
