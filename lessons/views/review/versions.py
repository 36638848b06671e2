"""Every version of a lesson: for readers number, date and note; for those who may see old texts, what changed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from lessons.access import get_publication
from lessons.actions.reading import record_read
from lessons.models import Lesson
from lessons.versions import sees_old_versions, versions_of
from lessons.views.reading import SignedInRequest


@require_safe
def versions(request: SignedInRequest, reference: str) -> HttpResponse:
    """:raises Http404, Suspended, Moved: as the page of the lesson, for readers"""
    lesson = Lesson.objects.visible_to(request.user).filter(reference=reference).for_list().first()
    if lesson and sees_old_versions(request.user, lesson):
        record_read(lesson, *lesson.publications.all(), by=request.user, at=timezone.now())
        return render(request, "lessons/review/versions.html", {"lesson": lesson, "versions": versions_of(lesson)})
    publication = get_publication(user=request.user, reference=reference)
    published = publication.lesson.publications.filter(published_at__isnull=False).order_by("-version")
    context = {"lesson": publication.lesson, "publication": publication, "published": published}
    return render(request, "lessons/review/versions.html", context)
