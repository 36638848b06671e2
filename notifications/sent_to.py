"""What an organisation was told: news and digests, with how many of its people got them."""

from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from lessons.models import Publication
from notifications.emails import ALERTS
from notifications.models import Delivery, DeliveryKind, Frequency, State

NOT_SENT = (State.FAILED, State.SUPPRESSED, State.CANCELLED)


def news_sent_to(organisation: Organisation) -> QuerySet[Any, Any]:
    """Return a row for each piece of news or digest; `newest` is the key to page by.

    What a person is mailed about is theirs: rows count people and name none.
    """
    people = Membership.objects.active().exclude(role=Role.SYSTEM_ADMIN).filter(organisation=organisation)
    mails = Delivery.objects.filter(Q(organisation=organisation) | Q(person__in=people.values("user")), kind__in=ALERTS)
    return (
        mails.order_by()
        .values("kind", "announcement__publication", "digest_run__frequency", "digest_run__period_end")
        .annotate(
            newest=Max("pk"),
            since=Min("date"),
            mailbox=Count("pk", filter=Q(organisation=organisation, state=State.SENT)),
            people=Count("pk", filter=Q(organisation=None, state=State.SENT)),
            open=Count("pk", filter=~Q(state__in=[State.SENT, *NOT_SENT])),
            not_sent=Count("pk", filter=Q(state__in=NOT_SENT)),
        )
    )


def with_references(rows: list[dict[str, Any]], user: User) -> list[dict[str, Any]]:
    """Add to each row its `publication`, if `user` holds a key of it, and the names of its kind and frequency."""
    keys = {row["announcement__publication"] for row in rows} - {None}
    opened = Publication.objects.filter(pk__in=keys).opened_by(user).select_related("lesson").defer("search").in_bulk()
    return [
        row
        | {
            "publication": opened.get(row["announcement__publication"]),
            "label": DeliveryKind(row["kind"]).label,
            "frequency": Frequency(row["digest_run__frequency"]).label if row["digest_run__frequency"] else "",
        }
        for row in rows
    ]
