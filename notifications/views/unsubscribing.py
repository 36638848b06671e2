"""Pages that a mail leads to, without signing in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from notifications import actions
from notifications.emails import SUBSCRIPTION_MAILS
from notifications.models import Delivery, DeliveryKind, UseMailsOff


def _mail(token: str) -> Delivery:
    return get_object_or_404(Delivery, token=token, kind__in=SUBSCRIPTION_MAILS)


@csrf_exempt  # one click in a mail reader: RFC 8058 asks for no cookie and no page before it
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End what a mail was sent for.  GET shows a button and changes nothing: scanners follow every link."""
    mail = _mail(token)
    if request.method == "POST":
        actions.unsubscribe(mail=mail, at=timezone.now())
    return _unsubscribe_page(request, mail)


@csrf_exempt  # the page that leads here sets no cookie
@login_not_required
@require_POST
def unsubscribe_undo(request: HttpRequest, token: str) -> HttpResponse:
    mail = _mail(token)
    undone = actions.undo_unsubscribe(mail=mail, at=timezone.now())
    return _unsubscribe_page(request, mail, undone=undone)


def _unsubscribe_page(request: HttpRequest, mail: Delivery, *, undone: int = 0) -> HttpResponse:
    if mail.kind == DeliveryKind.LESSON_USED:
        is_off = UseMailsOff.objects.filter(person=mail.person).exists()
        context = {"mail": mail, "on": not is_off, "ended_here": is_off, "undone": undone, "is_about_use": True}
        return render(request, "notifications/unsubscribe.html", context)
    named = actions.subscriptions_named_in(mail)
    context = {
        "mail": mail,
        "on": named.current().count(),
        "ended_here": named.filter(ended_by_mail=mail).count(),
        "undone": undone,
        "is_mailbox": mail.organisation_id is not None,
    }
    return render(request, "notifications/unsubscribe.html", context)
