"""When an address has bounced enough, and who is told."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from notifications.backend import content_from
from notifications.bounces.reports import Report
from notifications.models import Bounce, Delivery, DeliveryKind, Priority, Suppression

#: So many days with a bounce for now, within so long, are enough.
SOFT_DAYS = 3
SOFT_WITHIN = timedelta(days=30)
#: First key of the lock on an address; the second is made of the address.
LOCK_SPACE = 20_263
#: Whoever looks after people gets one mail about it in so long; the page lists them all.
TOLD_AGAIN_AFTER = timedelta(days=1)


def count_report(report: Report, *, at: datetime) -> bool:
    """Count what a notification says; return whether it was news."""
    delivery = Delivery.objects.filter(pk=report.delivery).first()
    if delivery is None:
        return False
    # A shared mailbox passes mails on: that one of those behind it is gone says little about the others.
    is_hard = report.is_hard and (not report.recipients or delivery.address in report.recipients)
    dated = report.dated if report.dated and delivery.date <= report.dated <= at else at
    return count_bounce(delivery=delivery, is_hard=is_hard, status=report.status, dated=dated, at=at)


@transaction.atomic
def count_bounce(*, delivery: Delivery, is_hard: bool, status: str, dated: datetime, at: datetime) -> bool:
    """Note that `delivery` came back, and suppress its address if that is enough; return whether it was news.

    :param dated: when it came back, `at` when we got to know; the day of the former counts
    """
    _lock(delivery.address)
    bounce, is_new = Bounce.objects.get_or_create(
        delivery=delivery,
        on=timezone.localdate(dated),
        defaults={"address": delivery.address, "is_hard": is_hard, "status": status, "at": at},
    )
    lifted_at = Suppression.objects.filter(address=bounce.address).values_list("until", flat=True).first()
    if not is_new:
        was_sent_again = lifted_at is not None and bounce.at <= lifted_at < (delivery.closed_at or at)
        if not was_sent_again and (bounce.is_hard or not is_hard):
            return False
        bounce.is_hard, bounce.status, bounce.at = is_hard, status, at
        bounce.save(update_fields=["is_hard", "status", "at"])
    if reason := _reason(bounce, lifted_at):
        _suppress(bounce, reason, at)
    return True


def _lock(address: str) -> None:
    """Two soft bounces at once must see each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, address])


def _reason(bounce: Bounce, lifted_at: datetime | None) -> Suppression.Reason | None:
    """Return why the address is to be suppressed.  Mails sent before it was said to be right are past."""
    counted = Bounce.objects.filter(address=bounce.address, on__gt=bounce.on - SOFT_WITHIN)
    if lifted_at:
        sent_at = Coalesce("delivery__closed_at", "delivery__first_tried_at", "at")
        counted = counted.annotate(sent_at=sent_at).filter(sent_at__gt=lifted_at)
    if counted.filter(is_hard=True).exists():
        return Suppression.Reason.HARD
    days = counted.order_by().values("on").distinct().count()
    return Suppression.Reason.SOFT if days >= SOFT_DAYS else None


def _suppress(bounce: Bounce, reason: Suppression.Reason, at: datetime) -> None:
    suppression, is_new = Suppression.objects.get_or_create(
        address=bounce.address, defaults={"reason": reason, "status": bounce.status, "since": at}
    )
    if not is_new:
        if suppression.until is None:
            return
        suppression.reason, suppression.status = reason, bounce.status
        suppression.since, suppression.until, suppression.lifted_by = at, None, None
        suppression.save()
    audit.record(action="address.suppress", subject=suppression, by=None, at=at, reason=f"{reason} {bounce.status}")
    _tell(who_looks_after([bounce.address])[bounce.address], at)


# -- whose address it is ----------------------------------------------------------------------------
def organisations_of(addresses: Iterable[str]) -> dict[str, list[Organisation]]:
    """Return for each address the organisations whose mailbox it is, or for which its person works."""
    found: dict[str, dict[int, Organisation]] = {address: {} for address in addresses}
    mailboxes = Organisation.objects.annotate(lower=Lower("mailbox")).filter(lower__in=found, ended_at=None)
    for organisation in mailboxes:
        found[organisation.lower][organisation.pk] = organisation
    people = Membership.objects.active().exclude(role=Role.SYSTEM_ADMIN).select_related("organisation", "user")
    for membership in people.annotate(lower=Lower("user__email")).filter(lower__in=found):
        found[membership.lower][membership.organisation_id] = membership.organisation
    return {
        address: sorted(organisations.values(), key=lambda organisation: organisation.name)
        for address, organisations in found.items()
    }


def addresses_of(organisations: Iterable[Organisation]) -> Q:
    """Return the condition on a Suppression that its address is of one of these organisations."""
    organisations = list(organisations)
    mailboxes = Organisation.objects.filter(pk__in=[one.pk for one in organisations]).exclude(mailbox="")
    people = Membership.objects.active().exclude(role=Role.SYSTEM_ADMIN).filter(organisation__in=organisations)
    return Q(address__in=mailboxes.values(lower=Lower("mailbox"))) | Q(
        address__in=people.values(lower=Lower("user__email"))
    )


def who_looks_after(addresses: Iterable[str]) -> dict[str, list[User]]:
    """Return for each address the administrators of its organisations; the Secretariat where there is none."""
    found = {}
    for address, organisations in organisations_of(addresses).items():
        administrators = Membership.objects.active().filter(
            organisation__in=organisations, role=Role.ORGANISATION_ADMIN
        )
        people = _people(administrators, but=address)
        found[address] = people or _people(Membership.objects.active().filter(role=Role.SECRETARIAT), but=address)
    return found


def _people(memberships: Iterable[Membership], *, but: str) -> list[User]:
    people = {one.user for one in memberships.select_related("user")}  # type: ignore[attr-defined]
    return sorted((user for user in people if user.email.lower() != but), key=lambda user: user.pk)


def _tell(people: list[User], at: datetime) -> None:
    told = Delivery.objects.filter(
        person__in=people, kind=DeliveryKind.ADDRESS_BOUNCES, date__gt=at - TOLD_AGAIN_AFTER
    ).values_list("person", flat=True)
    already = set(told)
    Delivery.objects.bulk_create(
        Delivery(
            address=user.email.lower(),
            person=user,
            kind=DeliveryKind.ADDRESS_BOUNCES,
            priority=Priority.DUTY,
            body=_does_not_work(user),
            due_at=at,
            date=at,
        )
        for user in people
        if user.pk not in already
    )


def _does_not_work(reader: User) -> dict[str, Any]:
    with language_of(reader):
        body = content_from(
            gettext("An email address does not work"),
            gettext(
                "Emails to an address that you look after came back, so no more are sent to it."
                "\n\nSee which, put it right, and say so: then emails go out again."
            ),
            why=gettext(
                "You get this because you look after people and mailboxes. One email a day, however many addresses."
            ),
        )
        return body | {"link": [gettext("See the addresses"), settings.SITE_URL + reverse("bounced")]}
