"""What stands beside the form while somebody writes: lessons like this one, what was found in the text, hints.

All of it is made from what is saved.  Nothing of it keeps anybody from going on.
"""

from dataclasses import dataclass

from accounts.models import User
from lessons.labels import label_of
from lessons.models import Lesson, LessonLink, Publication
from lessons.search.similar import similar
from lessons.summary import OF_STEP
from lessons.warnings.answers import Warned, warnings_in
from lessons.warnings.recommendations import hint_on

SHOWN = 5
#: Steps that say what it is about.
SEARCHED_ON = ("what-happened", "learning")
#: Fields that others would know it by, the most telling first.
TELLING = ("title", "statement", "what_happened", "why", "benefit")
#: With fewer words nearly everything is alike.
FEWEST_WORDS = 4


@dataclass(frozen=True)
class Found:
    """Words in a field that have to be judged before the lesson is submitted."""

    field: str
    label: str
    warned: Warned


@dataclass(frozen=True)
class Hint:
    number: int
    words: str


@dataclass(frozen=True)
class Beside:
    alike: list[Publication]
    chosen: list[Publication]  # what the lesson is a recurrence of
    found: list[Found]
    hints: list[Hint]
    is_searched: bool  # whether lessons like it are looked for at this step

    @property
    def is_empty(self) -> bool:
        return not (self.is_searched or self.found or self.hints)


def beside(lesson: Lesson, step: str, user: User) -> Beside:
    """Return what stands beside `step` of `lesson` for `user`."""
    is_searched = step in SEARCHED_ON
    chosen = recurrence_of(lesson, user) if is_searched else []
    known = {publication.pk for publication in chosen}
    alike = (
        [publication for publication in seen_before(lesson, user) if publication.pk not in known] if is_searched else []
    )
    fields = OF_STEP.get(step, ())
    found = [
        Found(one.spotted.field, label_of(one.spotted.field, lesson.kind), one)
        for one in warnings_in(lesson)
        if one.is_open and one.spotted.field in fields
    ]
    hints = hints_on(lesson) if step == "learning" else []
    return Beside(alike=alike, chosen=chosen, found=found, hints=hints, is_searched=is_searched)


def seen_before(lesson: Lesson, user: User, limit: int = SHOWN) -> list[Publication]:
    """Return the publications most like what is saved of `lesson`, most alike first, of those `user` may read."""
    text = " ".join(getattr(lesson, name) for name in TELLING)
    if len(text.split()) < FEWEST_WORDS:
        return []
    found = similar(text, user, limit + 1)  # one may be an earlier version of this very lesson
    return [one.publication for one in found if one.publication.lesson_id != lesson.pk][:limit]


def recurrence_of(lesson: Lesson, user: User) -> list[Publication]:
    """Return what `lesson` was called a recurrence of, as far as `user` may read it."""
    targets = LessonLink.objects.filter(source=lesson, kind=LessonLink.LinkKind.RECURRENCE_OF).values("target")
    return list(Publication.objects.readable_by(user).filter(lesson__in=targets).for_list())


def hints_on(lesson: Lesson) -> list[Hint]:
    """Return what would make a recommendation clearer."""
    said = [
        Hint(number, hint_on(str(one.get("text", "")), str(one.get("by_whom", ""))))
        for number, one in enumerate(lesson.recommendations, 1)
    ]
    return [hint for hint in said if hint.words]
