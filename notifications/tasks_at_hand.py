"""What waits for a person in the mail: addresses that bounce, and mails that did not go."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from accounts.models import User
from lessons.waiting import Waiting
from notifications.bounces.lifting import administered_by, looked_after_by
from notifications.models import Delivery, State
from notifications.models.bounces import LIFT_SUPPRESSION
from notifications.models.replays import LOOK_AFTER_MAIL

MOST = 1000


def mail_waiting_for(user: User, at: datetime) -> Iterator[Waiting]:
    """Yield the tasks; the page shows none that is empty."""
    if not user.has_perm(LIFT_SUPPRESSION) and administered_by(user):
        addresses = looked_after_by(user).count()
        label = ngettext("email address that does not work", "email addresses that do not work", addresses)
        yield Waiting(addresses, label, gettext("Nothing is sent to them"), reverse("bounced"), is_urgent=True)
    if user.has_perm(LOOK_AFTER_MAIL):
        given_up = Delivery.objects.filter(state=State.FAILED).values("pk")[:MOST].count()
        label = ngettext("email that was given up", "emails that were given up", given_up)
        hint = gettext("Look at why, and send them again") if given_up < MOST else gettext("Or more: look at why")
        yield Waiting(given_up, label, hint, f"{reverse('mail_list')}?state={State.FAILED}")
