"""Telling those who answer for a person that something about the account is unusual."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import Membership, User
from accounts.notices import send_notice
from accounts.rates import EXPORTS
from accounts.roles import Role


@transaction.atomic
def tell_of_downloads(user: User, at: datetime) -> None:
    """Say that somebody reached the number of downloads of a day: it may not be them.

    Told are the administrators of the person's organisations, else the Secretariat.
    """
    audit.record(action="export.limit", subject=user, by=user, at=at, reason=str(EXPORTS.limit))
    for one in _who_answers_for(user):
        with language_of(one):
            subject = gettext("Unusually many downloads by one account")
            text = gettext(
                "%(person)s made %(number)s downloads today, and further ones are refused until tomorrow. "
                "Ask whether it was them. If not, end their access."
            ) % {"person": user.get_full_name(), "number": EXPORTS.limit}
            why = gettext("You get this because you look after the account of this person.")
            send_notice(one.email, subject, text, "/accounts/people/", why=why)


def _who_answers_for(user: User) -> list[User]:
    held = Membership.objects.active().exclude(user=user).select_related("user")
    organisations = [membership.organisation_id for membership in user.active_memberships]
    found = held.filter(role=Role.ORGANISATION_ADMIN, organisation__in=organisations) or held.filter(
        role=Role.SECRETARIAT
    )
    return list({membership.user_id: membership.user for membership in found}.values())
