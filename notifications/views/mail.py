"""How the mail stands, mail by mail, and sending again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.keyset import keyset_page
from notifications.access import SignedInRequest
from notifications.actions.replaying import MOST_AT_ONCE, REPLAYABLE, RepeatPossible, newest_replay, replay
from notifications.forms.mail import MailFilters, ReplayForm
from notifications.models import Delivery, DeliveryQuerySet, State, Suppression
from notifications.overview import EXACT, causes, tallies
from notifications.schedule import stalled
from notifications.views.staff import for_staff

#: Up to so many it is counted how many go to an address that bounces: addresses have no index.
COUNTED_BY_ADDRESS = 1000


@require_GET
@for_staff
def mail(request: SignedInRequest) -> HttpResponse:
    """How many mails are in each state, and why those that did not go did not."""
    by_state = {tally.state: tally for tally in tallies()}
    context = {
        "tallies": [by_state[state] for state in State],
        "causes": causes(),
        "suppressed": Suppression.objects.in_force().count(),
        "stalled": stalled(at=timezone.now()),
    }
    return render(request, "notifications/mail/overview.html", context)


@require_GET
@for_staff
def mail_list(request: SignedInRequest) -> HttpResponse:
    filters = MailFilters(request.GET)
    mails = filters.apply(Delivery.objects.all()).select_related("announcement__publication__lesson", "move__lesson")
    state = filters.chosen.get("state", "")
    page = keyset_page(mails, request.GET)
    context = {
        "filters": filters,
        "form": filters,
        "page": page,
        "replayable": REPLAYABLE,
        "can_select": any(mail.state in REPLAYABLE for mail in page.rows),
        "can_replay_all": state in REPLAYABLE and not filters.chosen.keys() - {"state", "reason"},
    }
    return render(request, "notifications/mail/list.html", context)


@require_http_methods(["GET", "POST"])
@for_staff
def mail_replay(request: SignedInRequest) -> HttpResponse:
    """Say what sending again would do, and do it when that was seen."""
    sent = request.POST if request.method == "POST" else request.GET
    form = ReplayForm(sent)
    chosen = form.chosen(sent.getlist("mail"))
    if request.method == "POST" and form.is_valid():
        try:
            number = replay(
                chosen=chosen,
                after=form.cleaned_data["after"] or 0,
                accepts_repeats=form.cleaned_data["accepts_repeats"],
                by=request.user,
                at=timezone.now(),
                state=form.cleaned_data["state"],
                reason=form.cleaned_data["reason"],
            )
        except RepeatPossible:
            form.add_error("accepts_repeats", gettext("Say that a repeat is accepted, or leave out the uncertain ones"))
        else:
            return _told(request, number)
    return _replay_page(request, form, chosen, sent.getlist("mail"))


def _told(request: SignedInRequest, number: int) -> HttpResponse:
    if number:
        words = ngettext("%(number)s email queued again.", "%(number)s emails queued again.", number)
        messages.success(request, words % {"number": f"{number:,}"})
    else:
        messages.info(request, gettext("Nothing to send again: they are queued already, or have gone."))
    return redirect("mail")


def _replay_page(request: SignedInRequest, form: ReplayForm, chosen: DeliveryQuerySet, keys: list[str]) -> HttpResponse:
    counts = {state: chosen.filter(state=state).values("pk")[: EXACT + 1].count() for state in REPLAYABLE}
    number = sum(counts.values())
    if not number:
        messages.info(request, gettext("Choose emails that did not go: deferred, uncertain, suppressed or given up."))
        return redirect("mail_list")
    in_force = Suppression.objects.in_force().values("address")
    is_few = number <= COUNTED_BY_ADDRESS
    context = {
        "form": form,
        "keys": keys,
        "number": number,
        "is_more": number > EXACT,
        "counts": [(state, counts[state]) for state in REPLAYABLE if counts[state]],
        "uncertain": counts[State.UNCERTAIN],
        "is_few": is_few,
        "bouncing": chosen.filter(state__in=REPLAYABLE, address__in=in_force).count() if is_few else 0,
        "after": form["after"].value() or newest_replay(),
        "most": MOST_AT_ONCE,
        "back": reverse("mail_list"),
    }
    return render(request, "notifications/mail/replay.html", context, status=422 if form.errors else 200)
