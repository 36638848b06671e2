"""Pages about subscriptions."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lessons.models import Lesson, Publication
from notifications import actions
from notifications.access import SignedInRequest, for_readers, get_subscription
from notifications.forms.subscriptions import SubscriptionForm, left_out, prefilled
from notifications.left_register import mark_what_left
from notifications.looking_back import look_back
from notifications.models import Frequency, Subscription, UseMailsOff
from notifications.models.subscriptions import mailboxes_of
from notifications.words import with_sentences

BEGUN = {
    Frequency.AT_ONCE: _("You will be mailed as soon as something like this is published."),
    Frequency.DAILY: _("You will be mailed at 8 in the morning after something like this was published."),
    Frequency.WEEKLY: _("You will be mailed on Mondays after something like this was published."),
    Frequency.MONTHLY: _("You will be mailed on the first of the month after something like this was published."),
    Frequency.QUARTERLY: _("You will be mailed at the end of a quarter in which something like this was published."),
    Frequency.OFF: _("The subscription is kept. Nothing is mailed until you change how often."),
}


@require_GET
def subscriptions(request: SignedInRequest) -> HttpResponse:
    """What the person is mailed about, and the mailboxes that the person looks after."""
    for_readers(request.user)
    found = with_sentences(Subscription.objects.current().looked_after_by(request.user).for_list())
    mark_what_left(found)
    context = {
        "mine": [one for one in found if one.person_id],
        "mailboxes": [
            (group, [one for one in found if one.organisation_id == group.pk]) for group in mailboxes_of(request.user)
        ],
        "may_share": bool(request.user.leads) or Lesson.objects.filter(author=request.user).exists(),
        "is_told_of_use": not UseMailsOff.objects.filter(person=request.user).exists(),
    }
    return render(request, "notifications/subscriptions.html", context)


@require_http_methods(["GET", "POST"])
def subscription_new(request: SignedInRequest) -> HttpResponse:
    for_readers(request.user)
    if request.method == "GET":
        wanted = prefilled(request.GET, Publication.objects.readable_by(request.user))
        return _form_page(request, SubscriptionForm(user=request.user, initial=wanted))
    form = SubscriptionForm(request.POST, user=request.user)
    if "show" in request.POST or not form.is_valid():
        return _form_page(request, form)
    try:
        actions.subscribe(
            by=request.user,
            at=timezone.now(),
            criteria=form.criteria,
            words=form.cleaned_data["words"],
            organisation=form.organisation,
            frequency=form.cleaned_data["frequency"],
        )
    except actions.TooManySubscriptions as error:
        form.add_error(None, str(error))
        return _form_page(request, form, status=409)
    messages.success(request, BEGUN[form.cleaned_data["frequency"]])
    return redirect("subscriptions")


@require_http_methods(["GET", "POST"])
def subscription_change(request: SignedInRequest, token: str) -> HttpResponse:
    subscription = get_subscription(request.user, token)
    if request.method == "GET":
        return _form_page(request, SubscriptionForm(user=request.user, subscription=subscription), subscription)
    form = SubscriptionForm(request.POST, user=request.user, subscription=subscription)
    if "show" in request.POST or not form.is_valid():
        return _form_page(request, form, subscription)
    actions.change_subscription(
        subscription=subscription,
        by=request.user,
        at=timezone.now(),
        criteria=form.criteria,
        words=form.cleaned_data["words"],
        frequency=form.cleaned_data["frequency"],
    )
    messages.success(request, gettext("Your subscription is changed."))
    return redirect("subscriptions")


def _form_page(
    request: SignedInRequest, form: SubscriptionForm, stored: Subscription | None = None, status: int = 200
) -> HttpResponse:
    """Show the form and what it would have brought; of "show=part" only the latter, which a script puts in place."""
    wish = form.wish(stored, by=request.user)
    context = {
        "form": form,
        "subscription": stored,
        "left_out": left_out(request.GET),
        "look_back": look_back(wish, viewer=request.user, at=timezone.now()) if wish else None,
    }
    part = request.POST.get("show") == "part"
    return render(request, f"notifications/{'_brings' if part else 'subscription'}.html", context, status=status)


@require_http_methods(["GET", "POST"])
def subscription_end(request: SignedInRequest, token: str) -> HttpResponse:
    """Ask, and then end it; the page after that offers to begin it again."""
    subscription = get_subscription(request.user, token)
    if request.method == "POST":
        actions.end_subscription(subscription=subscription, by=request.user, at=timezone.now())
        return HttpResponseRedirect(reverse("subscription_end", args=[token]))
    return render(request, "notifications/end.html", {"subscription": with_sentences([subscription])[0]})


@require_POST
def subscription_pause(request: SignedInRequest, token: str) -> HttpResponse:
    subscription = get_subscription(request.user, token)
    actions.pause_subscription(subscription=subscription, by=request.user, at=timezone.now())
    messages.success(
        request, gettext("The subscription is paused. Nothing is mailed because of it until you resume it.")
    )
    return redirect("subscriptions")


@require_POST
def subscription_resume(request: SignedInRequest, token: str) -> HttpResponse:
    subscription = get_subscription(request.user, token)
    try:
        actions.resume_subscription(subscription=subscription, by=request.user, at=timezone.now())
    except actions.TooManySubscriptions as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, gettext("The subscription is on again."))
    return redirect("subscriptions")
