"""What became of each publication among readers, and the schedule."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.keyset import keyset_page
from lessons.models import Publication
from notifications.access import SignedInRequest
from notifications.models import Announcement
from notifications.reach import reach_of
from notifications.schedule import schedule
from notifications.views.staff import for_staff


@require_GET
@for_staff
def mail_publications(request: SignedInRequest) -> HttpResponse:
    """The news that readers were told of, newest first."""
    news = Announcement.objects.that_tell().select_related("publication__lesson").defer("publication__search")
    return render(request, "notifications/mail/publications.html", {"page": keyset_page(news, request.GET)})


@require_GET
@for_staff
def mail_publication(request: SignedInRequest, pk: int) -> HttpResponse:
    published = Publication.objects.select_related("lesson").filter(published_at__isnull=False)
    publication = get_object_or_404(published, pk=pk)
    context = {"publication": publication, "reach": reach_of(publication)}
    return render(request, "notifications/mail/publication.html", context)


@require_GET
@for_staff
def mail_schedule(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    context = {"tasks": schedule(at=now), "now": now}
    return render(request, "notifications/mail/schedule.html", context)
