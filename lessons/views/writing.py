"""Pages of those who write: begin a draft, step by step, check the answers, submit."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from govuk.rows import SummaryRow
from lessons.access import get_lesson
from lessons.actions.drafts import begin_draft
from lessons.actions.moves import move_lesson
from lessons.clocks import OTHER_DAYS, RED_DAYS
from lessons.errors import LessonError, StaleText
from lessons.forms.choices import organisations_written_for
from lessons.forms.start import StartForm
from lessons.forms.steps import StepForm
from lessons.forms.writing import PLACES, STEPS, LearningStep
from lessons.labels import label_of
from lessons.models import Brag, Lesson, LessonMove, Move, Status
from lessons.readiness import missing_to_submit
from lessons.summary import differences, rows_of
from lessons.views.reading import SignedInRequest

CHANGE, SUBMIT = "lessons.change_lesson", "lessons.submit_lesson"
DRAFTS_LISTED = 10
#: The steps, and checking the answers.
STEP_COUNT = len(STEPS) + 1


@dataclass(frozen=True)
class ToMend:
    """Something that is missing or was asked to be changed, and where to do it."""

    text: str
    url: str


# -- beginning -------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
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


# -- one step --------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def submit_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """Show or save one step; what is half empty is saved, what cannot be right is shown again."""
    if step not in STEPS:
        raise Http404
    lesson = get_lesson(user=request.user, pk=pk, permission=CHANGE)
    if request.method != "POST":
        if not lesson.is_open_to_owner:
            return redirect(lesson)
        return _step_page(request, STEPS[step](lesson=lesson, rows=_rows(request.GET.get("rows"))))
    form = STEPS[step](request.POST, lesson=lesson)
    if not form.is_valid():
        return _step_page(request, form, status=422)
    try:
        form.save(by=request.user, at=timezone.now())
    except StaleText as error:
        return _stale_page(request, form, error)
    except LessonError as error:  # submitted meanwhile: show what was typed, so that it can be copied
        form.add_error(None, str(error))
        return _step_page(request, form, status=409)
    return _onwards(request, form)


def _rows(wanted: str | None) -> int:
    return min(int(wanted), LearningStep.MOST_ROWS) if wanted and wanted.isascii() and wanted.isdigit() else 0


def _onwards(request: SignedInRequest, form: StepForm) -> HttpResponse:
    """Go where the pressed button leads."""
    pk, slugs = form.lesson.pk, list(STEPS)
    match request.POST.get("then"):
        case "later":
            messages.success(request, "Saved. You can carry on whenever you like.")
            return redirect("lesson_record", pk)
        case "add" if isinstance(form, LearningStep):
            rows = min(form.row_count() + 1, LearningStep.MOST_ROWS)
            return redirect(_here(request, form, f"#id_what_{rows}", rows=rows))
        case "organisation":
            return redirect(_here(request, form, "#more", more="open"))
    after = slugs.index(form.slug) + 1
    if _comes_from_check(request) or after == len(slugs):
        return redirect("submit_check", pk)
    return redirect("submit_step", pk, slugs[after])


def _comes_from_check(request: SignedInRequest) -> bool:
    return request.GET.get("back") == "check"


def _here(request: SignedInRequest, form: StepForm, fragment: str, **query: str | int) -> str:
    """Return the address of the same step, which goes on leading back to the check if it did."""
    back: dict[str, str | int] = {"back": "check"} if _comes_from_check(request) else {}
    return f"{reverse('submit_step', args=[form.lesson.pk, form.slug])}?{urlencode(query | back)}{fragment}"


def _stale_page(request: SignedInRequest, form: StepForm, error: StaleText) -> HttpResponse:
    """Show both texts; the form holds the one that was not saved, ready to be saved on top."""
    different = differences(error, form.lesson.kind)
    if not different:
        return _onwards(request, form)
    sent = request.POST.copy()
    lesson = get_lesson(user=request.user, pk=form.lesson.pk, permission=CHANGE)
    again = type(form)(sent, lesson=lesson)
    for name in ("row_version", "event_version"):
        if name in again.initial:
            sent[name] = str(again.initial[name])
    return _step_page(request, again, status=409, stale=different)


def _step_page(request: SignedInRequest, form: StepForm, status: int = 200, **more: object) -> HttpResponse:
    lesson, slugs = form.lesson, list(STEPS)
    number = slugs.index(form.slug) + 1
    context = {
        "form": form,
        "lesson": lesson,
        "number": number,
        "step_count": STEP_COUNT,
        "previous": slugs[number - 2] if number > 1 else "",
        "from_check": _comes_from_check(request),
        "more_is_open": request.GET.get("more") == "open",
        "asked": _asked_for(lesson),
        **more,
    }
    return render(request, f"lessons/writing/step_{form.slug.replace('-', '_')}.html", context, status=status)


# -- checking and submitting -----------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
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
    missing = missing_to_submit(lesson)
    to_mend = [ToMend(words, _place(lesson, name)) for name, words in missing.items()]
    parts = []
    for slug, step in STEPS.items():
        url = f"{reverse('submit_step', args=[lesson.pk, slug])}?back=check"
        rows = [
            SummaryRow(called, words or "Not answered yet", _place(lesson, name, url) if may_change else "")
            for name, called, words in rows_of(lesson, slug, required=missing)
        ]
        parts.append((step.heading_for(lesson), rows))
    context = {
        "lesson": lesson,
        "parts": parts,
        "missing": sorted(to_mend, key=lambda one: _order(one.url)),
        "carry_on": _next_step(lesson, missing),
        "may_submit": may_submit,
        "may_change": may_change,
        "needs_sign_off": lesson.organisation.wants_sign_off and lesson.organisation_id not in request.user.leads,
        "asked": _asked_for(lesson),
        "is_refused": status != 200,
        "number": STEP_COUNT,
        "previous": list(STEPS)[-1],
    }
    return render(request, "lessons/writing/check.html", context, status=status)


def _place(lesson: Lesson, name: str, url: str = "") -> str:
    """Return where the field `name` is filled in."""
    slug, target = PLACES.get(name, ("", ""))
    if not slug:
        return url or reverse("submit_check", args=[lesson.pk])
    return f"{reverse('submit_step', args=[lesson.pk, slug])}?back=check#{target}"


def _next_step(lesson: Lesson, missing: dict[str, str]) -> str:
    """Return the address of the first step that something is missing in; from there one goes on step by step."""
    lacking = {PLACES[name][0] for name in missing if name in PLACES}
    slug = next((slug for slug in STEPS if slug in lacking), "")
    return reverse("submit_step", args=[lesson.pk, slug]) if slug else ""


def _order(url: str) -> int:
    return next((number for number, slug in enumerate(STEPS) if f"/{slug}/" in url), len(STEPS))


def _asked_for(lesson: Lesson) -> dict[str, object] | None:
    """Return what a moderator, or the owner's lead, asked to be changed, while it is."""
    if lesson.status != Status.CHANGES_REQUESTED:
        return None
    asked: LessonMove | None = lesson.moves.filter(move=Move.ASK_FOR_CHANGES).order_by("-pk").first()
    if asked is None:
        return None
    fields = [ToMend(label_of(name, lesson.kind), _place(lesson, name)) for name in asked.fields]
    return {"note": asked.note, "at": asked.at, "fields": fields}


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
    }
    return render(request, "lessons/writing/done.html", context)
