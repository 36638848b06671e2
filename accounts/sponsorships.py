"""Organisations outside the Act: a Category 1 responder vouches for them, for a year at most."""

import re
import unicodedata
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext

from accounts import audit
from accounts.models import Organisation, ResponderType, Sponsorship, User
from accounts.roles import Role
from accounts.sessions import end_sessions

#: A letter with its accents, or a sign, that a name may have; letters of other scripts look like ours.
PLAIN = re.compile(r"[A-Za-z0-9 &'’(),./–-][\u0300-\u036f]*")
#: Signs that the eye takes for one another, in lower case.
ALIKE = str.maketrans("01i", "oll")


class SponsorshipError(Exception):
    """It cannot be made as asked.  The message is written for the person who asked."""


def sponsors_of(user: User) -> "QuerySet[Organisation]":
    """Return the organisations for which `user` may sponsor: Category 1 ones that they administer; all, nationally."""
    found = Organisation.objects.current().filter(type__category="1").order_by("name")
    return found if user.has_role(Role.SECRETARIAT) else found.filter(pk__in=_administered(user))


def sponsorships_of(user: User) -> "QuerySet[Sponsorship]":
    """Return those that `user` may see and end: also where the sponsor went into one of another category."""
    found = Sponsorship.objects.all()
    return found if user.has_role(Role.SECRETARIAT) else found.filter(sponsor__in=_administered(user))


def _administered(user: User) -> list[int]:
    return [m.organisation_id for m in user.active_memberships if m.role == Role.ORGANISATION_ADMIN]


@transaction.atomic
def sponsor(
    *,
    name: str,
    sponsor: Organisation,
    reason: str,
    ends_on: date,
    by: User,
    at: datetime,
    most_people: int = 10,
    may_write: bool = False,
) -> Sponsorship:
    """Admit an organisation, or admit it again for another stretch, which ends the one before.

    :raises PermissionDenied: `by` may not sponsor for `sponsor`
    :raises SponsorshipError: the name is that of a responder, or the end is over or more than a year away
    """
    if not sponsors_of(by).filter(pk=sponsor.pk).exists():
        raise PermissionDenied
    today = timezone.localdate(at)
    if not today <= ends_on <= a_year_after(today):
        raise SponsorshipError(gettext("A sponsorship ends within 12 months from today."))
    organisation = _sponsored(name.strip(), sponsor)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    Sponsorship.objects.in_force(organisation, at).update(ended_at=at)
    made = Sponsorship.objects.create(
        organisation=organisation,
        sponsor=sponsor,
        reason=reason,
        starts_on=today,
        ends_on=ends_on,
        most_people=most_people,
        may_write=may_write,
        given_by=by,
    )
    audit.record(action="sponsorship.give", subject=made, by=by, at=at, reason=f"{sponsor.code} until {ends_on}")
    return made


def a_year_after(day: date) -> date:
    """Return the same day of the next year, as the database counts it; after 29 February, the 28th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _sponsored(name: str, sponsor: Organisation) -> Organisation:
    known = Organisation.objects.filter(name__iexact=name).select_related("type").first()
    if known:
        if known.type.category != "sponsored" or known.ended_at:
            raise SponsorshipError(
                gettext("%(organisation)s is no organisation that can be sponsored.") % {"organisation": known.name}
            )
        return known
    _is_like_no_other(name)
    kind = ResponderType.objects.filter(category="sponsored").order_by("pk").first()
    code = slugify(name)[:100]
    if kind is None or not code or Organisation.objects.filter(code=code).exists():
        raise SponsorshipError(gettext("Write the name of the organisation in full."))
    made = Organisation.objects.create(code=code, name=name, type=kind, nation=sponsor.nation)
    made.areas.set(sponsor.areas.all())
    return made


def _is_like_no_other(name: str) -> None:
    """Refuse a name that readers could take for that of another organisation.

    :raises SponsorshipError: it has letters that are not ours, or looks like another name
    """
    letters = unicodedata.normalize("NFC", name)
    if not all(PLAIN.fullmatch(unicodedata.normalize("NFD", letter)) for letter in letters):
        raise SponsorshipError(gettext("Write the name in the letters of English or Welsh, without signs."))
    looks = _looks_of(name)
    for known in Organisation.objects.values_list("name", flat=True):
        if _looks_of(known) == looks:
            raise SponsorshipError(
                gettext("“%(organisation)s” looks the same. Write another name.") % {"organisation": known}
            )


def _looks_of(name: str) -> str:
    """Return what the eye sees of a name: no case, accents and signs, and letters alike are one."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum()).translate(ALIKE).replace("rn", "m")


@transaction.atomic
def end_sponsorship(*, sponsorship: Sponsorship, by: User, at: datetime) -> None:
    """End it at once: nobody of the organisation gets in any more.

    :raises PermissionDenied: `by` does not administer the sponsor
    """
    if not sponsorships_of(by).filter(pk=sponsorship.pk).exists():
        raise PermissionDenied
    held = Sponsorship.objects.select_for_update().get(pk=sponsorship.pk)
    if held.ended_at:
        return
    held.ended_at = at
    held.save(update_fields=["ended_at"])
    audit.record(action="sponsorship.end", subject=held, by=by, at=at)
    for user in User.objects.filter(memberships__organisation=held.organisation_id).distinct():
        end_sessions(user=user, by=by, at=at, reason="sponsorship ended")
