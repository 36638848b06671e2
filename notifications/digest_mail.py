"""What a digest says: each lesson once, under the theme of its risk; OFFICIAL-SENSITIVE as reference and link only."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from lessons.models import Publication
from notifications.models import Delivery, Frequency
from notifications.sending.digest_checks import Item
from notifications.words import names_of, reason_in_words

#: More than these are counted, and linked to: a mail stays well under 100 kB.
MOST_LISTED = 50
NO_RISK = "Not about a National Risk"
PERIODS = {
    Frequency.DAILY: "day",
    Frequency.WEEKLY: "week",
    Frequency.MONTHLY: "month",
    Frequency.QUARTERLY: "quarter",
}


@dataclass(frozen=True)
class Line:
    """One lesson.  Of one that is OFFICIAL-SENSITIVE, `title` and `statement` are empty."""

    reference: str
    kind: str
    url: str
    title: str = ""
    statement: str = ""
    why: str = ""


@dataclass(frozen=True)
class Digest:
    """:ivar groups: (theme of risk, lines), by name"""

    subject: str
    heading: str
    groups: list[tuple[str, list[Line]]]
    more: int
    more_url: str
    why: str


def digest_of(delivery: Delivery, items: tuple[Item, ...]) -> Digest:
    """Return the digest of `delivery` with the items that it may hold now."""
    run = delivery.digest_run
    if run is None:
        raise ValueError(f"delivery {delivery.pk} is no digest")
    listed = items[:MOST_LISTED]
    found = Publication.objects.select_related("lesson").defer("search").in_bulk([item.current for item in listed])
    names = names_of(term for publication in found.values() for term in publication.terms)
    groups: dict[str, list[Line]] = {}
    for item in listed:
        publication = found[item.current]
        themes = [names.get(term, term) for term in publication.terms if term.startswith("risk-theme:")]
        groups.setdefault(themes[0] if themes else NO_RISK, []).append(_line(publication, item, names))
    period = PERIODS[Frequency(run.frequency)]
    marking = "OFFICIAL-SENSITIVE" if any(p.is_sensitive for p in found.values()) else "OFFICIAL"
    count = f"{len(items)} new lesson{'s' if len(items) > 1 else ''}"
    return Digest(
        subject=f"[{marking}] Your lessons of the {period}: {count}",
        heading=f"{count} for you",
        groups=sorted(groups.items(), key=lambda group: (group[0] == NO_RISK, group[0])),
        more=len(items) - len(listed),
        more_url=f"{settings.SITE_URL}{reverse('lesson_list')}",
        why=f"You get this because you asked for one mail a {period} about what matches your subscriptions.",
    )


def _line(publication: Publication, item: Item, names: dict[str, str]) -> Line:
    url = settings.SITE_URL + publication.get_absolute_url()
    kind = publication.lesson.get_kind_display()
    if publication.is_sensitive:  # what was asked for would say what it is about
        return Line(publication.reference, kind, url)
    why = " or ".join(dict.fromkeys(reason_in_words(reason, names) for reason in item.reasons))
    return Line(publication.reference, kind, url, publication.title, publication.statement, why)
