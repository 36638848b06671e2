"""Pages of those who run a debrief: open one, share its code, decide what becomes of its points."""

from itertools import groupby
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from govuk.numbers import number_sent
from lessons.actions import debriefs as actions
from lessons.actions.writing import create_event
from lessons.errors import LessonError
from lessons.forms.debriefs import DebriefEventForm, DebriefForm, organisations_run_for
from lessons.forms.points import PointForm, SortForm
from lessons.look_alikes import events_seen_by
from lessons.models import Debrief, Disposition, Event, Kind, Lesson, Observation
from lessons.models.debriefs import OPEN_AGAIN, RUNS
from lessons.promoting import kind_of
from lessons.views.reading import SignedInRequest

DEBRIEFS_PER_PAGE = 20


def get_debrief(user: User, pk: int, *, to_run: bool = False) -> Debrief:
    """Return a debrief that the user may see and, if `to_run`, decide on."""
    seen = Debrief.objects.visible_to(user).select_related("event", "organisation", "opened_by")
    debrief = get_object_or_404(seen, pk=pk)
    if to_run and not user.has_perm(RUNS, debrief):
        raise PermissionDenied
    return debrief


@require_GET
def debrief_list(request: SignedInRequest) -> HttpResponse:
    undecided = Count("observations", filter=Q(observations__disposition=Disposition.UNDECIDED))
    debriefs = (
        Debrief.objects.visible_to(request.user)
        .select_related("event", "organisation")
        .annotate(points=Count("observations"), undecided=undecided)
        .order_by("-held_on", "-pk")
    )
    context = {
        "page": Paginator(debriefs, DEBRIEFS_PER_PAGE).get_page(request.GET.get("page")),
        "may_open": organisations_run_for(request.user).exists(),
        "now": timezone.now(),
    }
    return render(request, "lessons/debriefs/list.html", context)


# -- opening -----------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def debrief_event(request: SignedInRequest) -> HttpResponse:
    """Choose the event, or record a new one once those that are like it were looked at."""
    if not organisations_run_for(request.user).exists():
        raise PermissionDenied
    form = DebriefEventForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method != "POST":
        return render(request, "lessons/debriefs/event.html", {"form": form})
    if not form.is_valid():
        return render(request, "lessons/debriefs/event.html", {"form": form}, status=422)
    if form.alike:
        return render(request, "lessons/debriefs/event.html", {"form": form})
    event = form.cleaned_data["event"] or _record_event(request.user, form)
    return redirect("debrief_open", event.pk)


def _record_event(user: User, form: DebriefEventForm) -> Event:
    values = form.cleaned_data
    return create_event(
        by=user,
        at=timezone.now(),
        organisation=form.recorded_by,
        areas=[values["area"]],
        organisations=[form.recorded_by],
        name=values["name"],
        kind=values["kind"],
        started_on=values["date"].date,
        precision=values["date"].precision,
    )


@require_http_methods(["GET", "POST"])
def debrief_open(request: SignedInRequest, event: int) -> HttpResponse:
    """Say what kind of debrief it is, and until when it takes points."""
    if not organisations_run_for(request.user).exists():
        raise PermissionDenied
    subject = get_object_or_404(events_seen_by(request.user), pk=event)
    form = DebriefForm(request.POST if request.method == "POST" else None, user=request.user, event=subject)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "lessons/debriefs/open.html", {"form": form, "event": subject}, status=status)
    debrief = actions.open_debrief(by=request.user, at=timezone.now(), **form.values())
    return redirect("debrief_share", debrief.pk)


