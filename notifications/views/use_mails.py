"""Turning the monthly mail about use off and on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from notifications import actions
from notifications.access import SignedInRequest, for_readers


@require_POST
def use_mails(request: SignedInRequest) -> HttpResponse:
    for_readers(request.user)
    person, now = request.user, timezone.now()
    if request.POST.get("wanted") == "yes":
        actions.resume_use_mails(person=person, by=person, at=now)
        messages.success(request, gettext("You will be told once a month if lessons of yours were used."))
    else:
        actions.stop_use_mails(person=person, by=person, at=now)
        messages.success(request, gettext("You will not be emailed about the use of your lessons."))
    return redirect("subscriptions")
