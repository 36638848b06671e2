"""Pages of attachments: add files to a lesson, take them out, publish them."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.rates import Rate
from lessons.access import get_lesson
from lessons.actions import attachments as actions
from lessons.attachments.content import TOO_LARGE
from lessons.attachments.findings import refusal_in_words
from lessons.attachments.kinds import MEGABYTE, MOST_BYTES, Refused, plain_name
from lessons.attachments.scanners import scanner
from lessons.errors import ReasonMissing
from lessons.forms.attachments import AttachmentForm
from lessons.holds import is_kept
from lessons.models import Lesson
from lessons.views.reading import SignedInRequest

#: Files by one person: more than anybody attaches, fewer than keep the scanner from others.
UPLOADS = Rate("attachments", 60, timedelta(hours=1))


@require_http_methods(["GET", "POST"])
def lesson_attachments(request: SignedInRequest, pk: int) -> HttpResponse:
    """List the files of a lesson; POST adds one."""
    lesson = get_lesson(user=request.user, pk=pk)
    if request.method != "POST":
        return _page(request, lesson, AttachmentForm())
    lesson = get_lesson(user=request.user, pk=pk, permission=actions.CHANGE)
    form = AttachmentForm(request.POST, request.FILES)
    if getattr(request, "was_too_large", False):
        form.errors.clear()
        form.add_error("file", refusal_in_words(TOO_LARGE))
    if not form.is_valid():
        return _page(request, lesson, form, status=422)
    now = timezone.now()
    if UPLOADS.is_used_up(str(request.user.pk), now):
        form.add_error("file", gettext("You attached very many files within an hour. Try again later"))
        return _page(request, lesson, form, status=429)
    UPLOADS.count(str(request.user.pk), now)
    file = form.cleaned_data["file"]
    try:
        actions.add_attachment(lesson=lesson, file=file.file, name=file.name, by=request.user, at=now)
    except Refused as error:
        form.add_error("file", refusal_in_words(str(error)))
        return _page(request, lesson, form, status=422)
    said = gettext("“%(name)s” is attached. It is checked before anybody can download it.")
    messages.success(request, said % {"name": plain_name(file.name)})
    return redirect("lesson_attachments", pk)


def _page(request: SignedInRequest, lesson: Lesson, form: AttachmentForm, status: int = 200) -> HttpResponse:
    attachments = list(lesson.attachments.order_by("pk"))
    is_held = is_kept(lesson, timezone.now())
    may_change = lesson.is_open_to_owner and not is_held and request.user.has_perm(actions.CHANGE, lesson)
    context: dict[str, Any] = {
        "lesson": lesson,
        "form": form,
        "attachments": attachments,
        "may_change": may_change,
        "is_held": is_held,
        "may_publish": request.user.has_perm(actions.PUBLISH, lesson) and lesson.submitted_at is not None,
        "is_full": sum(not one.reason for one in attachments) >= actions.MOST_ATTACHMENTS,
        "most": actions.MOST_ATTACHMENTS,
        "is_waiting": any(one.is_waiting for one in attachments),
        "is_scanned": scanner().is_real,
        "most_megabytes": MOST_BYTES // MEGABYTE,
    }
    return render(request, "lessons/attachments/attachments.html", context, status=status)


@require_POST
def attachment_remove(request: SignedInRequest, pk: int, key: str) -> HttpResponse:
    lesson = get_lesson(user=request.user, pk=pk, permission=actions.CHANGE)
    attachment = get_object_or_404(lesson.attachments.select_related("lesson"), key=key)
    actions.remove_attachment(attachment=attachment, by=request.user, at=timezone.now())
    messages.success(request, gettext("“%(name)s” is taken out.") % {"name": attachment.name})
    return redirect("lesson_attachments", pk)


@require_POST
def attachment_publish(request: SignedInRequest, pk: int, key: str) -> HttpResponse:
    """Give a file to readers, or take it from them."""
    lesson = get_lesson(user=request.user, pk=pk, permission=actions.PUBLISH)
    attachment = get_object_or_404(lesson.attachments, key=key)
    wanted = request.POST.get("published") == "yes"
    accepts = request.POST.get("accepts_findings") == "yes"
    try:
        actions.set_published(
            attachment=attachment, published=wanted, by=request.user, at=timezone.now(), accepts_findings=accepts
        )
    except ReasonMissing as error:
        messages.warning(request, f"“{attachment.name}”: {error}")
        return redirect("lesson_attachments", pk)
    given = gettext("Readers get it with the publication: “%(name)s”.")
    taken = gettext("Readers do not get it any more: “%(name)s”.")
    messages.success(request, (given if wanted else taken) % {"name": attachment.name})
    return redirect("lesson_attachments", pk)
