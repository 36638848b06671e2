"""Pages of those who write: begin a draft, check the answers, submit.  Between them are the steps (`steps.py`)."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from govuk.rows import SummaryRow
from lessons.access import get_lesson
from lessons.actions.drafts import begin_draft
from lessons.actions.moves import move_lesson
from lessons.clocks import OTHER_DAYS, RED_DAYS
from lessons.forms.choices import organisations_written_for
from lessons.forms.start import StartForm
from lessons.forms.writing import STEPS
from lessons.holds import is_kept
from lessons.models import Brag, Debrief, Lesson, Move, Status
from lessons.readiness import missing_to_submit
from lessons.summary import rows_of
from lessons.views.mending import ToMend, asked_for, first_step_lacking, place_of
from lessons.views.reading import SignedInRequest
from lessons.views.steps import CHANGE, STEP_COUNT

SUBMIT = "lessons.submit_lesson"
DRAFTS_LISTED = 10


# -- beginning -------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def submit(request: SignedInRequest) -> HttpResponse:
    """Begin a lesson, or carry on with one of my drafts."""
    if not organisations_written_for(request.user).exists():
        raise PermissionDenied
    if request.method != "POST":
        return _start_page(request, StartForm(user=request.user, initial=request.GET.dict()))
    form = StartForm(request.POST, user=request.user)
    if not form.is_valid():
        return _start_page(request, form, status=422)
    lesson = begin_draft(by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect("submit_step", lesson.pk, next(iter(STEPS)))


def _start_page(request: SignedInRequest, form: StartForm, status: int = 200) -> HttpResponse:
    drafts = Lesson.objects.visible_to(request.user).filter(author=request.user, status=Status.DRAFT)
    context = {"form": form, "drafts": drafts.for_list().order_by("-pk")[:DRAFTS_LISTED], "draft_count": drafts.count()}
    return render(request, "lessons/writing/start.html", context, status=status)


# -- checking and submitting -----------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def submit_check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show all answers and what is missing; POST submits, or sends back what a moderator asked to change."""
    lesson = get_lesson(user=request.user, pk=pk)
    may_submit, may_change = (request.user.has_perm(perm, lesson) for perm in (SUBMIT, CHANGE))
    if not (may_submit or may_change):
        raise PermissionDenied
    if request.method == "POST":
        return _submit(request, lesson)
    if not lesson.is_open_to_owner:
        return redirect(lesson)
    return _check_page(request, lesson, may_submit=may_submit, may_change=may_change)


def _submit(request: SignedInRequest, lesson: Lesson) -> HttpResponse:
    if not request.user.has_perm(SUBMIT, lesson):
        raise PermissionDenied
    if lesson.is_open_to_owner and missing_to_submit(lesson):
        may_change = request.user.has_perm(CHANGE, lesson)
        return _check_page(request, lesson, may_submit=True, may_change=may_change, status=422)
    move = Move.RESUBMIT if lesson.status == Status.CHANGES_REQUESTED else Move.SUBMIT
    move_lesson(lesson=lesson, move=move, by=request.user, at=timezone.now())
    return redirect("submit_done", lesson.pk)


def _check_page(
    request: SignedInRequest, lesson: Lesson, *, may_submit: bool, may_change: bool, status: int = 200
) -> HttpResponse:
    missing, is_held = missing_to_submit(lesson), is_kept(lesson, timezone.now())
    may_change = may_change and not is_held
    to_mend = [ToMend(words, place_of(lesson, name)) for name, words in missing.items()]
    parts = []
    for slug, step in STEPS.items():
        url = f"{reverse('submit_step', args=[lesson.pk, slug])}?back=check"
        rows = [
            SummaryRow(called, words or gettext("Not answered yet"), place_of(lesson, name, url) if may_change else "")
            for name, called, words in rows_of(lesson, slug, required=missing)
        ]
        parts.append((step.heading_for(lesson), rows))
    context = {
        "lesson": lesson,
        "parts": parts,
        "missing": sorted(to_mend, key=lambda one: one.place),
        "carry_on": first_step_lacking(lesson, missing),
        "may_submit": may_submit,
        "may_change": may_change,
        "needs_sign_off": lesson.organisation.wants_sign_off and lesson.organisation_id not in request.user.leads,
        "asked": asked_for(lesson),
        "is_held": is_held,
        "is_refused": status != 200,
        "number": STEP_COUNT,
        "previous": list(STEPS)[-1],
    }
    return render(request, "lessons/writing/check.html", context, status=status)


@require_GET
def submit_done(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say that it arrived, under which reference, and what happens by when."""
    lesson = get_lesson(user=request.user, pk=pk, permission=SUBMIT)
    if lesson.is_open_to_owner or lesson.submitted_at is None:
        return redirect(lesson)
    context = {
        "lesson": lesson,
        "days": RED_DAYS if lesson.brag == Brag.RED else OTHER_DAYS,
        "again": lesson.moves.filter(move=Move.RESUBMIT).exists(),
        "debrief": Debrief.objects.visible_to(request.user).filter(observations__lesson=lesson).first(),
    }
    return render(request, "lessons/writing/done.html", context)
