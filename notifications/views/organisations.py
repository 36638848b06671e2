"""Pages of those who look after an organisation: addresses that bounce, and what it was sent."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from accounts.keyset import KeysetPage, keyset_page
from accounts.models import User
from notifications.access import SignedInRequest
from notifications.bounces.counting import organisations_of
from notifications.bounces.lifting import administered_by, lift_suppression, looked_after_by
from notifications.models import Suppression
from notifications.models.bounces import LIFT_SUPPRESSION
from notifications.models.replays import LOOK_AFTER_MAIL
from notifications.models.subscriptions import mailboxes_of
from notifications.sent_to import news_sent_to, with_references


def _looks_after_addresses(user: User) -> bool:
    return user.has_perm(LIFT_SUPPRESSION) or bool(administered_by(user))


@require_GET
def bounced(request: SignedInRequest) -> HttpResponse:
    """The addresses that nothing is sent to, of those the person looks after."""
    if not _looks_after_addresses(request.user):
        raise Http404
    page: KeysetPage = keyset_page(looked_after_by(request.user), request.GET)
    organisations = organisations_of([one.address for one in page.rows])
    rows = [(one, organisations[one.address]) for one in page.rows]
    return render(
        request,
        "notifications/mail/bounced.html",
        {"page": page, "rows": rows, "is_staff": request.user.has_perm(LOOK_AFTER_MAIL)},
    )


@require_POST
def bounced_right(request: SignedInRequest, pk: int) -> HttpResponse:
    """The address is right again; pressed a second time it changes nothing."""
    if not _looks_after_addresses(request.user):
        raise Http404
    suppression = get_object_or_404(Suppression.objects.exclude(until=None) | looked_after_by(request.user), pk=pk)
    if suppression.until is None:
        lift_suppression(suppression=suppression, by=request.user, at=timezone.now())
        messages.success(
            request,
            gettext("Emails go to %(address)s again from now on.") % {"address": suppression.address},
        )
    return redirect("bounced")


@require_GET
def mail_of_organisation(request: SignedInRequest) -> HttpResponse:
    """What the organisation's mailbox and people were told: how many, and of what; no person is named."""
    organisations = mailboxes_of(request.user)
    if not organisations:
        raise Http404
    asked = request.GET.get("organisation", organisations[0].code)
    chosen = next((one for one in organisations if one.code == asked), None)
    if chosen is None:
        raise Http404
    page = keyset_page(news_sent_to(chosen), request.GET, key="newest")
    context: dict[str, Any] = {
        "organisations": organisations,
        "organisation": chosen,
        "page": page,
        "rows": with_references(page.rows, request.user),
    }
    return render(request, "notifications/mail/of_organisation.html", context)
