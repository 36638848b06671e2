"""Lessons that are like a text, by the rarest words that they share with it."""

from typing import Any

from accounts.models import User
from lessons.search.similar import similar as most_like


def similar(text: str, user: User, limit: int) -> list[dict[str, Any]]:
    """Return reference, title and score of what `user` may read, most alike first."""
    return [
        {"reference": one.publication.reference, "title": one.publication.title, "score": round(one.score, 4)}
        for one in most_like(text, user, limit)
    ]
