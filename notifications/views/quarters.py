"""Pages about the lessons digest of each quarter."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from govuk.numbers import number_sent
from notifications import actions
from notifications.access import SignedInRequest, for_readers
from notifications.actions.quarters import EDIT, MOST_CHOSEN, candidates
from notifications.forms.quarters import QuarterForm
from notifications.models import QuarterDigest
from notifications.quarter_pages import in_order, page_for, pdf_of


def _get(user: User, code: str) -> QuarterDigest:
    """Return the digest of a quarter; before it has gone only editors see it."""
    for_readers(user)
    for digest in QuarterDigest.objects.order_by("-period_start"):
        if digest.code == code and (digest.closed_at or user.has_perm(EDIT)):
            return digest
    raise Http404


def _get_to_edit(user: User, code: str) -> QuarterDigest:
    digest = _get(user, code)
    if not user.has_perm(EDIT):
        raise PermissionDenied
    return digest


@require_GET
def quarters(request: SignedInRequest) -> HttpResponse:
    for_readers(request.user)
    may_edit = request.user.has_perm(EDIT)
    digests = QuarterDigest.objects.all() if may_edit else QuarterDigest.objects.sent()
    found = digests.order_by("-period_start")
    return render(request, "notifications/quarters.html", {"digests": found, "may_edit": may_edit})


@require_GET
def quarter(request: SignedInRequest, code: str) -> HttpResponse:
    """As it went, or for editors as it would go now."""
    digest = _get(request.user, code)
    may_edit = request.user.has_perm(EDIT) and digest.may_be_edited(timezone.now())
    context = {"page": page_for(request.user, digest, as_edited=may_edit), "digest": digest, "may_edit": may_edit}
    return render(request, "notifications/quarter.html", context)


@require_GET
def quarter_pdf(request: SignedInRequest, code: str) -> HttpResponse:
    digest = _get(request.user, code)
    page = page_for(request.user, digest, as_edited=digest.closed_at is None)
    answer = HttpResponse(pdf_of(page), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="lessons-{digest.code}.pdf"'
    return answer


@require_http_methods(["GET", "POST"])
def quarter_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Words and lessons.  Every button saves: "do" says what else it does, such as "up-42"."""
    digest = _get_to_edit(request.user, code)
    if request.method == "GET":
        form = QuarterForm(initial={"words": digest.words, "version": digest.row_version})
        return _edit_page(request, digest, form, digest.chosen)
    form = QuarterForm(request.POST)
    chosen = _moved(_keys(request), request.POST.get("do", ""))
    if not form.is_valid():
        return _edit_page(request, digest, form, chosen)
    offered = set(candidates(digest.period_start, digest.period_end).values_list("lesson", flat=True))
    try:
        actions.edit_quarter(
            digest=digest,
            words=form.cleaned_data["words"],
            chosen=[key for key in chosen if key in offered or key in digest.made],
            version=form.cleaned_data["version"],
            by=request.user,
            at=timezone.now(),
        )
    except (actions.EditedMeanwhile, actions.NotInTime) as error:
        form.add_error(None, str(error))
        digest.refresh_from_db()
        return _edit_page(request, digest, form, digest.chosen)
    if request.POST.get("do") == "save":
        messages.success(request, gettext("Saved. It goes as you see it once it is approved."))
        return redirect("quarter", digest.code)
    what, _, key = request.POST.get("do", "").partition("-")
    place = f"lesson-{key}" if what in {"up", "down", "add"} and key.isdigit() else "lessons"
    return redirect(f"{reverse('quarter_edit', args=[digest.code])}#{place}")


def _keys(request: HttpRequest) -> list[int]:
    return [int(key) for key in request.POST.getlist("chosen") if key.isascii() and key.isdigit() and len(key) < 18]


def _moved(chosen: list[int], do: str) -> list[int]:
    """Return the lessons after one button: add, remove, up or down, with a key."""
    what, _, key = do.partition("-")
    if not (key.isascii() and key.isdigit() and len(key) < 18):
        return chosen
    lesson, others = int(key), [one for one in chosen if one != int(key)]
    if what == "remove":
        return others
    if what == "add":
        return [*others, lesson]
    if what in {"up", "down"} and lesson in chosen:
        place = chosen.index(lesson) + (1 if what == "down" else -1)
        return [*others[: max(place, 0)], lesson, *others[max(place, 0) :]]
    return chosen


def _edit_page(request: HttpRequest, digest: QuarterDigest, form: QuarterForm, chosen: list[int]) -> HttpResponse:
    offered = list(candidates(digest.period_start, digest.period_end))
    shown = in_order(chosen, offered)
    context = {
        "digest": digest,
        "form": form,
        "chosen": shown,
        "others": [text for text in offered if text.lesson_id not in chosen],
        "is_open": digest.may_be_edited(timezone.now()),
        "is_full": len(shown) >= MOST_CHOSEN,
        "most": MOST_CHOSEN,
    }
    return render(request, "notifications/quarter_edit.html", context)


@require_POST
def quarter_approve(request: SignedInRequest, code: str) -> HttpResponse:
    digest = _get_to_edit(request.user, code)
    try:
        actions.approve_quarter(
            digest=digest,
            version=number_sent(request.POST.get("version")) or 0,
            by=request.user,
            at=timezone.now(),
        )
    except (actions.EditedMeanwhile, actions.NotInTime) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, gettext("Approved. It goes out when the quarter ends."))
    return redirect("quarter", digest.code)
