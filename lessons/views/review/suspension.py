"""Taking a publication away from everybody at once."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from lessons.access import get_publication
from lessons.actions.moves import move_lesson
from lessons.forms.review.decisions import SuspendForm
from lessons.models import Move
from lessons.views.reading import SignedInRequest


@require_http_methods(["GET", "POST"])
def suspend(request: SignedInRequest, reference: str) -> HttpResponse:
    publication = get_publication(user=request.user, reference=reference)
    if not request.user.has_perm("lessons.suspend_lesson", publication.lesson):
        raise PermissionDenied
    form = SuspendForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        move_lesson(
            lesson=publication.lesson,
            move=Move.SUSPEND,
            by=request.user,
            at=timezone.now(),
            note=form.cleaned_data["note"],
        )
        messages.success(
            request,
            gettext("%(reference)s is suspended. Everyone who was sent it is told to stop using it.")
            % {"reference": reference},
        )
        return redirect("lesson_record", publication.lesson_id)
    context = {"publication": publication, "form": form}
    return render(request, "lessons/review/suspend.html", context, status=422 if form.errors else 200)
