"""The steps of writing a draft: shown, saved with the button, and saved by themselves while somebody types.

A form carries a key that may write to its draft and nothing else (`lessons/draft_keys.py`), so what was typed is kept
even if the session ended: the key stands for the session and for the token against forged requests.
"""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from govuk.numbers import number_sent
from lessons.access import get_lesson, get_publication
from lessons.actions.drafts import version_of
from lessons.actions.recurrences import link_recurrence, unlink_recurrence
from lessons.beside import beside
from lessons.draft_keys import holder_of, key_for
from lessons.errors import LessonError, OnHold, StaleText
from lessons.forms.event import EventStep
from lessons.forms.steps import StepForm
from lessons.forms.writing import STEPS, LearningStep
from lessons.holds import may_be_written
from lessons.models import Lesson
from lessons.summary import differences
from lessons.views.mending import asked_for, note_comments
from lessons.views.reading import SignedInRequest
from lessons.views.same_event import may_be_recorded

CHANGE = "lessons.change_lesson"
#: The steps, and checking the answers.
STEP_COUNT = len(STEPS) + 1


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def submit_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Show or save one step; what is half empty is saved, what cannot be right is shown again."""
    if step not in STEPS:
        raise Http404
    holder = holder_of(request.POST.get("draft_key", ""), pk, request.user) if request.method == "POST" else None
    if holder and holder == request.user:
        return _save_step(cast("SignedInRequest", request), pk, step)
    if holder:
        return _keep_step(request, pk, step, holder)
    return _step_without_key(request, pk, step)


@csrf_protect
def _step_without_key(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    if not request.user.is_authenticated:
        if request.method == "POST":
            return _signed_out_page(request, status=401)
        return redirect_to_login(request.get_full_path())
    request = cast("SignedInRequest", request)
    if request.method == "POST":
        return _save_step(request, pk, step)
    lesson = get_lesson(user=request.user, pk=pk, permission=CHANGE)
    if not may_be_written(lesson, timezone.now()):
        return redirect(lesson)
    return _step_page(request, STEPS[step](lesson=lesson, rows=_rows(request.GET.get("rows"))))


def _rows(wanted: str | None) -> int:
    return min(number_sent(wanted) or 0, LearningStep.MOST_ROWS)


def _save_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    lesson = get_lesson(user=request.user, pk=pk, permission=CHANGE)
    form = STEPS[step](request.POST, lesson=lesson)
    if not form.is_valid():
        return _step_page(request, form, status=422)
    try:
        form.save(by=request.user, at=timezone.now())
        _link(request, lesson)
    except StaleText as error:
        return _stale_page(request, form, error)
    except LessonError as error:  # submitted meanwhile: show what was typed, so that it can be copied
        form.add_error(None, str(error))
        return _step_page(request, form, status=409)
    return _onwards(request, form)


def _link(request: SignedInRequest, lesson: Lesson) -> None:
    """Say, or take back, that it is a recurrence of the lesson whose button was pressed."""
    for name, act in (("link", link_recurrence), ("unlink", unlink_recurrence)):
        if reference := request.POST.get(name):
            target = get_publication(user=request.user, reference=reference).lesson
            act(lesson=lesson, target=target, by=request.user, at=timezone.now())


@require_GET
def submit_beside(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """What stands beside a step, as a piece of a page."""
    if step not in STEPS:
        raise Http404
    lesson = get_lesson(user=request.user, pk=pk, permission=CHANGE)
    return render(request, "lessons/writing/_beside.html", {"beside": beside(lesson, step, request.user)})


def _onwards(request: HttpRequest, form: StepForm) -> HttpResponseRedirect:
    """Go where the pressed button leads."""
    pk, slugs = form.lesson.pk, list(STEPS)
    match request.POST.get("then"):
        case "later":
            messages.success(request, gettext("Saved. You can carry on whenever you like."))
            return redirect("lesson_record", pk)
        case "add" if isinstance(form, LearningStep):
            rows = min(form.row_count() + 1, LearningStep.MOST_ROWS)
            return redirect(_here(request, form, f"#id_what_{rows}", rows=rows))
        case "organisation":
            return redirect(_here(request, form, "#more", more="open"))
    if {"link", "unlink"} & set(request.POST):
        return redirect(_here(request, form, "#seen-before"))
    if form.slug == EventStep.slug and may_be_recorded(request, form.lesson):
        back = "?back=check" if _comes_from_check(request) else ""
        return redirect(reverse("submit_same_event", args=[pk]) + back)
    after = slugs.index(form.slug) + 1
    if _comes_from_check(request) or after == len(slugs):
        return redirect("submit_check", pk)
    return redirect("submit_step", pk, slugs[after])


def _comes_from_check(request: HttpRequest) -> bool:
    return request.GET.get("back") == "check"


def _here(request: HttpRequest, form: StepForm, fragment: str, **query: str | int) -> str:
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
    note_comments(form)
    context = {
        "form": form,
        "lesson": lesson,
        "draft_key": key_for(lesson, request.user),
        "number": number,
        "step_count": STEP_COUNT,
        "previous": slugs[number - 2] if number > 1 else "",
        "from_check": _comes_from_check(request),
        "more_is_open": request.GET.get("more") == "open",
        "asked": asked_for(lesson),
        "beside": beside(_as_saved(form), form.slug, request.user),
        **more,
    }
    return render(request, f"lessons/writing/step_{form.slug.replace('-', '_')}.html", context, status=status)


def _as_saved(form: StepForm) -> Lesson:
    """Return the lesson as it is stored: the one of a form that was sent may hold what was refused."""
    return Lesson.objects.get(pk=form.lesson.pk) if form.is_bound else form.lesson


# -- the session ended ------------------------------------------------------------------------------
def _keep_step(request: HttpRequest, pk: int, step: str, holder: User) -> HttpResponse:
    """Save by the key alone, and go on with what follows after signing in.  Nothing stored is shown."""
    try:
        form, left_out = _keep(request, pk, step, holder)
    except (LessonError, PermissionDenied):
        return _signed_out_page(request, status=409)
    said = gettext("What you wrote is saved.")
    if left_out:
        said = gettext("What you wrote is saved, except %(fields)s.") % {"fields": _listed(left_out)}
    if request.user.is_authenticated:
        messages.success(request, said)
        return redirect("home")
    messages.success(request, gettext("%(said)s Sign in to carry on.") % {"said": said})
    follows = _here(request, form, "") if left_out else _onwards(request, form).url
    return redirect_to_login(follows)


def _keep(request: HttpRequest, pk: int, step: str, holder: User) -> tuple[StepForm, list[str]]:
    """Save what fits for the holder of a key; raises what `save_lesson` raises.

    :return: the form, whose lesson is the one saved, and what was left out
    """
    try:
        lesson = Lesson.objects.get(pk=pk)
    except Lesson.DoesNotExist:
        raise PermissionDenied from None
    form = STEPS[step](request.POST, lesson=lesson)
    try:
        form.lesson, left_out = form.save_what_fits(by=holder, at=timezone.now())
    except StaleText as error:
        if differences(error, lesson.kind):
            raise
        form.lesson, left_out = Lesson.objects.get(pk=pk), []  # what was sent twice is there already
    return form, left_out


def _listed(names: list[str]) -> str:
    *first, last = map(str, names)  # they are translated when shown
    return f" {gettext('and')} ".join(filter(None, [", ".join(first), last]))


def _signed_out_page(request: HttpRequest, status: int) -> HttpResponse:
    """Show what was typed and cannot be saved without signing in, ready to be sent again."""
    kept = {"csrfmiddlewaretoken", "draft_key"}
    sent = [(name, value) for name, values in request.POST.lists() if name not in kept for value in values]
    hidden = {"row_version", "event_version", "then"}
    context = {"sent": sent, "typed": [value for name, value in sent if value.strip() and name not in hidden]}
    return render(request, "lessons/writing/signed_out.html", context, status=status)


@csrf_exempt
@login_not_required
@require_POST
def submit_autosave(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Save a step while somebody types, by the key of its form; the answer tells nothing that is stored."""
    if step not in STEPS:
        raise Http404
    holder = holder_of(request.POST.get("draft_key", ""), pk, request.user)
    if holder is None:
        return JsonResponse({"problem": "key"}, status=403)
    try:
        form, left_out = _keep(request, pk, step, holder)
    except PermissionDenied:
        return JsonResponse({"problem": "permission"}, status=403)
    except StaleText:
        return JsonResponse({"problem": "stale"}, status=409)
    except OnHold:
        return JsonResponse({"problem": "held"}, status=409)
    except LessonError:
        return JsonResponse({"problem": "closed"}, status=409)
    versions: dict[str, object] = {"row_version": form.lesson.row_version}
    if "event_version" in form.fields:
        versions["event_version"] = version_of(form.lesson.event)
    saved_at = timezone.localtime().strftime("%H:%M")
    is_signed_in = request.user == holder
    return JsonResponse(
        {"saved_at": saved_at, "left_out": _listed(left_out) if left_out else "", "signed_in": is_signed_in, **versions}
    )
