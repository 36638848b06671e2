"""What a subscription would have brought in the last year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from lessons.models import Publication, PublicationQuerySet
from notifications.models import CRITERIA, Frequency, Subscription
from notifications.words import Phrase, names_of, phrases

YEAR = timedelta(days=365)
SHOWN = 5
HOW_OFTEN = {Frequency.OFF.value: _("not mailed for now")}


@dataclass(frozen=True)
class LookBack:
    """A wish as a sentence, how many lessons of the last year it matches, and the newest of them."""

    phrases: list[Phrase]
    how_often: str
    count: int
    newest: list[Publication]
    is_for_mailbox: bool


def look_back(subscription: Subscription, *, viewer: User, at: datetime) -> LookBack:
    """Ask the lessons that were first published in the year before `at`, as the fan-out would have.

    Only what the holder may read is counted; titles are of what `viewer` may read, too.
    :param subscription: stored or not
    """
    mailbox = subscription.organisation
    readable = Publication.objects.live().filter(readers__overlap=keys_of(mailbox) if mailbox else viewer.keys)
    found = matching(subscription, _new_since(readable, at - YEAR))
    seen = found.filter(pk__in=Publication.objects.readable_by(viewer).values("pk")) if mailbox else found
    return LookBack(
        phrases=phrases(subscription, names_of(subscription.criteria())),
        how_often=str(HOW_OFTEN.get(subscription.frequency, Frequency(subscription.frequency).label.lower())),
        count=found.count(),
        newest=list(seen.for_list()[:SHOWN]),
        is_for_mailbox=mailbox is not None,
    )


def matching(subscription: Subscription, publications: PublicationQuerySet) -> PublicationQuerySet:
    """Keep what `subscription` asks for; `fan_out_sql.ASKS_FOR_IT` is the same from the other end."""
    lists = {name: [f"{prefix}:{code}" for code in getattr(subscription, name)] for name, prefix in CRITERIA.items()}
    lists["risks"] += lists.pop("risk_themes")
    for wanted in filter(None, lists.values()):
        publications = publications.filter(terms__overlap=wanted)
    if subscription.words:
        words = SearchQuery(subscription.words, config="english", search_type="websearch")
        publications = publications.filter(search=words)
    return publications


def keys_of(organisation: Organisation) -> Sequence[str]:
    """Return the keys of an organisation's mailbox."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM mailbox_key WHERE organisation_id = %s", [organisation.pk])
        return [key for (key,) in cursor.fetchall()]


def _new_since(publications: PublicationQuerySet, since: datetime) -> PublicationQuerySet:
    """Keep those whose first version is not older: a new version is no new lesson."""
    first = Publication.objects.filter(lesson=OuterRef("lesson"), version=1, published_at__gte=since)
    return publications.filter(Exists(first), published_at__gte=since)
