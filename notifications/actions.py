"""Writes about subscriptions: making, changing and ending them, by their holders and by one click in a mail."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Func, Q, Value

from accounts import audit
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from notifications.backend import content_from
from notifications.models import (
    CRITERIA,
    Delivery,
    DeliveryKind,
    Frequency,
    Notice,
    Priority,
    Subscription,
    SubscriptionQuerySet,
)
from notifications.models.subscriptions import LOOK_AFTER_MAILBOX

#: These are told when a mailbox is unsubscribed by a click in one of its mails.
LOOKS_AFTER = (Role.JOL_SPOC, Role.ORGANISATION_ADMIN)


class SubscriptionError(Exception):
    """A subscription cannot be as asked.  The message is written for the user."""


class NoWords(SubscriptionError):
    """The words are all too common to look for."""


def as_query(words: str) -> Func:
    """Return the expression that PostgreSQL turns into a query, as for a search."""
    return Func(Value(words), function="websearch_to_tsquery", template="%(function)s('english', %(expressions)s)")


def can_be_searched(words: str) -> bool:
    """Whether anything is left of `words` without the commonest ones ("the", "and")."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT numnode(websearch_to_tsquery('english', %s))", [words])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def subscribe(
    *,
    by: User,
    at: datetime,
    criteria: Mapping[str, Sequence[str]],
    words: str = "",
    organisation: Organisation | None = None,
    frequency: Frequency = Frequency.AT_ONCE,
) -> Subscription:
    """Begin a subscription of `by`, or of the mailbox of `organisation`.

    :param criteria: lists of codes by the names of `CRITERIA`; what is left out means any
    :raises PermissionDenied: `by` does not look after that mailbox
    :raises NoWords: nothing can be looked for
    """
    _may_look_after(by, organisation)
    subscription = Subscription(
        person=None if organisation else by,
        organisation=organisation,
        frequency=frequency,
        created_at=at,
        confirmed_at=at,  # an account's address is proven; a mailbox has its own date
    )
    _set(subscription, criteria, words)
    subscription.save(force_insert=True)
    audit.record(action="subscription.begin", subject=subscription, by=by, at=at)
    return subscription


@transaction.atomic
def change_subscription(
    *,
    subscription: Subscription,
    by: User,
    at: datetime,
    criteria: Mapping[str, Sequence[str]],
    words: str = "",
    frequency: Frequency = Frequency.AT_ONCE,
) -> Subscription:
    """Ask for something else from now on.

    :raises PermissionDenied: it is not theirs
    :raises NoWords: nothing can be looked for
    """
    _may_change(by, subscription)
    _set(subscription, criteria, words)
    subscription.frequency = frequency
    subscription.save()
    audit.record(action="subscription.change", subject=subscription, by=by, at=at)
    return subscription


def _set(subscription: Subscription, criteria: Mapping[str, Sequence[str]], words: str) -> None:
    words = " ".join(words.split())
    if words and not can_be_searched(words):
        raise NoWords("Enter words that say something: these are too common to look for.")
    for name in CRITERIA:
        setattr(subscription, name, sorted(set(criteria.get(name, []))))
    subscription.words = words
    subscription.query = as_query(words) if words else None


@transaction.atomic
def end_subscription(*, subscription: Subscription, by: User, at: datetime) -> None:
    """End it; a second call does nothing.

    :raises PermissionDenied: it is not theirs
    """
    _may_change(by, subscription)
    if Subscription.objects.current().filter(pk=subscription.pk).update(ended_at=at):
        audit.record(action="subscription.end", subject=subscription, by=by, at=at)


@transaction.atomic
def resume_subscription(*, subscription: Subscription, by: User, at: datetime) -> None:
    """Begin an ended one again; a second call does nothing.

    :raises PermissionDenied: it is not theirs
    """
    _may_change(by, subscription)
    ended = Subscription.objects.filter(pk=subscription.pk, ended_at__isnull=False)
    if ended.update(ended_at=None, ended_by_mail=None):
        audit.record(action="subscription.resume", subject=subscription, by=by, at=at)


def _may_change(by: User, subscription: Subscription) -> None:
    if subscription.person_id != by.pk:
        _may_look_after(by, subscription.organisation)
        if subscription.organisation is None:
            raise PermissionDenied


def _may_look_after(by: User, organisation: Organisation | None) -> None:
    if organisation is not None and not by.has_perm(LOOK_AFTER_MAILBOX, organisation):
        raise PermissionDenied


# -- by a click in a mail ---------------------------------------------------------------------------
def subscriptions_named_in(mail: Delivery) -> SubscriptionQuerySet:
    """Return the subscriptions that `mail` was sent for and that are of its address, ended ones too."""
    reasons = Notice.objects.filter(delivery=mail).values_list("reasons", flat=True)
    named = {reason["subscription"] for each in reasons for reason in each}
    of_address = Q(person__email__iexact=mail.address) | Q(organisation__mailbox__iexact=mail.address)
    return Subscription.objects.filter(of_address, pk__in=named)


@transaction.atomic
def unsubscribe(*, mail: Delivery, at: datetime) -> int:
    """End every subscription named in `mail`; return how many were on.  A second call does nothing.

    Mails that are not sent yet are looked at again just before, so none goes out for these any more.
    """
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
    """Begin those again that `unsubscribe` ended for this mail; return how many."""
    ended = list(Subscription.objects.select_for_update().filter(ended_by_mail=mail, ended_at__isnull=False))
    for subscription in ended:
        subscription.ended_at = subscription.ended_by_mail = None
        subscription.save(update_fields=["ended_at", "ended_by_mail"])
        audit.record(action="subscription.resume", subject=subscription, by=None, at=at)
    return len(ended)


def _tell_who_looks_after(organisation: Organisation, at: datetime) -> None:
    """Anybody who reads a shared mailbox can click: those who look after it are told."""
    body = content_from(
        f"The mailbox of {organisation.name} was unsubscribed",
        "Somebody used the link in a mail to end one or more of its subscriptions."
        "\n\nIf that was a mistake, begin them again on the page of your subscriptions.",
        why="You get this because you look after the mailbox of this organisation.",
    )
    memberships = Membership.objects.active().filter(organisation=organisation, role__in=LOOKS_AFTER)
    people = {membership.user for membership in memberships.select_related("user")}
    Delivery.objects.bulk_create(
        Delivery(
            address=person.email.lower(),
            person=person,
            kind=DeliveryKind.MAILBOX_UNSUBSCRIBED,
            priority=Priority.DUTY,
            body=body,
            due_at=at,
            date=at,
        )
        for person in sorted(people, key=lambda person: person.pk)
    )
