"""Where to mend what is missing in a draft, or was asked to be changed."""

from dataclasses import dataclass

from django.urls import reverse

from lessons.actions.comments import comments_for_owner
from lessons.forms.steps import StepForm
from lessons.forms.writing import PLACES, STEPS
from lessons.labels import label_of
from lessons.models import Lesson, LessonMove, Move, Status


@dataclass(frozen=True)
class ToMend:
    """Something that is missing or was asked to be changed, and where to do it."""

    text: str
    url: str
    comments: tuple[str, ...] = ()

    @property
    def place(self) -> int:
        """The number of its step, to sort by."""
        return next((number for number, slug in enumerate(STEPS) if f"/{slug}/" in self.url), len(STEPS))


def place_of(lesson: Lesson, name: str, url: str = "") -> str:
    """Return where the field `name` is filled in, or warnings are answered."""
    if name == "warnings":
        return reverse("submit_warnings", args=[lesson.pk])
    slug, target = PLACES.get(name, ("", ""))
    if not slug:
        return url or reverse("submit_check", args=[lesson.pk])
    return f"{reverse('submit_step', args=[lesson.pk, slug])}?back=check#{target}"


def first_step_lacking(lesson: Lesson, missing: dict[str, str]) -> str:
    """Return the address of the first step that something is missing in; from there one goes on step by step."""
    lacking = {PLACES[name][0] for name in missing if name in PLACES}
    slug = next((slug for slug in STEPS if slug in lacking), "")
    return reverse("submit_step", args=[lesson.pk, slug]) if slug else ""


def asked_for(lesson: Lesson) -> dict[str, object] | None:
    """Return what a moderator, or the owner's lead, asked to be changed, while it is."""
    if lesson.status != Status.CHANGES_REQUESTED:
        return None
    asked: LessonMove | None = lesson.moves.filter(move=Move.ASK_FOR_CHANGES).order_by("-pk").first()
    if asked is None:
        return None
    said = _comments_on(lesson)
    fields = [
        ToMend(label_of(name, lesson.kind), place_of(lesson, name), tuple(said.get(name, ())))
        for name in dict.fromkeys([*asked.fields, *said])
    ]
    return {"note": asked.note, "at": asked.at, "fields": fields}


def note_comments(form: StepForm) -> None:
    """Show what was said about the fields of a step above each of them."""
    for name, words in _comments_on(form.lesson).items():
        slug, target = PLACES.get(name, ("", ""))
        if slug == form.slug:
            form.note(target.removeprefix("id_").partition("-")[0], words)


def _comments_on(lesson: Lesson) -> dict[str, list[str]]:
    """Return what moderators said, by field."""
    said: dict[str, list[str]] = {}
    for comment in comments_for_owner(lesson):
        said.setdefault(comment.field, []).append(comment.text)
    return said
