"""Several lessons of the queue at once: chosen, looked at before, done."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from lessons.bulk import Outcome, move_several
from lessons.forms.review.bulk import MOST_AT_ONCE, TAG, SeveralForm
from lessons.models import Lesson, Move
from lessons.tagging import tag_several
from lessons.views.reading import SignedInRequest
from lessons.views.review.queue import queue_of


@require_http_methods(["GET", "POST"])
def several(request: SignedInRequest) -> HttpResponse:
    """Ask what to do, show what would come of it, and do it when that was seen (`go`)."""
    sent = request.POST if request.method == "POST" else request.GET
    chosen = {int(pk) for pk in sent.getlist("lesson") if pk.isascii() and pk.isdecimal() and len(pk) < 10}
    lessons = list(queue_of(request).filter(pk__in=chosen).in_queue_order().for_list()[:MOST_AT_ONCE])
    if not lessons:
        messages.info(request, gettext("Select some lessons of the queue first."))
        return redirect("queue")
    post = request.POST.copy() if request.method == "POST" else None
    if post is not None:
        post.setlist("lesson", [str(lesson.pk) for lesson in lessons])
    form = SeveralForm(post, user=request.user, lessons=[lesson.pk for lesson in lessons])
    outcomes: list[Outcome] = []
    if form.is_valid():
        rehearse = "go" not in request.POST
        outcomes = _carry_out(form, lessons, request, rehearse=rehearse)
        if not rehearse:
            return _tell(request, outcomes, form.cleaned_data["what"])
    context = {"form": form, "lessons": lessons, "outcomes": outcomes, "possible": _done(outcomes)}
    return render(request, "lessons/review/several.html", context, status=422 if form.errors else 200)


def _carry_out(form: SeveralForm, lessons: list[Lesson], request: SignedInRequest, *, rehearse: bool) -> list[Outcome]:
    by, at, what = request.user, timezone.now(), form.cleaned_data["what"]
    if what == TAG:
        return tag_several(lessons=lessons, tag=form.cleaned_data["tag"], by=by, at=at, rehearse=rehearse)
    return move_several(lessons=lessons, move=Move(what), by=by, at=at, rehearse=rehearse, **form.given)


def _done(outcomes: list[Outcome]) -> int:
    return sum(1 for outcome in outcomes if not outcome.refusal)


def _tell(request: SignedInRequest, outcomes: list[Outcome], what: str) -> HttpResponse:
    done = _done(outcomes)
    if done:
        messages.success(request, gettext("Done. Lessons changed: %(number)s") % {"number": done})
    if done and what == Move.DECLINE:
        messages.info(request, _ways_back([outcome.lesson for outcome in outcomes if not outcome.refusal]))
    for outcome in outcomes:
        if outcome.refusal:
            messages.warning(request, f"{outcome.lesson.reference}: {outcome.refusal}")
    return redirect("queue")


def _ways_back(lessons: list[Lesson]) -> SafeString:
    """Return a link for each that was declined: nobody notices a mistake before it is made."""
    links = [(reverse("take_back", args=[lesson.pk]), lesson.reference) for lesson in lessons]
    return format_html(
        "{} {}",
        gettext("Their owners are told in ten minutes. Take back:"),
        format_html_join(", ", '<a class="govuk-notification-banner__link" href="{}">{}</a>', links),
    )
