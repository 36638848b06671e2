"""Lessons that are like a text: the search, with the words of the text that carry most weight."""

from collections import Counter
from dataclasses import dataclass, replace

from accounts.models import User
from lessons.models import Publication, PublicationQuerySet
from lessons.search.matching import any_of
from lessons.search.ranking import Ranked, rank
from lessons.search.text import fold
from lessons.search.wishes import understand

#: What a text is about shows in so many of its words.
TELLING_WORDS = 12
#: A text is read so far, and so many different words of it are looked up, the most frequent ones.
LONGEST_TEXT = 20_000
LOOKED_UP = 300


@dataclass(frozen=True)
class Alike:
    publication: Publication
    score: float


def similar(text: str, user: User, limit: int) -> list[Alike]:
    """Return what `user` may read and is not archived, most like `text` first."""
    readable = Publication.objects.readable_by(user).unarchived()
    best = most_alike(text, readable, limit)
    found = readable.for_list().in_bulk([one.pk for one in best])
    return [Alike(found[one.pk], one.score) for one in best if one.pk in found]


def most_alike(text: str, publications: PublicationQuerySet, limit: int) -> list[Ranked]:
    """Return keys and scores of those `publications` that are most like `text`."""
    counts = Counter(fold(text[:LONGEST_TEXT]).lower().split())
    words = [word for word, times in counts.most_common(LOOKED_UP) for _ in range(times)]
    wishes = understand(" ".join(words), at_most=LOOKED_UP)
    known = wishes.vocabulary.documents
    # A word that no publication has tells nothing, however rare it is.
    telling = sorted(wishes.wishes, key=lambda wish: (wish.phrase[0] not in known, -wish.weight))[:TELLING_WORDS]
    if not telling:
        return []
    wishes = replace(wishes, wishes=tuple(telling), pairs=())
    return rank(publications, wishes, any_of(wishes), at_most=limit)
