"""The text to be published as readers would see it: who could, who could not, and the mail."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lessons import preview as looks
from lessons import publishing
from lessons.access import get_lesson
from lessons.models import Lesson, Publication, Status
from lessons.named import with_names
from lessons.readiness import missing_to_publish, wider_than_owner
from lessons.views.reading import SignedInRequest
from lessons.views.review.queue import REVIEW

#: Without these nobody can tell who could read it.
DECIDE_READERS = ("audience", "audience_sectors", "audience_areas")


@require_safe
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    text = publishing.text_in_hand(lesson)
    missing = missing_to_publish(text)
    context: dict[str, Any] = {"lesson": lesson, "missing": missing, "back": _back(lesson)}
    if text.audience and not any(name in missing and not _is_too_wide(name, text) for name in DECIDE_READERS):
        publishing.complete(text)
        context |= {
            "publication": with_names([text])[0],
            "readers": looks.who_could_read(text),
            "people": looks.people_in_all(text),
            "left_out": looks.who_could_not(text),
            "mailings": looks.mailings(text),
        }
    return render(request, "lessons/review/preview.html", context)


def _is_too_wide(name: str, text: Publication) -> bool:
    """Whether the audience is known, but wider than the owner's: a reason not to publish, not a reason not to look."""
    return name in wider_than_owner(text)


def _back(lesson: Lesson) -> str:
    return "review" if lesson.status in {Status.IN_REVIEW, Status.SUBMITTED} else "new_version"
