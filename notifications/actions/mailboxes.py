"""The mailbox of an organisation: changing it, confirming it by a link that is sent to it, and what it begins with."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import Organisation, User
from notifications.actions.subscriptions import SubscriptionError, may_look_after
from notifications.backend import content_from
from notifications.models import Delivery, DeliveryKind, Frequency, Priority, Subscription

CLEAR_MAILBOX = "accounts.manage_people"
LINK_LASTS = timedelta(days=7)
#: Anybody's address can be typed in: so many questions a day go out for one organisation.
MOST_QUESTIONS_A_DAY = 5


class TooManyQuestions(SubscriptionError):
    """The mailbox was asked often enough for one day."""


class BadLink(SubscriptionError):
    """The link was not made for the mailbox that the organisation has now, or it is too old."""


@transaction.atomic
def change_mailbox(*, organisation: Organisation, address: str, by: User, at: datetime) -> None:
    """Take another address, or none, and ask it to confirm; with the same address nothing changes.

    :raises PermissionDenied: `by` does not look after it
    :raises TooManyQuestions: the organisation asked often enough today
    """
    may_look_after(by, organisation)
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    address = address.strip().lower()
    if address == organisation.mailbox.lower():
        return
    organisation.mailbox, organisation.mailbox_confirmed_at, organisation.mailbox_cleared = address, None, False
    organisation.save(update_fields=["mailbox", "mailbox_confirmed_at", "mailbox_cleared"])
    audit.record(action="mailbox.change", subject=organisation, by=by, at=at)
    if address:
        ask_to_confirm(organisation=organisation, by=by, at=at)


@transaction.atomic
def choose_language(*, organisation: Organisation, language: str, by: User, at: datetime) -> None:
    """Write the mails to the mailbox in another language from now on; with the same one nothing changes.

    :raises PermissionDenied: `by` does not look after it
    """
    may_look_after(by, organisation)
    if Organisation.objects.filter(pk=organisation.pk).exclude(language=language).update(language=language):
        audit.record(action="mailbox.change_language", subject=organisation, by=by, at=at, reason=language)


@transaction.atomic
def ask_to_confirm(*, organisation: Organisation, by: User, at: datetime) -> None:
    """Send the link once more.

    :raises PermissionDenied: `by` does not look after it
    :raises TooManyQuestions: the organisation asked often enough today
    """
    may_look_after(by, organisation)
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    asked = Delivery.objects.filter(organisation=organisation, kind=DeliveryKind.MAILBOX_CONFIRMATION)
    if asked.filter(date__gt=at - timedelta(days=1)).count() >= MOST_QUESTIONS_A_DAY:
        raise TooManyQuestions(gettext("The mailbox was asked several times today. Try again tomorrow."))
    named = {"organisation": organisation.name, "site": settings.SITE_NAME, "days": LINK_LASTS.days}
    with language_of(organisation):
        body = content_from(
            gettext("Confirm this mailbox for %(site)s") % named,
            gettext(
                "%(organisation)s wants lessons and news about its own lessons to be sent to this mailbox."
                "\n\nNothing is sent to it before somebody who reads it confirms that."
                " The link works for %(days)s days."
                "\n\nIf you do not expect this, do nothing."
            )
            % named,
            why=gettext(
                "You get this because somebody who looks after the mailbox of %(organisation)s entered this address."
            )
            % named,
        ) | {"link": [gettext("Confirm this mailbox"), confirmation_url(organisation)]}
    Delivery.objects.create(
        address=organisation.mailbox.lower(),
        organisation=organisation,
        kind=DeliveryKind.MAILBOX_CONFIRMATION,
        priority=Priority.TRANSACTIONAL,
        body=body,
        due_at=at,
        date=at,
    )


def confirmation_url(organisation: Organisation) -> str:
    """Return the address at which the mailbox confirms itself."""
    signed = _signer(organisation).sign(str(organisation.pk))
    return settings.SITE_URL + reverse("mailbox_confirm", args=[signed])


def mailbox_asked(signed: str) -> Organisation:
    """Return the organisation whose mailbox was sent a link.

    :raises BadLink: not by us, not to the mailbox it has now, or too long ago
    """
    key = signed.partition(":")[0]
    organisation = Organisation.objects.current().filter(pk=key if key.isdecimal() and len(key) < 18 else 0).first()
    if organisation is None or not organisation.mailbox or not _is_ours(signed, organisation):
        raise BadLink(
            gettext("It was sent to another address, or too long ago. Ask for another on the page of subscriptions.")
        )
    return organisation


def _is_ours(signed: str, organisation: Organisation) -> bool:
    try:
        _signer(organisation).unsign(signed, max_age=LINK_LASTS)
    except signing.BadSignature:
        return False
    return True


def _signer(organisation: Organisation) -> signing.TimestampSigner:
    """The address is part of the salt: a link confirms no other mailbox than that it was sent to."""
    return signing.TimestampSigner(salt=f"notifications.mailbox.{organisation.mailbox.lower()}")


@transaction.atomic
def confirm_mailbox(*, signed: str, at: datetime) -> Organisation:
    """Mark the mailbox as confirmed; the first time in its life the organisation gets the usual subscriptions.

    A second call does nothing.
    :raises BadLink: the link does not work
    """
    organisation = mailbox_asked(signed)
    # Only the address that the link was sent to: it may be changed in this moment.
    confirmed = Organisation.objects.filter(pk=organisation.pk, mailbox=organisation.mailbox, mailbox_confirmed_at=None)
    if confirmed.update(mailbox_confirmed_at=at):
        audit.record(action="mailbox.confirm", subject=organisation, by=None, at=at)
        if not Subscription.objects.filter(organisation=organisation).exists():
            _begin_usual(organisation, None, at)
    return organisation


@transaction.atomic
def begin_usual_subscriptions(*, organisation: Organisation, by: User, at: datetime) -> None:
    """Begin what a new organisation begins with, unless the mailbox has a subscription.

    :raises PermissionDenied: `by` does not look after it
    """
    may_look_after(by, organisation)
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not Subscription.objects.current().filter(organisation=organisation).exists():
        _begin_usual(organisation, by, at)


def _begin_usual(organisation: Organisation, by: User | None, at: datetime) -> None:
    """Weekly, what comes from its sector and, whoever it comes from, what comes from its areas."""
    areas = sorted(organisation.areas.values_list("code", flat=True))
    for criteria in [{"sectors": [organisation.type.sector]}, *([{"areas": areas}] if areas else [])]:
        subscription = Subscription.objects.create(
            organisation=organisation, frequency=Frequency.WEEKLY, created_at=at, confirmed_at=at, **criteria
        )
        audit.record(action="subscription.begin", subject=subscription, by=by, at=at)


@transaction.atomic
def clear_mailbox(*, organisation: Organisation, cleared: bool, by: User, at: datetime) -> None:
    """Say whether the mailbox may get alerts of OFFICIAL-SENSITIVE lessons; they say no more than that there is one.

    :raises PermissionDenied: `by` is no administrator of the organisation
    """
    if not by.has_perm(CLEAR_MAILBOX, organisation):
        raise PermissionDenied
    if Organisation.objects.filter(pk=organisation.pk, mailbox_cleared=not cleared).update(mailbox_cleared=cleared):
        action = "mailbox.clear" if cleared else "mailbox.unclear"
        audit.record(action=action, subject=organisation, by=by, at=at)
