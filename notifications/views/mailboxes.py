"""Pages about the mailbox of an organisation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Organisation
from notifications import actions
from notifications.access import SignedInRequest, get_mailbox
from notifications.actions.mailboxes import CLEAR_MAILBOX, LINK_LASTS
from notifications.forms.mailboxes import MailboxForm


@require_http_methods(["GET", "POST"])
def mailbox(request: SignedInRequest, code: str) -> HttpResponse:
    """Its address and clearance."""
    organisation = get_mailbox(request.user, code)
    may_clear = request.user.has_perm(CLEAR_MAILBOX, organisation)
    form = MailboxForm(request.POST or None, organisation=organisation, may_clear=may_clear)
    if request.method == "POST" and form.is_valid() and _save(request, form, organisation):
        return redirect("subscriptions")
    context = {"form": form, "organisation": organisation, "link_lasts": LINK_LASTS.days}
    return render(request, "notifications/mailbox.html", context)


def _save(request: SignedInRequest, form: MailboxForm, organisation: Organisation) -> bool:
    """Carry out what the form asks; say whether it could be done."""
    address, now = form.cleaned_data["address"], timezone.now()
    if language := form.cleaned_data["language"]:  # first: the question whether it wants mails is in it
        actions.choose_language(organisation=organisation, language=language, by=request.user, at=now)
    is_new = address.lower() != organisation.mailbox.lower()
    try:
        actions.change_mailbox(organisation=organisation, address=address, by=request.user, at=now)
    except actions.TooManyQuestions as error:
        form.add_error("address", str(error))
        return False
    if "is_cleared" in form.fields and not is_new:
        cleared = form.cleaned_data["is_cleared"]
        actions.clear_mailbox(organisation=organisation, cleared=cleared, by=request.user, at=now)
    if is_new and address:
        messages.success(
            request,
            gettext("We have sent a link to %(address)s. Nothing else goes there until it is confirmed.")
            % {"address": address},
        )
    else:
        messages.success(request, gettext("The mailbox is saved."))
    return True


@require_POST
def mailbox_ask(request: SignedInRequest, code: str) -> HttpResponse:
    organisation = get_mailbox(request.user, code)
    try:
        actions.ask_to_confirm(organisation=organisation, by=request.user, at=timezone.now())
    except actions.TooManyQuestions as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            gettext("We have sent another link to %(mailbox)s.") % {"mailbox": organisation.mailbox},
        )
    return redirect("subscriptions")


@require_POST
def mailbox_usual(request: SignedInRequest, code: str) -> HttpResponse:
    """Begin the subscriptions that new organisations begin with."""
    organisation = get_mailbox(request.user, code)
    actions.begin_usual_subscriptions(organisation=organisation, by=request.user, at=timezone.now())
    messages.success(request, gettext("The mailbox has the usual subscriptions now. Change them as you like."))
    return redirect("subscriptions")


@csrf_exempt  # the mail that leads here is the proof; the page sets no cookie
@login_not_required
@require_http_methods(["GET", "POST"])
def mailbox_confirm(request: HttpRequest, signed: str) -> HttpResponse:
    """Confirm a mailbox.  GET shows a button and changes nothing: scanners follow every link."""
    try:
        organisation = actions.mailbox_asked(signed)
        if request.method == "POST":
            organisation = actions.confirm_mailbox(signed=signed, at=timezone.now())
            organisation.refresh_from_db()
    except actions.BadLink as error:
        return render(request, "notifications/mailbox_confirm.html", {"problem": str(error)}, status=404)
    return render(request, "notifications/mailbox_confirm.html", {"organisation": organisation, "signed": signed})
