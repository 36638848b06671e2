"""What a digest says: each lesson once, under the theme of its risk; OFFICIAL-SENSITIVE as reference and link only."""

from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_noop, ngettext

from lessons.models import Publication
from notifications.models import Delivery, Frequency
from notifications.sending.digest_checks import Item
from notifications.sending.quarter_checks import Chosen
from notifications.words import either, names_of, paragraphs_of, reason_in_words

#: More than these are counted, and linked to: a mail stays well under 100 kB.
MOST_LISTED = 50
#: Characters; whatever was written, a mail stays under 100 kB.
LONGEST_STATEMENT = 300
WHY = {
    Frequency.DAILY: gettext_noop(
        "You get this because you asked for one mail a day about what matches your subscriptions."
    ),
    Frequency.WEEKLY: gettext_noop(
        "You get this because you asked for one mail a week about what matches your subscriptions."
    ),
    Frequency.MONTHLY: gettext_noop(
        "You get this because you asked for one mail a month about what matches your subscriptions."
    ),
    Frequency.QUARTERLY: gettext_noop(
        "You get this because you asked for one mail a quarter about what matches your subscriptions."
    ),
}
SUBJECTS = {
    Frequency.DAILY: gettext_noop("Your lessons of the day: %(count)s"),
    Frequency.WEEKLY: gettext_noop("Your lessons of the week: %(count)s"),
    Frequency.MONTHLY: gettext_noop("Your lessons of the month: %(count)s"),
    Frequency.QUARTERLY: gettext_noop("Your lessons of the quarter: %(count)s"),
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
    """:ivar groups: (theme of risk, lines), by name
    :ivar words: paragraphs of the Secretariat, and `chosen`: lessons that it put on top, both of a quarter
    """

    subject: str
    heading: str
    groups: list[tuple[str, list[Line]]]
    more: int
    more_url: str
    why: str
    words: list[str] = field(default_factory=list)
    chosen: list[Line] = field(default_factory=list)
    own: str = ""
    page_url: str = ""


def digest_of(delivery: Delivery, items: tuple[Item, ...], chosen: Chosen | None = None) -> Digest:
    """Return the digest of `delivery` with the items that it may hold now; each lesson once, what was chosen on top."""
    run = delivery.digest_run
    if run is None:
        raise ValueError(f"delivery {delivery.pk} is no digest")
    on_top = chosen.lessons if chosen else ()
    items = tuple(item for item in items if item.current not in on_top)
    listed = items[:MOST_LISTED]
    wanted = [*on_top, *(item.current for item in listed)]
    found = Publication.objects.select_related("lesson").defer("search").in_bulk(wanted)
    names = names_of(term for publication in found.values() for term in publication.terms)
    no_risk = gettext("Not about a National Risk")
    groups: dict[str, list[Line]] = {}
    for item in listed:
        publication = found[item.current]
        themes = [names.get(term, term) for term in publication.terms if term.startswith("risk-theme:")]
        groups.setdefault(themes[0] if themes else no_risk, []).append(_line_of_item(publication, item, names))
    number, frequency = len(items), Frequency(run.frequency)
    count = ngettext("%(number)s new lesson", "%(number)s new lessons", number) % {"number": number}
    marking = "OFFICIAL-SENSITIVE" if any(p.is_sensitive for p in found.values()) else "OFFICIAL"
    digest = Digest(
        subject=f"[{marking}] {gettext(SUBJECTS[frequency]) % {'count': count}}",
        heading=_for_you(number),
        groups=sorted(groups.items(), key=lambda group: (group[0] == no_risk, group[0])),
        more=len(items) - len(listed),
        more_url=_list_with(items[MOST_LISTED:]),
        why=gettext(WHY[frequency]),
    )
    if chosen is None:
        return digest
    heading = gettext("Lessons of %(quarter)s") % {"quarter": chosen.quarter.name}
    also = ngettext("Also %(number)s new lesson for you", "Also %(number)s new lessons for you", number)
    return replace(
        digest,
        subject=f"[{marking}] {heading}",
        heading=heading,
        words=paragraphs_of(chosen.quarter.words_sent),
        chosen=[line_of(found[pk]) for pk in on_top],
        own=(also % {"number": number} if on_top else _for_you(number)) if items else "",
        page_url=settings.SITE_URL + chosen.quarter.get_absolute_url(),
    )


def _list_with(items: tuple[Item, ...]) -> str:
    """Return the address of the list of lessons from the day on which the oldest of these was published."""
    texts = Publication.objects.filter(pk__in=[item.current for item in items])
    oldest = texts.aggregate(oldest=Min("published_at"))["oldest"] if items else None
    since = f"?since={timezone.localdate(oldest).isoformat()}" if oldest else ""
    return f"{settings.SITE_URL}{reverse('lesson_list')}{since}"


def _for_you(number: int) -> str:
    return ngettext("%(number)s new lesson for you", "%(number)s new lessons for you", number) % {"number": number}


def line_of(publication: Publication, why: str = "") -> Line:
    """Return one lesson as it stands in a digest: of one that is OFFICIAL-SENSITIVE reference, kind and link."""
    url = settings.SITE_URL + publication.get_absolute_url()
    kind = publication.lesson.get_kind_display()
    if publication.is_sensitive:  # what was asked for would say what it is about
        return Line(publication.reference, kind, url)
    statement = Truncator(publication.statement).chars(LONGEST_STATEMENT)
    return Line(publication.reference, kind, url, publication.title, statement, why)


def _line_of_item(publication: Publication, item: Item, names: dict[str, str]) -> Line:
    return line_of(publication, either(dict.fromkeys(reason_in_words(reason, names) for reason in item.reasons)))
