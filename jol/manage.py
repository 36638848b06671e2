"""The page that leads to everything that is looked after rather than read, each for those who may."""

from collections.abc import Iterator
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts.merging import MERGE
from accounts.models import User
from accounts.records.holds import LOOK_AFTER_RECORDS
from accounts.roles import ADMINISTERS, Role
from accounts.sponsorships import sponsors_of
from lessons.actions.editions import CHANGE_TAXONOMY
from notifications.actions.quarters import EDIT
from notifications.models.bounces import LIFT_SUPPRESSION
from notifications.models.replays import LOOK_AFTER_MAIL
from notifications.models.subscriptions import mailboxes_of

#: It stands in their navigation. Moderators of an area, who look after moderators only, find these in their account.
MANAGES = (*ADMINISTERS, Role.SECRETARIAT)
#: Beginnings of the addresses that the page leads to.
MANAGED = ("manage", "people", "sponsorships", "mail", "registers", "records", "foi_list")


@require_GET
def manage(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if not user.has_role(*MANAGES):
        raise PermissionDenied
    return render(request, "pages/manage.html", {"tasks": list(_tasks(user))})


def is_managed(path: str) -> bool:
    """Whether an address lies behind the page, to mark its entry in the navigation."""
    return path.startswith((*map(reverse, MANAGED), reverse("merge_places", args=["organisations"])))


def _tasks(user: User) -> Iterator[tuple[str, str, str]]:
    """Yield what it is called, what it is for, and where it is."""
    yield gettext("People"), gettext("Invite people, give and end roles, see which roles are vacant"), reverse("people")
    if sponsors_of(user).exists():
        yield (
            gettext("Sponsored organisations"),
            gettext("Let an organisation in for up to 12 months, and end that"),
            reverse("sponsorships"),
        )
    if user.has_perm(MERGE):
        organisations = reverse("merge_places", args=["organisations"])
        yield (
            gettext("Mergers"),
            gettext("Let an organisation or an area go into another; nothing is lost"),
            organisations,
        )
    if user.has_perm(CHANGE_TAXONOMY):
        yield (
            gettext("Editions of the National Risk Register"),
            gettext("See which are loaded, and take in a new one"),
            reverse("registers"),
        )
    if user.has_perm(EDIT):
        yield (
            gettext("Digests of the quarters"),
            gettext("Choose what stands first in the next one, and approve it"),
            reverse("quarters"),
        )
    if user.has_perm(LOOK_AFTER_RECORDS):
        yield (
            gettext("Records"),
            gettext("How long they are kept, legal holds, a person’s records, requests for information"),
            reverse("records"),
        )
    if user.has_perm(LOOK_AFTER_MAIL):
        yield gettext("Mail"), gettext("What was sent, what was not and why, and sending it again"), reverse("mail")
        yield (
            gettext("Schedule"),
            gettext("What runs by itself, when it last did, and what stands still"),
            reverse("mail_schedule"),
        )
    if user.has_perm(LIFT_SUPPRESSION) or user.has_role(Role.ORGANISATION_ADMIN):
        yield (
            gettext("Addresses that bounce"),
            gettext("Nothing is sent to these until they are right again"),
            reverse("bounced"),
        )
    if mailboxes_of(user):
        yield (
            gettext("What your organisation was sent"),
            gettext("Emails to its mailbox and its people, counted"),
            reverse("mail_of_organisation"),
        )
