"""Handing attachments out: from the site itself, or by way of a link from a host without cookies (FILES_URL)."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template import loader
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from lessons.actions.reading import record_read
from lessons.attachments import store
from lessons.attachments.links import link_to, read_link
from lessons.models import Attachment, Lesson, Publication
from lessons.models.attachments import Scan
from lessons.views.reading import SignedInRequest

#: Whatever a browser makes of a file, it may load nothing, run nothing, and act in nobody's name.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


@require_GET
def attachment(request: SignedInRequest, key: str) -> HttpResponseBase:
    """Download a file, or be led to where it is handed out.

    :raises Http404: there is none that this person may have, or it was not found clean: the page of files says so
    """
    found = get_object_or_404(_had_by(request.user), key=key)
    answer = _led_to(found, request.user) if settings.FILES_URL else _handed_out(found)
    record_read(found, by=request.user, at=timezone.now())
    return answer


@login_not_required
@require_GET
def attachment_by_link(request: HttpRequest, signed: str) -> FileResponse:
    """Download a file on the host of files; that its reader got it was recorded when the link was given.

    :raises Http404: the link is none of ours or too old, or its reader may not have the file any more
    """
    try:
        key, reader_pk = read_link(signed)
    except signing.BadSignature as error:
        raise Http404 from error
    reader = get_object_or_404(User, pk=reader_pk)
    if not reader.may_sign_in:
        raise Http404
    answer = _handed_out(get_object_or_404(_had_by(reader), key=key))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def link_over(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer whatever is not there on the host of files: in both languages, as nobody is known there."""
    page = loader.get_template("lessons/attachments/link_over.html")
    return HttpResponse(page.render({"site_url": settings.SITE_URL, "site_name": settings.SITE_NAME}), status=404)


def _led_to(found: Attachment, reader: User) -> HttpResponseRedirect:
    answer = HttpResponseRedirect(link_to(found, reader))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _handed_out(found: Attachment) -> FileResponse:
    try:
        file = store.opened(found.key)
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(file, as_attachment=True, filename=found.name, content_type=found.kind.media_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _had_by(user: User) -> "Any":
    """Return the clean files of the records that `user` may see, and those published with what they may read."""
    seen = Q(lesson__in=Lesson.objects.visible_to(user).values("pk"))
    readable = Publication.objects.readable_by(user).values("lesson")
    return Attachment.objects.filter(seen | Q(published=True, lesson__in=readable), scan=Scan.CLEAN)
