"""The words by which a publication is found."""

import re
import unicodedata
from collections.abc import Iterable

from lessons.models import Publication

#: A title word counts as much as three in the text.
TITLE_WEIGHT = 3
#: Stop words between the fields: no phrase matches across their seam.
SEAM = " the of the "
#: Characters of one publication that are indexed: PostgreSQL refuses vectors of a megabyte.
LONGEST_DOCUMENT = 300_000


def without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def fold(text: str) -> str:
    """Return `text` without accents and with punctuation as spaces, as it goes into the index."""
    return re.sub(r"[^\w\s]|_", " ", without_accents(text))


def compose(title: str, parts: Iterable[str]) -> str:
    """Return title and parts as the one text that is indexed."""
    fields = [*[title] * TITLE_WEIGHT, *parts]
    return SEAM.join(fold(part) for part in fields if part)[:LONGEST_DOCUMENT]


def document(text: Publication) -> str:
    """Return everything in `text` that can be found."""
    recommendations = [str(one.get("text", "")) for one in text.recommendations]
    parts = [
        text.statement,
        text.what_happened,
        text.why,
        text.context,
        text.impact,
        *recommendations,
        text.action_taken,
        text.benefit,
        text.evidence,
        text.to_copy_it,
        text.event_name,
        *(code.replace("-", " ") for prefix in ("risk", "theme", "capability") for code in text.codes_of(prefix)),
    ]
    return compose(text.title, parts)
