"""The queue: what waits for a decision, and taking from it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import Role
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, LessonQuerySet, Move
from lessons.queue import QueueFilters, claim_next, declined_lately, with_look_alikes, with_warnings
from lessons.views.reading import SignedInRequest

LESSONS_PER_PAGE = 25
REVIEW = "lessons.review_lesson"
#: Where a session keeps the filters, so that they are still there after a decision.
KEPT = "queue_filters"
SENT_BY_PANEL = {"whose", "kind", "brag", "marking"}


def queue_of(request: SignedInRequest) -> LessonQuerySet:
    """:raises PermissionDenied: the person moderates nothing"""
    if not request.user.has_role(Role.LRF_MODERATOR, Role.SECRETARIAT):
        raise PermissionDenied
    return Lesson.objects.visible_to(request.user).moderated_by(request.user).waiting()


def filters_of(request: SignedInRequest) -> QueueFilters:
    """Return the filters that were sent, else those of the last time; `?clear=1` forgets them."""
    if request.GET.keys() & QueueFilters.base_fields.keys():
        filters = QueueFilters(request.GET, user=request.user)
        if request.GET.keys() >= SENT_BY_PANEL:  # a link to a part of the queue is for once
            request.session[KEPT] = filters.chosen
        return filters
    if "clear" in request.GET:
        request.session.pop(KEPT, None)
    return QueueFilters(request.session.get(KEPT, {}), user=request.user)


@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """What waits for a decision, most urgent first."""
    now = timezone.now()
    everything = queue_of(request)
    filters = filters_of(request)
    waiting = filters.apply(everything, user=request.user, at=now).in_queue_order()
    # Keys first: what a row shows is looked up for the rows of one page, not for all that are sorted.
    page: Page[Any] = Paginator(waiting.values_list("pk", flat=True), LESSONS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    shown = Lesson.objects.filter(pk__in=list(page.object_list)).in_queue_order().for_list()
    page.object_list = list(with_look_alikes(with_warnings(shown)))
    context = {
        "page": page,
        "filters": filters,
        "form": filters,
        "today": timezone.localdate(now),
        "now": now,
        "declined": declined_lately(request.user, now),
    }
    return render(request, "lessons/review/queue.html", context)


@require_POST
def take_next(request: SignedInRequest) -> HttpResponse:
    """Claim the most urgent lesson that is free and matches the filters."""
    waiting = filters_of(request).narrow(queue_of(request))
    lesson = claim_next(waiting, by=request.user, at=timezone.now())
    if lesson is None:
        messages.info(request, gettext("Nothing is waiting that you can take."))
        return redirect("queue")
    return redirect("review", lesson.pk)


@require_POST
def claim(request: SignedInRequest, pk: int) -> HttpResponse:
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    move_lesson(lesson=lesson, move=Move.CLAIM, by=request.user, at=timezone.now())
    return redirect("review", pk)
