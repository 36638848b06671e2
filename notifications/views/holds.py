"""Outgoing mail is off: turning it on again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from notifications.access import SignedInRequest
from notifications.actions.holding import RepeatsPossible, release_mail
from notifications.forms.mail import ReleaseForm
from notifications.models import Delivery, MailHold
from notifications.overview import EXACT
from notifications.views.staff import for_staff


@require_http_methods(["GET", "POST"])
@for_staff
def mail_release(request: SignedInRequest) -> HttpResponse:
    """Say what turning mail on again would do, and do it when that was seen."""
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        accepts = form.cleaned_data["accepts_repeats"]
        try:
            hold = release_mail(by=request.user, accepts_repeats=accepts, at=timezone.now())
        except RepeatsPossible:
            form.add_error("accepts_repeats", _("Say that repeats are accepted, or have the log read first"))
        else:
            messages.success(request, _("Outgoing mail is on.") if hold else _("Outgoing mail was on already."))
            return redirect("mail")
    hold = MailHold.objects.in_force().first()
    if hold is None:
        messages.info(request, _("Outgoing mail is on."))
        return redirect("mail")
    due = Delivery.objects.due(timezone.now()).values("pk")[: EXACT + 1].count()
    context = {"form": form, "hold": hold, "due": min(due, EXACT), "is_more": due > EXACT}
    return render(request, "notifications/mail/release.html", context, status=422 if form.errors else 200)
