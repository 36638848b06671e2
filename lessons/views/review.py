"""Pages of moderators: the queue, the review of one lesson, suspension."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.roles import Role
from lessons import publishing
from lessons.access import get_lesson, get_publication
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.conditions import wants_two_people
from lessons.errors import LessonError, NotReady, StaleText, WrongStatus
from lessons.forms.review import DecisionForm, ReviewForm, SuspendForm
from lessons.labels import label_of
from lessons.models import Lesson, LessonQuerySet, Move, Status
from lessons.queue import QueueFilters, claim_next
from lessons.views.reading import SignedInRequest

LESSONS_PER_PAGE = 25
REVIEW = "lessons.review_lesson"
#: The buttons of the review page, besides "save".
DECISIONS = {
    "publish": Move.PUBLISH,
    "approve": Move.APPROVE,
    "ask_for_changes": Move.ASK_FOR_CHANGES,
    "decline": Move.DECLINE,
    "give_back": Move.GIVE_BACK,
}
DONE = {
    Move.PUBLISH: "{} is published. Everyone who subscribed to it will be emailed.",
    Move.APPROVE: "You approved {}. Another moderator has to publish it.",
    Move.ASK_FOR_CHANGES: "{} went back to its owner with your words.",
    Move.DECLINE: "{} is declined. Its owner is told why.",
    Move.GIVE_BACK: "{} is back in the queue. The text you prepared is kept.",
}


def _queue_of(request: SignedInRequest) -> LessonQuerySet:
    """:raises PermissionDenied: the person moderates nothing"""
    if not request.user.has_role(Role.LRF_MODERATOR, Role.SECRETARIAT):
        raise PermissionDenied
    return Lesson.objects.visible_to(request.user).moderated_by(request.user).waiting()


@require_GET
def queue(request: SignedInRequest) -> HttpResponse:
    """What waits for a decision, most urgent first."""
    filters = QueueFilters(request.GET)
    now = timezone.now()
    waiting = filters.apply(_queue_of(request), user=request.user, at=now).in_queue_order().for_list()
    page = Paginator(waiting, LESSONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "form": filters,
        "today": timezone.localdate(now),
        "now": now,
    }
    return render(request, "lessons/review/queue.html", context)


@require_POST
def take_next(request: SignedInRequest) -> HttpResponse:
    """Claim the most urgent lesson that is free."""
    lesson = claim_next(_queue_of(request), by=request.user, at=timezone.now())
    if lesson is None:
        messages.info(request, "Nothing is waiting that you can take.")
        return redirect("queue")
    return redirect("review", lesson.pk)


@require_POST
def claim(request: SignedInRequest, pk: int) -> HttpResponse:
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    move_lesson(lesson=lesson, move=Move.CLAIM, by=request.user, at=timezone.now())
    return redirect("review", pk)


@require_http_methods(["GET", "POST"])
def review(request: SignedInRequest, pk: int) -> HttpResponse:
    """The submitted text beside the text to publish.  Whatever the decision, the text is saved first."""
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    if request.method == "POST":
        if lesson.status != Status.IN_REVIEW:
            raise WrongStatus("This lesson is not in review now.")
        return _decide(request, lesson)
    if lesson.claimed_by_id != request.user.pk:
        return render(request, "lessons/review/read.html", {"lesson": lesson, "now": timezone.now()})
    return _page(request, lesson, ReviewForm(text=publishing.working_text_of(lesson)))


def _decide(request: SignedInRequest, lesson: Lesson) -> HttpResponse:
    decision = request.POST.get("decision", "save")
    form = ReviewForm(request.POST, text=publishing.working_text_of(lesson))
    said = DecisionForm(request.POST, decision=decision, kind=lesson.kind)
    if not (form.is_valid() and said.is_valid()):
        return _page(request, lesson, form, said, status=422)
    try:
        _save(request, lesson, form)
        if decision not in DECISIONS:
            messages.success(request, f"Saved. {lesson.reference} stays with you.")
            return redirect("review", lesson.pk)
        move = DECISIONS[decision]
        move_lesson(lesson=lesson, move=move, by=request.user, at=timezone.now(), **said.words)
    except StaleText as stale:
        return _page(request, lesson, _with_version(request, lesson, stale.row_version), said, stale=stale, status=409)
    except NotReady as error:
        lesson.refresh_from_db()
        form = _with_version(request, lesson, lesson.row_version)
        form.is_valid()
        form.show_problems(error.problems)
        return _page(request, lesson, form, said, status=422)
    except LessonError as error:
        return _page(request, lesson, form, said, refusal=str(error), status=409)
    messages.success(request, DONE[move].format(lesson.reference))
    return redirect("queue")


def _save(request: SignedInRequest, lesson: Lesson, form: ReviewForm) -> None:
    save_working_text(
        lesson=lesson,
        by=request.user,
        at=timezone.now(),
        row_version=form.cleaned_data["row_version"],
        values=form.values,
        tags=form.tags,
        checklist=form.checklist,
    )


def _with_version(request: SignedInRequest, lesson: Lesson, row_version: int) -> ReviewForm:
    """Return the form as it was sent, ready to be saved upon the version that is stored now."""
    sent = request.POST.copy()
    sent["row_version"] = str(row_version)
    return ReviewForm(sent, text=publishing.working_text_of(lesson))


def _page(
    request: SignedInRequest,
    lesson: Lesson,
    form: ReviewForm,
    said: DecisionForm | None = None,
    *,
    stale: StaleText | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    said = said or DecisionForm(kind=lesson.kind)
    context: dict[str, Any] = {
        "lesson": lesson,
        "form": form,
        "said": said,
        "rows": list(form.rows(lesson)),
        "refusal": refusal,
        "conflicts": _conflicts(stale, lesson.kind) if stale else [],
        "today": timezone.localdate(),
        "wants_two_people": wants_two_people(lesson, form.text),
    }
    return render(request, "lessons/review/review.html", context, status=status)


def _conflicts(stale: StaleText, kind: str) -> list[tuple[str, object, object]]:
    """Return (label, theirs, yours) of the fields that differ."""
    return [
        (label_of(name, kind), theirs, stale.yours[name])
        for name, theirs in stale.theirs.items()
        if theirs != stale.yours[name]
    ]


@require_http_methods(["GET", "POST"])
def suspend(request: SignedInRequest, reference: str) -> HttpResponse:
    """Take a publication away from everybody at once."""
    publication = get_publication(user=request.user, reference=reference)
    if not request.user.has_perm("lessons.suspend_lesson", publication.lesson):
        raise PermissionDenied
    form = SuspendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        move_lesson(
            lesson=publication.lesson,
            move=Move.SUSPEND,
            by=request.user,
            at=timezone.now(),
            note=form.cleaned_data["note"],
        )
        messages.success(request, f"{reference} is suspended. Everyone who was sent it is told to stop using it.")
        return redirect("lesson_record", publication.lesson_id)
    context = {"publication": publication, "form": form}
    return render(request, "lessons/review/suspend.html", context, status=422 if form.errors else 200)
