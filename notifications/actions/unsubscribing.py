"""One click in a mail: ending what it was sent for, and undoing that."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from notifications.actions.use_mails import resume_use_mails, stop_use_mails
from notifications.backend import content_from
from notifications.models import Delivery, DeliveryKind, Frequency, Notice, Priority, Subscription, SubscriptionQuerySet

#: These are told when a mailbox is unsubscribed by a click in one of its mails.
LOOKS_AFTER = (Role.JOL_SPOC, Role.ORGANISATION_ADMIN)


def subscriptions_named_in(mail: Delivery) -> SubscriptionQuerySet:
    """Return the subscriptions that `mail` was sent for and that are of its address, ended ones too."""
    reasons = Notice.objects.filter(delivery=mail).values_list("reasons", flat=True)
    named = {reason["subscription"] for each in reasons for reason in each}
    of_address = Q(person__email__iexact=mail.address) | Q(organisation__mailbox__iexact=mail.address)
    meant = Q(pk__in=named)
    if mail.digest_run and mail.digest_run.frequency == Frequency.QUARTERLY:
        # The digest of a quarter goes to whoever asks for quarterly mails, whatever matched.
        meant |= Q(frequency=Frequency.QUARTERLY)
    return Subscription.objects.filter(of_address & meant)


@transaction.atomic
def unsubscribe(*, mail: Delivery, at: datetime) -> int:
    """End every subscription named in `mail`; return how many were on.  A second call does nothing.

    Mails that are not sent yet are looked at again just before, so none goes out for these any more.
    """
    if mail.kind == DeliveryKind.LESSON_USED and mail.person:
        stop_use_mails(person=mail.person, by=None, at=at)
        return 1
    ended = list(subscriptions_named_in(mail).current().select_for_update(of=("self",)))
    for subscription in ended:
        subscription.ended_at, subscription.ended_by_mail = at, mail
        subscription.save(update_fields=["ended_at", "ended_by_mail"])
        audit.record(action="subscription.unsubscribe", subject=subscription, by=None, at=at)
    for organisation in {one.organisation for one in ended if one.organisation}:
        _tell_who_looks_after(organisation, at)
    return len(ended)


@transaction.atomic
def undo_unsubscribe(*, mail: Delivery, at: datetime) -> int:
    """Begin those again that `unsubscribe` ended for this mail and that are of its address still; return how many."""
    if mail.kind == DeliveryKind.LESSON_USED and mail.person:
        resume_use_mails(person=mail.person, by=None, at=at)
        return 1
    ended_here = subscriptions_named_in(mail).filter(ended_by_mail=mail, ended_at__isnull=False)
    ended = list(ended_here.select_for_update(of=("self",)))
    for subscription in ended:
        subscription.ended_at = subscription.ended_by_mail = None
        subscription.save(update_fields=["ended_at", "ended_by_mail"])
        audit.record(action="subscription.resume", subject=subscription, by=None, at=at)
    return len(ended)


def _tell_who_looks_after(organisation: Organisation, at: datetime) -> None:
    """Anybody who reads a shared mailbox can click: those who look after it are told."""
    memberships = Membership.objects.active().filter(organisation=organisation, role__in=LOOKS_AFTER)
    people = {membership.user for membership in memberships.select_related("user")}
    Delivery.objects.bulk_create(
        Delivery(
            address=person.email.lower(),
            person=person,
            kind=DeliveryKind.MAILBOX_UNSUBSCRIBED,
            priority=Priority.DUTY,
            body=_unsubscribed(organisation, person),
            due_at=at,
            date=at,
        )
        for person in sorted(people, key=lambda person: person.pk)
    )


def _unsubscribed(organisation: Organisation, reader: User) -> dict[str, Any]:
    with language_of(reader):
        return content_from(
            gettext("The mailbox of %(organisation)s was unsubscribed") % {"organisation": organisation.name},
            gettext(
                "Somebody used the link in a mail to end one or more of its subscriptions."
                "\n\nIf that was a mistake, begin them again on the page of your subscriptions."
            ),
            why=gettext("You get this because you look after the mailbox of this organisation."),
        )
