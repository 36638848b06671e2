"""Each hour: accounts that nobody uses go to sleep; what ends soon, and roles that nobody holds, are told of once.

Sessions whose time is over are forgotten.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.languages import language_of
from accounts.models import Membership, OpenSession, Organisation, Reminder, Sponsorship, User
from accounts.notices import send_notice
from accounts.roles import NAMED_ROLES, Role
from accounts.sessions import end_sessions

UNUSED_FOR = timedelta(days=90)
WARN_BEFORE = timedelta(days=14)
VACANT_FOR = timedelta(days=10)
#: Roles that ended longer ago were told of, or nobody was there to be told.
LOOK_BACK = timedelta(days=60)
REMIND_BEFORE = (timedelta(days=30), timedelta(days=7))


@dataclass(frozen=True)
class Ending:
    """Something that ends on a day, and whom to tell.

    :ivar what: says it in the language that is spoken when it is called
    """

    name: str
    what: Callable[[], str]
    people: frozenset[str]
    path: str


@transaction.atomic
def let_sleep(at: datetime) -> int:
    """Mark accounts unused for 90 days as dormant, and return how many: an administrator wakes them."""
    unused = User.objects.annotate(used_at=Coalesce("last_login", "joined_at")).filter(
        is_active=True, dormant_at=None, used_at__lt=at - UNUSED_FOR
    )
    count = 0
    for user in unused.select_for_update(of=("self",), skip_locked=True):
        user.dormant_at = at
        user.save(update_fields=["dormant_at"])
        audit.record(action="account.dormant", subject=user, by=None, at=at)
        end_sessions(user=user, by=None, at=at, reason="dormant")
        count += 1
    return count


def forget_sessions(at: datetime) -> None:
    """Delete sessions that opened nothing any more: otherwise they would stay for good."""
    Session.objects.filter(expire_date__lt=at).delete()
    stored = Session.objects.filter(pk=OuterRef("session"))
    OpenSession.objects.exclude(Exists(stored)).delete()  # ended by an older release


def warn_before_sleep(at: datetime) -> int:
    """Mail those whose account goes to sleep within two weeks, once for each time it is left unused."""
    unused = User.objects.annotate(used_at=Coalesce("last_login", "joined_at")).filter(
        is_active=True, dormant_at=None, used_at__range=(at - UNUSED_FOR, at - UNUSED_FOR + WARN_BEFORE)
    )
    sent = 0
    for user in unused.order_by("pk"):
        asleep_on = timezone.localdate(user.used_at + UNUSED_FOR)
        text, subject = partial(_goes_to_sleep, asleep_on), _("Your account will go to sleep")
        sent += _once(f"sleep:{user.pk}:{asleep_on}", user.email, text, reverse("account_login"), at, subject)
    return sent


def _goes_to_sleep(day: date) -> str:
    return gettext(
        "Nobody has used your account for a while. It goes to sleep on %(day)s unless you sign in before; then "
        "an administrator of your organisation has to wake it."
    ) % {"day": date_format(day, "j F Y")}


def remind(at: datetime) -> int:
    """Mail what ends in 30 and in 7 days, each once however often this runs, and return how many mails went."""
    sent = 0
    for before in REMIND_BEFORE:
        for ending in [*_roles(at, before), *_sponsorships(at, before)]:
            for address in sorted(ending.people):
                sent += _once(f"{ending.name}:{before.days}", address, ending.what, ending.path, at)
    return sent


def _once(
    name: str,
    address: str,
    text: Callable[[], str],
    path: str,
    at: datetime,
    subject: object = _("Something of your account ends soon"),
) -> bool:
    """Mail it in the language of whose address it is, unless that was done before; say whether it was done now."""
    with transaction.atomic():
        _reminder, is_new = Reminder.objects.get_or_create(about=f"{name}:{address}"[:120], defaults={"sent_at": at})
        if is_new:
            with language_of(User.objects.filter(email__iexact=address).first()):
                send_notice(address, str(subject), text(), path)
    return is_new


def _roles(at: datetime, before: timedelta) -> Iterator[Ending]:
    last = timezone.localdate(at) + before
    ending = Membership.objects.active().filter(ends_on__lte=last).select_related("user", "organisation")
    for one in ending:
        people = administrators_of(one.organisation) | {one.user.email}
        yield Ending(f"role:{one.pk}:{one.ends_on}", partial(_role_ends, one), frozenset(people), reverse("security"))


def _role_ends(one: Membership) -> str:
    assert one.ends_on  # noqa: S101 - only roles that end are looked for
    return gettext("The role “%(role)s, %(organisation)s” of %(person)s ends on %(day)s.") % {
        "role": one.get_role_display(),
        "organisation": one.organisation.name,
        "person": one.user.get_full_name(),
        "day": date_format(one.ends_on, "j F Y"),
    }


def _sponsorships(at: datetime, before: timedelta) -> Iterator[Ending]:
    today = timezone.localdate(at)
    ending = Sponsorship.objects.filter(ended_at=None, starts_on__lte=today, ends_on__range=(today, today + before))
    for one in ending.select_related("organisation", "sponsor"):
        people = administrators_of(one.organisation) | administrators_of(one.sponsor)
        yield Ending(
            f"sponsorship:{one.pk}", partial(_sponsorship_ends, one), frozenset(people), reverse("sponsorships")
        )


def _sponsorship_ends(one: Sponsorship) -> str:
    return gettext("%(sponsor)s sponsors %(organisation)s until %(day)s.") % {
        "sponsor": one.sponsor.name,
        "organisation": one.organisation.name,
        "day": date_format(one.ends_on, "j F Y"),
    }


def tell_of_vacancies(at: datetime) -> int:
    """Mail administrators once of each named role that nobody holds since ten days, and return how many mails went."""
    sent = 0
    ended = Membership.objects.filter(role__in=NAMED_ROLES, organisation__ended_at=None).filter(
        Q(ended_at__range=(at - LOOK_BACK, at - VACANT_FOR))
        | Q(
            ended_at=None,
            ends_on__gte=timezone.localdate(at - LOOK_BACK),
            ends_on__lt=timezone.localdate(at - VACANT_FOR),
        )
    )
    for one in ended.select_related("organisation"):
        if Role(one.role) not in vacancies_of(one.organisation) or _ended_later(one, at):
            continue
        text = partial(_is_vacant, one)
        path = reverse("people_of", args=["organisation", one.organisation.code])
        for address in sorted(administrators_of(one.organisation)):
            sent += _once(f"vacant:{one.pk}", address, text, path, at, subject=_("A role is vacant"))
    return sent


def _is_vacant(one: Membership) -> str:
    return gettext("Nobody is %(role)s of %(organisation)s any more. Invite somebody into the role.") % {
        "role": one.get_role_display(),
        "organisation": one.organisation.name,
    }


def _ended_later(membership: Membership, at: datetime) -> bool:
    """Whether somebody else held the role until less than ten days ago: it is not vacant for so long."""
    others = Membership.objects.filter(organisation=membership.organisation_id, role=membership.role)
    recent = Q(ended_at__gt=at - VACANT_FOR) | Q(ended_at=None, ends_on__gte=timezone.localdate(at - VACANT_FOR))
    return others.filter(recent).exists()


def administrators_of(organisation: Organisation) -> set[str]:
    held = Membership.objects.active().filter(organisation=organisation, role=Role.ORGANISATION_ADMIN)
    return set(held.values_list("user__email", flat=True))


def vacancies_of(organisation: Organisation) -> list[Role]:
    """Return the named roles that nobody holds today."""
    held = set(
        Membership.objects.active()
        .filter(Q(organisation=organisation) & Q(role__in=NAMED_ROLES))
        .values_list("role", flat=True)
    )
    return [role for role in NAMED_ROLES if role not in held]
