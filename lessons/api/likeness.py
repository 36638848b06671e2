"""Lessons that are like a text, by the rarest words that they share with it."""

import re
from typing import Any

from accounts.models import User
from lessons.models import Publication
from lessons.search.finding import search

#: Different words of the text that are looked for.
WORDS = 60


def similar(text: str, user: User, limit: int) -> list[dict[str, Any]]:
    """Return reference, title and score of what `user` may read, most alike first."""
    words = list(dict.fromkeys(re.findall(r"\w{3,30}", text.casefold())))[:WORDS]
    readable = Publication.objects.readable_by(user).unarchived()
    best = search(readable, " ".join(words)).best(readable, at_most=limit)
    found = Publication.objects.select_related("lesson").only("title", "lesson__reference")
    named = found.in_bulk([one.pk for one in best])
    return [
        {"reference": named[one.pk].reference, "title": named[one.pk].title, "score": round(one.score, 4)}
        for one in best
        if one.pk in named
    ]
