"""The words of a publication, and finding publications by words."""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F

from lessons.models import Publication, PublicationQuerySet

#: A title word counts as much as three in the text.
TITLE_WEIGHT = 3
#: Stop words between the fields: no phrase matches across their seam.
SEAM = " the of the "


def fold(text: str) -> str:
    """Return `text` without accents and with punctuation as spaces, ready for the index."""
    return re.sub(r"[^\w\s]|_", " ", without_accents(text))


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def document(text: Publication) -> str:
    """Return everything in `text` that can be found."""
    recommendations = [str(one.get("text", "")) for one in text.recommendations]
    fields = [
        *[text.title] * TITLE_WEIGHT,
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
    return SEAM.join(fold(part) for part in fields if part)


def query_of(words: str) -> SearchQuery:
    """Return the query for words as a person types them: quotes, minus, OR."""
    # As in `fold`, but for quotes and the minus before a word, which mean something here.
    plain = re.sub(r"[^\w\s\"-]|_|(?<=\w)-", " ", without_accents(words))
    return SearchQuery(plain, config="english", search_type="websearch")


def found(publications: PublicationQuerySet, words: str) -> PublicationQuerySet:
    """Keep what has the words."""
    return publications.filter(search=query_of(words))


def best_first(publications: PublicationQuerySet, words: str) -> PublicationQuerySet:
    """Sort by how well the words fit, then newest first."""
    rank = SearchRank(F("search"), query_of(words))
    return publications.alias(rank=rank).order_by("-rank", "-published_at", "-pk")
