"""The versions of a lesson: what changed from one to the next, who approved it, and what was removed."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext

from accounts.models import User
from accounts.roles import Role
from lessons.differences import Piece
from lessons.forms.review.rows import changes
from lessons.in_words import ORDER, in_words, values_of
from lessons.labels import label_of
from lessons.models import Lesson, LessonMove, Move, Publication
from lessons.removals import REMOVAL_TYPES

PUBLISHES = (Move.PUBLISH, Move.PUBLISH_AGAIN, Move.RESTORE)


@dataclass(frozen=True)
class Version:
    """One published version beside what was there before it: the owner's text, or the version before.

    :ivar changed: (label, pieces) of every field that changed
    :ivar approvals: moves by which others approved it
    :ivar removed: (words of the type, how often)
    """

    publication: Publication
    changed: list[tuple[str, list[Piece]]]
    approvals: list[LessonMove]
    removed: list[tuple[str, int]]


def sees_old_versions(user: User, lesson: Lesson) -> bool:
    """Whether `user` may read what earlier versions said: author, owner leads, moderators, Secretariat, auditor."""
    is_owner = user.has_perm("lessons.withdraw_lesson", lesson)
    return is_owner or user.has_perm("lessons.review_lesson", lesson) or user.has_role(Role.AUDITOR)


def versions_of(lesson: Lesson) -> list[Version]:
    """Return all versions, newest first."""
    texts = list(
        lesson.publications.filter(published_at__isnull=False).order_by("version").select_related("published_by")
    )
    for text in texts:
        text.lesson = lesson
    said = in_words(values_of(lesson), *(values_of(text) for text in texts))
    approvals = list(lesson.moves.filter(move=Move.APPROVE).select_related("by").order_by("pk"))
    published = {move.publication_id: move for move in lesson.moves.filter(move__in=PUBLISHES).order_by("-pk")}
    versions = []
    for number, text in enumerate(texts):
        move = published.get(text.pk)
        changed = [
            (label_of(name, lesson.kind), pieces)
            for name in ORDER
            if (pieces := changes(name, said[number][name], said[number + 1][name]))
        ]
        agreed = [one for one in approvals if move and one.text_digest == move.text_digest and one.pk < move.pk]
        counts = Counter(one["type"] for one in text.removals)
        removed = [(gettext(words), counts[code]) for code, words in REMOVAL_TYPES.items() if counts[code]]
        versions.append(Version(text, changed, agreed, removed))
    return versions[::-1]
