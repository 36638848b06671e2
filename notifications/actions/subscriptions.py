"""Making, changing, pausing and ending subscriptions, by those who hold them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import F, Func, Value
from django.utils.translation import gettext

from accounts import audit
from accounts.models import Organisation, User
from notifications.models import CRITERIA, Frequency, Subscription
from notifications.models.subscriptions import LOOK_AFTER_MAILBOX

#: Of one person or one mailbox, those that ended not counted: more than anybody reads the mails of.
MOST_SUBSCRIPTIONS = 200


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


class TooManySubscriptions(SubscriptionError):
    """There is no room for one more."""


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
    :raises TooManySubscriptions: there are as many as there can be
    """
    may_look_after(by, organisation)
    _has_room(by, organisation)
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
    # As it is now: a link in a mail may have ended it since the form was shown, and then it stays ended.
    subscription = Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)
    _set(subscription, criteria, words)
    # Set off, or changed while it is: it is resumed as often as it came before.
    before = subscription.resumes_as if subscription.frequency == Frequency.OFF else subscription.frequency
    subscription.resumes_as = before if frequency == Frequency.OFF else ""
    subscription.frequency = frequency
    subscription.save()
    audit.record(action="subscription.change", subject=subscription, by=by, at=at)
    return subscription


def _set(subscription: Subscription, criteria: Mapping[str, Sequence[str]], words: str) -> None:
    words = " ".join(words.split())
    if words and not can_be_searched(words):
        raise NoWords(gettext("Enter words that say something: these are too common to look for."))
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
    """Begin an ended or a paused one again, as it was before; a second call does nothing.

    :raises PermissionDenied: it is not theirs
    :raises TooManySubscriptions: it ended, and there are as many as there can be
    """
    _may_change(by, subscription)
    ended = Subscription.objects.filter(pk=subscription.pk, ended_at__isnull=False)
    paused = Subscription.objects.current().filter(pk=subscription.pk, frequency=Frequency.OFF)
    if ended.exists():
        _has_room(by, subscription.organisation)
    resumed = ended.update(ended_at=None, ended_by_mail=None)
    if not resumed:
        resumed = paused.update(frequency=subscription.resumes_as or Frequency.AT_ONCE, resumes_as="")
    if resumed:
        audit.record(action="subscription.resume", subject=subscription, by=by, at=at)


@transaction.atomic
def pause_subscription(*, subscription: Subscription, by: User, at: datetime) -> None:
    """Keep it, but mail nothing until it is resumed; a second call does nothing.

    :raises PermissionDenied: it is not theirs
    """
    _may_change(by, subscription)
    on = Subscription.objects.current().filter(pk=subscription.pk).exclude(frequency=Frequency.OFF)
    if on.update(resumes_as=F("frequency"), frequency=Frequency.OFF):
        audit.record(action="subscription.pause", subject=subscription, by=by, at=at)


def _has_room(person: User, organisation: Organisation | None) -> None:
    """:raises TooManySubscriptions: there is none; of two that are begun at once one finds the other counted"""
    current = Subscription.objects.current()
    if organisation:
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
        theirs = current.filter(organisation=organisation)
    else:
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        theirs = current.filter(person=person)
    if theirs.count() >= MOST_SUBSCRIPTIONS:
        raise TooManySubscriptions(
            gettext("There are %(most)s subscriptions already. End one that is not needed any more, or widen one.")
            % {"most": MOST_SUBSCRIPTIONS}
        )


def _may_change(by: User, subscription: Subscription) -> None:
    if subscription.person_id != by.pk:
        may_look_after(by, subscription.organisation)
        if subscription.organisation is None:
            raise PermissionDenied


def may_look_after(by: User, organisation: Organisation | None) -> None:
    """Refuse who does not look after the mailbox of `organisation`, if one is given.

    :raises PermissionDenied: `by` does not
    """
    if organisation is not None and not by.has_perm(LOOK_AFTER_MAILBOX, organisation):
        raise PermissionDenied
