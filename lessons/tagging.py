"""A risk, theme or capability put to the text of a lesson: of one, and of several at once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from lessons import publishing
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.bulk import Outcome, each_by_itself
from lessons.errors import WrongStatus
from lessons.forms import choices
from lessons.models import Lesson, Move, Status
from lessons.readiness import Tags

#: First part of a tag's code -> what a text has of its kind.
KINDS = {"risk": "risks", "theme": "themes", "capability": "capabilities"}


def tags_offered() -> choices.Groups:
    """Return every tag in groups, as its term: "risk:surface-water-flooding"."""
    groups: list[tuple[str, str, choices.Pairs]] = [("theme", gettext("JESIP principles"), choices.principles())]
    groups += [("theme", name, pairs) for name, pairs in choices.topics_by_group()]
    groups += [("risk", name, pairs) for name, pairs in choices.risks_by_theme()]
    groups += [("capability", gettext("Capabilities"), pairs) for _, pairs in choices.capabilities()]
    return [(name, [(f"{kind}:{code}", label) for code, label in pairs]) for kind, name, pairs in groups]


def tag_several(
    *, lessons: Iterable[Lesson], tag: str, by: User, at: datetime, rehearse: bool = False
) -> list[Outcome]:
    """Put `tag` to the text to be published of each; what nobody has is claimed, tagged and given back.

    :param tag: a term, such as "theme:communicate"
    :param rehearse: do it and undo it: what is returned is what would happen
    """
    return each_by_itself(lessons, lambda lesson: tag_lesson(lesson=lesson, tag=tag, by=by, at=at), rehearse=rehearse)


@transaction.atomic
def tag_lesson(*, lesson: Lesson, tag: str, by: User, at: datetime) -> None:
    """:raises LessonError: somebody else has it, `by` may not decide on it, or it has the tag already"""
    is_free = lesson.status == Status.SUBMITTED
    if is_free:
        lesson = move_lesson(lesson=lesson, move=Move.CLAIM, by=by, at=at)
    kind, _, code = tag.partition(":")
    name = KINDS[kind]
    tags = Tags.of(publishing.working_text_of(lesson))
    chosen: list[str] = getattr(tags, name)
    if code in chosen:
        raise WrongStatus(gettext("It has this tag already."))
    with_it = replace(tags, **{name: sorted([*chosen, code])})
    save_working_text(lesson=lesson, by=by, at=at, row_version=lesson.row_version, values={}, tags=with_it)
    if is_free:
        move_lesson(lesson=lesson, move=Move.GIVE_BACK, by=by, at=at)
