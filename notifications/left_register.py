"""Subscriptions to risks that have left the register: their holders are told, once for an edition, and see it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from accounts.languages import language_of
from accounts.models import Organisation, User
from lessons.models import NationalRisk
from notifications.backend import content_from
from notifications.models import Delivery, DeliveryKind, Frequency, Priority, Subscription
from notifications.models.deliveries import message_id_for
from notifications.words import either, with_sentences


def risks_that_left() -> dict[str, str]:
    """Return the risks that the newest edition does not have: code -> the name it had last."""
    newest = NationalRisk.objects.order_by("-edition").values_list("edition", flat=True).first()
    gone = NationalRisk.objects.current().exclude(code__in=NationalRisk.objects.filter(edition=newest).values("code"))
    return dict(gone.values_list("code", "name"))


def mark_what_left(subscriptions: Iterable[Subscription]) -> None:
    """Set `left` of each to the names of its risks that have left the register."""
    left: dict[str, str] | None = None
    for one in subscriptions:
        if one.risks and left is None:
            left = risks_that_left()
        one.left = [name for code, name in (left or {}).items() if code in one.risks]  # type: ignore[attr-defined]


def tell_holders(*, edition: str, codes: set[str], at: datetime) -> int:
    """Write a mail to whoever asked for one of these risks; return how many.  A second call adds none."""
    asked = Subscription.objects.current().exclude(frequency=Frequency.OFF).filter(risks__overlap=sorted(codes))
    by_holder: dict[tuple[int | None, int | None], list[Subscription]] = defaultdict(list)
    for one in asked.select_related("person", "organisation").order_by("pk"):
        by_holder[one.person_id, one.organisation_id].append(one)
    mails = list(_mails(by_holder.values(), edition, at))
    known = set(Delivery.objects.filter(message_id__in=[one.message_id for one in mails]).values_list("message_id"))
    Delivery.objects.bulk_create(one for one in mails if (one.message_id,) not in known)
    return len(mails) - len(known)


def _mails(holders: Iterable[list[Subscription]], edition: str, at: datetime) -> Iterator[Delivery]:
    left = risks_that_left()
    for subscriptions in holders:
        holder = subscriptions[0].person or subscriptions[0].organisation
        address = _address_of(holder)
        if not address:
            continue
        with language_of(holder):
            body = _words(subscriptions, left)
        yield Delivery(
            address=address,
            person=subscriptions[0].person,
            organisation=subscriptions[0].organisation,
            kind=DeliveryKind.RISK_LEFT,
            priority=Priority.DUTY,
            message_id=message_id_for(f"risk left {edition}", address),
            body=body,
            due_at=at,
            date=at,
        )


def _address_of(holder: User | Organisation | None) -> str:
    if isinstance(holder, User):
        return holder.email.lower()
    return holder.mailbox.lower() if holder and holder.mailbox_confirmed_at else ""


def _words(subscriptions: list[Subscription], left: dict[str, str]) -> dict[str, Any]:
    names = sorted({name for one in subscriptions for code, name in left.items() if code in one.risks})
    sentences = "\n".join(f"- {one.sentence}" for one in with_sentences(subscriptions))  # type: ignore[attr-defined]
    paragraphs = [
        gettext("A new edition of the National Risk Register does not have %(risks)s any more.")
        % {"risks": either(f"“{name}”" for name in names)},
        gettext("You are subscribed to that:") + "\n" + sentences,
        gettext(
            "You still hear of lessons that carry it. New lessons carry risks of the new edition, so add the one that"
            " comes nearest: %(url)s"
        )
        % {"url": settings.SITE_URL + reverse("subscriptions")},
    ]
    return content_from(
        gettext("A risk that you follow has left the register"),
        "\n\n".join(paragraphs),
        why=gettext("You get this because of a subscription of yours."),
    )
