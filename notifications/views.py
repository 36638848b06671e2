"""Pages about subscriptions."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from notifications import actions
from notifications.emails import SUBSCRIPTION_MAILS
from notifications.forms import SubscriptionForm, prefilled
from notifications.models import Delivery, Frequency, Subscription
from notifications.models.subscriptions import mailboxes_of
from notifications.words import with_sentences


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in, as `LoginRequiredMiddleware` lets it through."""

    user: User


def _for_readers(user: User) -> None:
    """Whoever reads nothing here subscribes to nothing.

    :raises PermissionDenied: the person has no membership that reads
    """
    if not user.groups.exists():
        raise PermissionDenied


def _theirs(user: User, token: UUID) -> Subscription:
    _for_readers(user)
    return get_object_or_404(Subscription.objects.looked_after_by(user).select_related("organisation"), token=token)


BEGUN = {
    Frequency.AT_ONCE: "You will be mailed as soon as something like this is published.",
    Frequency.DAILY: "You will be mailed at 8 in the morning after something like this was published.",
    Frequency.WEEKLY: "You will be mailed on Mondays after something like this was published.",
    Frequency.MONTHLY: "You will be mailed on the first of the month after something like this was published.",
    Frequency.QUARTERLY: "You will be mailed at the end of a quarter in which something like this was published.",
    Frequency.OFF: "The subscription is kept. Nothing is mailed until you change how often.",
}


@require_GET
def subscriptions(request: SignedInRequest) -> HttpResponse:
    """What the person is mailed about, and the mailboxes that the person looks after."""
    _for_readers(request.user)
    found = with_sentences(Subscription.objects.current().looked_after_by(request.user).for_list())
    context = {
        "mine": [one for one in found if one.person_id],
        "mailboxes": [
            (group, [one for one in found if one.organisation_id == group.pk]) for group in mailboxes_of(request.user)
        ],
    }
    return render(request, "notifications/subscriptions.html", context)


@require_http_methods(["GET", "POST"])
def subscription_new(request: SignedInRequest) -> HttpResponse:
    _for_readers(request.user)
    if request.method == "GET":
        form = SubscriptionForm(user=request.user, initial=prefilled(request.GET))
        return _form_page(request, form)
    form = SubscriptionForm(request.POST, user=request.user)
    if not form.is_valid():
        return _form_page(request, form)
    actions.subscribe(
        by=request.user,
        at=timezone.now(),
        criteria=form.criteria,
        words=form.cleaned_data["words"],
        organisation=form.organisation,
        frequency=form.cleaned_data["frequency"],
    )
    messages.success(request, BEGUN[form.cleaned_data["frequency"]])
    return redirect("subscriptions")


@require_http_methods(["GET", "POST"])
def subscription_change(request: SignedInRequest, token: UUID) -> HttpResponse:
    subscription = _theirs(request.user, token)
    if request.method == "GET":
        return _form_page(request, SubscriptionForm(user=request.user, subscription=subscription), subscription)
    form = SubscriptionForm(request.POST, user=request.user, subscription=subscription)
    if not form.is_valid():
        return _form_page(request, form, subscription)
    actions.change_subscription(
        subscription=subscription,
        by=request.user,
        at=timezone.now(),
        criteria=form.criteria,
        words=form.cleaned_data["words"],
        frequency=form.cleaned_data["frequency"],
    )
    messages.success(request, "Your subscription is changed.")
    return redirect("subscriptions")


def _form_page(request: HttpRequest, form: SubscriptionForm, subscription: Subscription | None = None) -> HttpResponse:
    return render(request, "notifications/subscription.html", {"form": form, "subscription": subscription})


@require_http_methods(["GET", "POST"])
def subscription_end(request: SignedInRequest, token: UUID) -> HttpResponse:
    """Ask, and then end it; the page after that offers to begin it again."""
    subscription = _theirs(request.user, token)
    if request.method == "POST":
        actions.end_subscription(subscription=subscription, by=request.user, at=timezone.now())
        return HttpResponseRedirect(reverse("subscription_end", args=[token]))
    return render(request, "notifications/end.html", {"subscription": with_sentences([subscription])[0]})


@require_POST
def subscription_resume(request: SignedInRequest, token: UUID) -> HttpResponse:
    subscription = _theirs(request.user, token)
    actions.resume_subscription(subscription=subscription, by=request.user, at=timezone.now())
    messages.success(request, "The subscription is on again.")
    return redirect("subscriptions")


# -- from a mail, without signing in ------------------------------------------------------------------
def _mail(token: UUID) -> Delivery:
    return get_object_or_404(Delivery, token=token, kind__in=SUBSCRIPTION_MAILS)


@csrf_exempt  # one click in a mail reader: RFC 8058 asks for no cookie and no page before it
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: UUID) -> HttpResponse:
    """End what a mail was sent for.  GET shows a button and changes nothing: scanners follow every link."""
    mail = _mail(token)
    if request.method == "POST":
        actions.unsubscribe(mail=mail, at=timezone.now())
    return _unsubscribe_page(request, mail)


@csrf_exempt  # the page that leads here sets no cookie
@login_not_required
@require_POST
def unsubscribe_undo(request: HttpRequest, token: UUID) -> HttpResponse:
    mail = _mail(token)
    undone = actions.undo_unsubscribe(mail=mail, at=timezone.now())
    return _unsubscribe_page(request, mail, undone=undone)


def _unsubscribe_page(request: HttpRequest, mail: Delivery, *, undone: int = 0) -> HttpResponse:
    named = actions.subscriptions_named_in(mail)
    context = {
        "mail": mail,
        "on": named.current().count(),
        "ended_here": named.filter(ended_by_mail=mail).count(),
        "undone": undone,
        "is_mailbox": mail.organisation_id is not None,
    }
    return render(request, "notifications/unsubscribe.html", context)
