"""Pages about subscriptions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from notifications.models import Subscription


@require_GET
def subscriptions(request: HttpRequest) -> HttpResponse:
    """What the person is mailed about, and the mailboxes that the person looks after."""
    mine = Subscription.objects.current().looked_after_by(request.user).for_list()
    return render(request, "notifications/subscriptions.html", {"subscriptions": mine})