# -- sharing the code ------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def debrief_share(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the code to the room; POST gives another code, closes the debrief, or opens it again."""
    debrief = get_debrief(request.user, pk, to_run=True)
    now = timezone.now()
    if request.method == "POST":
        match request.POST.get("then"):
            case "code":
                actions.change_code(debrief=debrief, by=request.user, at=now)
                messages.success(request, gettext("There is a new code. The old one opens nothing any more."))
            case "close":
                actions.set_closing(debrief=debrief, closes_at=now, by=request.user, at=now)
                messages.success(request, gettext("The debrief is closed. Nobody can add points with the code."))
            case "reopen":
                actions.set_closing(debrief=debrief, closes_at=now + OPEN_AGAIN, by=request.user, at=now)
                messages.success(request, gettext("The debrief is open for another week."))
        return redirect("debrief_share", pk)
    address = f"{settings.SITE_URL}{reverse('debrief_code', args=[debrief.code])}"
    context = {
        "debrief": debrief,
        "address": address,
        "entry": f"{settings.SITE_URL}{reverse('debrief_enter')}",
        "qr": _qr(address),
        "is_open": debrief.is_open(now),
    }
    return render(request, "lessons/debriefs/share.html", context)


def _qr(address: str) -> SafeString:
    """Return `address` as an SVG drawing."""
    drawn = segno.make(address, error="m").svg_inline(omitsize=True, border=2, svgclass="jol-qr__code", lineclass="")
    return mark_safe(drawn)  # noqa: S308 - drawn from an address of ours, which it does not hold as text


# -- one debrief -----------------------------------------------------------------------------------
@require_GET
def debrief(request: SignedInRequest, pk: int) -> HttpResponse:
    return _debrief_page(request, get_debrief(request.user, pk))


def _debrief_page(
    request: SignedInRequest, debrief: Debrief, form: SortForm | None = None, status: int = 200
) -> HttpResponse:
    points = list(debrief.observations.select_related("principle", "author", "lesson", "same_as").order_by("pk"))
    undecided = [point for point in points if point.is_undecided]
    decided = [point for point in points if not point.is_undecided]
    may_run = request.user.has_perm(RUNS, debrief)
    context = {
        "debrief": debrief,
        "form": form or SortForm(debrief=debrief, undecided=undecided),
        "groups": _grouped(undecided),
        "lessons": _lessons_from(decided, request.user),
        "others": [point for point in decided if point.lesson is None],
        "point_count": len(points),
        "undecided_count": len(undecided),
        "may_run": may_run,
        "is_open": debrief.is_open(timezone.now()),
    }
    return render(request, "lessons/debriefs/debrief.html", context, status=status)


def _grouped(points: list[Observation]) -> list[dict[str, Any]]:
    """Return the points under their headings; those without one stand each alone, after them."""
    headed = sorted((point for point in points if point.group), key=lambda point: point.group)
    groups = [{"name": name, "points": list(found)} for name, found in groupby(headed, lambda point: point.group)]
    groups += [{"name": "", "points": [point]} for point in points if not point.group]
    for group in groups:
        group["kind"] = kind_of(group["points"])
    return groups


def _lessons_from(points: list[Observation], user: User) -> list[dict[str, Any]]:
    """Return the lessons that points became, each with its points, and whether `user` may open its record."""
    promoted = sorted((point for point in points if point.lesson), key=lambda point: (point.lesson_id, point.pk))
    seen = set(Lesson.objects.visible_to(user).filter(observations__in=promoted).values_list("pk", flat=True))
    return [
        {"lesson": lesson, "points": list(found), "is_seen": lesson is not None and lesson.pk in seen}
        for lesson, found in groupby(promoted, lambda point: point.lesson)
    ]


@require_POST
def debrief_promote(request: SignedInRequest, pk: int) -> HttpResponse:
    """Begin a lesson from a point, or from those under one heading, with one press."""
    debrief = get_debrief(request.user, pk, to_run=True)
    sent = map(number_sent, request.POST.getlist("points"))
    chosen = [number for number in sent if number is not None]
    points = debrief.observations.filter(pk__in=chosen)
    return _promote(request, debrief, chosen, kind_of(list(points)))


