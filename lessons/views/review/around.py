"""What stands around a text for review: who else has it open, what is like it, its files."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from lessons.access import get_lesson
from lessons.beside import recurrence_of
from lessons.conditions import working_text
from lessons.models import Lesson, Publication, Status
from lessons.presence import also_open_by, note_open
from lessons.same_again import of_same_event, same_again
from lessons.sighting import answer_of_owner, shown_to_owner, wants_sighting
from lessons.views.reading import SignedInRequest
from lessons.views.review.queue import REVIEW

WAITS = (Status.SUBMITTED, Status.IN_REVIEW)


def around(lesson: Lesson, user: User) -> dict[str, Any]:
    """Note that `user` has the page open; return what its templates show beside the text."""
    now = timezone.now()
    note_open(lesson=lesson, by=user, at=now)
    found: dict[str, Any] = {
        "also_open_by": also_open_by(lesson, but=user, at=now),
        "attachments": lesson.attachments.order_by("pk"),
    }
    if lesson.status in WAITS:
        if lesson.organisation.wants_sighting:
            found |= {
                "wants_sighting": wants_sighting(lesson, working_text(lesson)),
                "shown": shown_to_owner(lesson),
                "answer": answer_of_owner(lesson),
            }
        chosen = recurrence_of(lesson, user)
        known = {publication.pk for publication in chosen}
        alike = same_again(lesson, Publication.objects.readable_by(user))
        found |= {
            "chosen": chosen,
            "alike": [publication for publication in alike if publication.pk not in known],
            "of_same_event": of_same_event(lesson, user),
        }
    return found


@require_POST
def present(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say that the page is still open; the answer is who else has it open."""
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    now = timezone.now()
    note_open(lesson=lesson, by=request.user, at=now)
    context = {"also_open_by": also_open_by(lesson, but=request.user, at=now)}
    return render(request, "lessons/review/_also_open.html", context)
