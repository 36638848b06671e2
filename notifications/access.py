"""Who is let in to the pages about subscriptions, and what they fetch there."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import Organisation, User
from notifications.models import Subscription
from notifications.models.subscriptions import mailboxes_of


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in, as `LoginRequiredMiddleware` lets it through."""

    user: User


def for_readers(user: User) -> None:
    """Whoever reads nothing here subscribes to nothing.

    :raises PermissionDenied: the person has no membership that reads
    """
    if not user.groups.exists():
        raise PermissionDenied


def get_subscription(user: User, token: str) -> Subscription:
    for_readers(user)
    return get_object_or_404(Subscription.objects.looked_after_by(user).select_related("organisation"), token=token)


def get_mailbox(user: User, code: str) -> Organisation:
    """Return the organisation `code`, whose mailbox the person looks after."""
    for_readers(user)
    for organisation in mailboxes_of(user):
        if organisation.code == code:
            return organisation
    raise Http404