@require_POST
def debrief_sort(request: SignedInRequest, pk: int) -> HttpResponse:
    """Do with the points that are ticked what the pressed button says."""
    debrief = get_debrief(request.user, pk, to_run=True)
    undecided = list(debrief.observations.filter(disposition=Disposition.UNDECIDED).order_by("pk"))
    form = SortForm(request.POST, debrief=debrief, undecided=undecided)
    if not form.is_valid():
        return _debrief_page(request, debrief, form, status=422)
    chosen, by, at = form.chosen(), request.user, timezone.now()
    match form.then:
        case "lesson":
            return _promote(request, debrief, chosen, Kind.LESSON_IDENTIFIED)
        case "practice":
            return _promote(request, debrief, chosen, Kind.NOTABLE_PRACTICE)
        case "group":
            name = form.cleaned_data["group"]
            actions.group_points(debrief=debrief, points=chosen, name=name, by=by, at=at)
        case "ungroup":
            actions.group_points(debrief=debrief, points=chosen, name="", by=by, at=at)
        case "settle":
            actions.settle_points(debrief=debrief, points=chosen, by=by, at=at, **form.settling())
            said = ngettext("Noted for %(number)s point.", "Noted for %(number)s points.", len(chosen))
            messages.success(request, said % {"number": len(chosen)})
    return redirect(debrief)


def _promote(request: SignedInRequest, debrief: Debrief, chosen: list[int], kind: str) -> HttpResponse:
    lesson = actions.promote_points(debrief=debrief, points=chosen, kind=kind, by=request.user, at=timezone.now())
    messages.success(
        request,
        gettext("A draft was begun: “%(lesson_title)s”. Write it up when you like.") % {"lesson_title": lesson.title},
    )
    return redirect(debrief)


# -- one point ---------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def debrief_note(request: SignedInRequest, pk: int) -> HttpResponse:
    """Add a point that was made in the room."""
    debrief = get_debrief(request.user, pk, to_run=True)
    form = PointForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "debrief": debrief}
    if request.method != "POST" or not form.is_valid():
        return render(request, "lessons/debriefs/point.html", context, status=422 if form.is_bound else 200)
    actions.note_point(debrief=debrief, on=timezone.localdate(), by=request.user, **form.values())
    messages.success(request, gettext("The point is added."))
    return redirect("debrief_note" if request.POST.get("then") == "another" else "debrief", pk)


@require_http_methods(["GET", "POST"])
def debrief_reword(request: SignedInRequest, pk: int, point: int) -> HttpResponse:
    """Correct a point: what it says, of what kind it is, which principle it is about."""
    debrief = get_debrief(request.user, pk, to_run=True)
    chosen = get_object_or_404(debrief.observations.select_related("principle", "debrief"), pk=point)
    form = PointForm(request.POST if request.method == "POST" else None, initial=PointForm.of(chosen))
    context = {"form": form, "debrief": debrief, "point": chosen}
    if request.method != "POST" or not form.is_valid():
        return render(request, "lessons/debriefs/point.html", context, status=422 if form.is_bound else 200)
    try:
        actions.reword_point(point=chosen, by=request.user, at=timezone.now(), **form.values())
    except LessonError as error:  # decided or held meanwhile: show what was typed, so that it can be copied
        form.add_error(None, str(error))
        return render(request, "lessons/debriefs/point.html", context, status=409)
    messages.success(request, gettext("The point is changed."))
    return redirect(debrief)


@require_POST
def debrief_undo(request: SignedInRequest, pk: int, point: int) -> HttpResponse:
    """Take back what became of a point."""
    debrief = get_debrief(request.user, pk, to_run=True)
    chosen = get_object_or_404(debrief.observations.select_related("debrief", "lesson"), pk=point)
    actions.reconsider_point(point=chosen, by=request.user, at=timezone.now())
    messages.success(request, gettext("Taken back: the point is among those not decided yet."))
    return redirect(debrief)
