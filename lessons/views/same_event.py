"""Before a second event is made: is it one that is recorded already?"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from lessons.access import get_lesson
from lessons.actions.drafts import use_event
from lessons.errors import WrongStatus
from lessons.forms.start import SameEventForm
from lessons.holds import refuse_if_kept
from lessons.look_alikes import look_alikes_of
from lessons.models import Event, Lesson
from lessons.views.reading import SignedInRequest

CHANGE = "lessons.change_lesson"
#: Name in the session: keys of events of which somebody said that they are none of those like them.
TOLD_APART = "events_told_apart"


def may_be_recorded(request: HttpRequest, lesson: Lesson) -> bool:
    """Whether the writer should be asked if the event, as it is saved, is one of those like it."""
    if not request.user.is_authenticated or lesson.event_id in request.session.get(TOLD_APART, []):
        return False
    return bool(look_alikes_of(Event.objects.get(pk=lesson.event_id), request.user))


@require_http_methods(["GET", "POST"])
def submit_same_event(request: SignedInRequest, pk: int) -> HttpResponse:
    """Offer the events like the one of a draft, and go on with what was chosen."""
    lesson = get_lesson(user=request.user, pk=pk, permission=CHANGE)
    if not lesson.is_open_to_owner:
        raise WrongStatus(gettext("This lesson is not open to changes now."))
    refuse_if_kept(lesson, timezone.now())
    alike = look_alikes_of(lesson.event, request.user)
    follows = _follows(request, lesson)
    if not alike:
        return redirect(follows)
    form = SameEventForm(request.POST if request.method == "POST" else None, alike=alike)
    if not form.is_valid():
        context = {"form": form, "lesson": lesson}
        return render(request, "lessons/writing/same_event.html", context, status=422 if form.is_bound else 200)
    chosen = form.cleaned_data["same"]
    if chosen == SameEventForm.ANOTHER:
        request.session[TOLD_APART] = [*request.session.get(TOLD_APART, []), lesson.event_id]
        return redirect(follows)
    event = next(event for event in alike if str(event.pk) == chosen)
    use_event(lesson=lesson, event=event, by=request.user, at=timezone.now())
    messages.success(
        request,
        gettext("The lesson comes from “%(event_name)s” now, with what is recorded about it.")
        % {"event_name": event.name},
    )
    return redirect(follows)


def _follows(request: HttpRequest, lesson: Lesson) -> str:
    if request.GET.get("back") == "check":
        return reverse("submit_check", args=[lesson.pk])
    return reverse("submit_step", args=[lesson.pk, "what-happened"])
