"""Lessons that keep coming back: trends by rule, and recurrences that somebody confirmed.

Everything is counted from what publications carry (`terms`, the event as published), among those the reader may read.
What attribution hides is in no count: an organisation that is not named can neither be counted nor told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from accounts.statements import ByKeys, Statement
from lessons.models import LessonLink, Publication, PublicationQuerySet

#: The rule of a trend (DOMAIN, section 8): lessons on one theme and risk theme, within so many months.
TREND_LESSONS = 3
TREND_AREAS = 2
TREND_SECTORS = 2
TREND_MONTHS = 24
#: Lessons that are looked through, those of the newest events; beyond, a trend would be found late and slowly.
MOST_COUNTED = 20_000


@dataclass(frozen=True)
class Sighting:
    """A publication as the counts see it."""

    pk: int
    day: date
    event: str
    codes: dict[str, frozenset[str]] = field(repr=False)

    def of(self, prefix: str) -> frozenset[str]:
        return self.codes.get(prefix, frozenset())


@dataclass(frozen=True)
class Spread:
    """Where and when some lessons were found.

    :ivar unnamed: lessons whose attribution names no organisation
    :ivar practice: how many are notable practice: somebody has an answer
    """

    lessons: int
    first: date
    last: date
    events: int
    organisations: int
    areas: int
    sectors: int
    unnamed: int
    practice: int

    @classmethod
    def of(cls, sightings: Sequence[Sighting]) -> Spread:
        def different(prefix: str) -> int:
            return len(frozenset[str]().union(*(one.of(prefix) for one in sightings)))

        return cls(
            lessons=len(sightings),
            first=min(one.day for one in sightings),
            last=max(one.day for one in sightings),
            events=len({(one.event, one.day) for one in sightings}),
            organisations=different("organisation"),
            areas=different("area"),
            sectors=different("sector"),
            unnamed=sum(not one.of("organisation") for one in sightings),
            practice=sum("notable_practice" in one.of("kind") for one in sightings),
        )

    @property
    def years(self) -> int:
        """The years between the first and the last."""
        return self.last.year - self.first.year


@dataclass(frozen=True)
class Trend:
    """Lessons on one theme and risk theme.

    :param whole: all of them
    :param burst: the most that were found within `TREND_MONTHS`
    """

    theme: str
    risk_theme: str
    whole: Spread
    burst: Spread


def sightings_of(publications: PublicationQuerySet) -> list[Sighting]:
    """Return the publications as the counts see them, by the day of the event; without one, of publication."""
    rows = publications.order_by("-event_on", "-pk").values_list(
        "pk", "terms", "event_name", "event_on", "published_at"
    )[:MOST_COUNTED]
    found = [
        Sighting(pk, day or at.date(), name, _by_prefix(terms)) for pk, terms, name, day, at in rows if at is not None
    ]
    return sorted(found, key=lambda one: (one.day, one.pk))


def _by_prefix(terms: Iterable[str]) -> dict[str, frozenset[str]]:
    codes: dict[str, set[str]] = defaultdict(set)
    for term in terms:
        prefix, _, code = term.partition(":")
        codes[prefix].add(code)
    return {prefix: frozenset(found) for prefix, found in codes.items()}


def trends(publications: PublicationQuerySet) -> list[Trend]:
    """Return the trends among `publications`, those of most organisations first."""
    pairs: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for one in sightings_of(publications):
        for theme in one.of("theme"):
            for risk_theme in one.of("risk-theme"):
                pairs[theme, risk_theme].append(one)
    found = [
        Trend(theme, risk_theme, Spread.of(sightings), burst)
        for (theme, risk_theme), sightings in pairs.items()
        if (burst := burst_of(sightings))
    ]
    return sorted(
        found, key=lambda t: (-t.whole.organisations, -t.whole.events, -t.whole.lessons, t.risk_theme, t.theme)
    )


def burst_of(sightings: Sequence[Sighting]) -> Spread | None:
    """Return the most of these, sorted by day, that make a trend together; None if there is no trend."""
    best: tuple[int, int] | None = None
    areas, sectors = _Held("area"), _Held("sector")
    start = 0
    for end, one in enumerate(sightings):
        areas.take(one)
        sectors.take(one)
        while months_between(sightings[start].day, one.day) > TREND_MONTHS:
            areas.drop(sightings[start])
            sectors.drop(sightings[start])
            start += 1
        is_spread = len(areas.times) >= TREND_AREAS or len(sectors.times) >= TREND_SECTORS
        if end - start + 1 >= TREND_LESSONS and is_spread and (best is None or end - start >= best[1] - best[0]):
            best = start, end
    return Spread.of(sightings[best[0] : best[1] + 1]) if best else None


class _Held:
    """How often each code under a prefix stands in the sightings that are held."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.times: dict[str, int] = {}

    def take(self, one: Sighting) -> None:
        for code in one.of(self.prefix):
            self.times[code] = self.times.get(code, 0) + 1

    def drop(self, one: Sighting) -> None:
        for code in one.of(self.prefix):
            self.times[code] -= 1
            if not self.times[code]:
                del self.times[code]


def months_between(earlier: date, later: date) -> int:
    """Return the months from one to the other, begun ones too: events are published by month."""
    whole = (later.year - earlier.year) * 12 + later.month - earlier.month
    return whole + (later.day > earlier.day)


# -- confirmed by a person ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Recurrence:
    """Lessons of which somebody said that they are the same one, newest event first."""

    publications: tuple[Publication, ...]
    spread: Spread

    @property
    def newest(self) -> Publication:
        return self.publications[0]


def confirmed(readable: PublicationQuerySet) -> list[Recurrence]:
    """Return what was confirmed to have come back, found most often first.

    :param readable: all that the person may read: a link to or through anything else does not count
    """
    groups = linked(readable)
    by_lesson = {text.lesson_id: text for text in readable.filter(lesson__in=groups).for_list()}
    members: dict[int, list[Publication]] = defaultdict(list)
    for lesson, group in groups.items():
        members[group].append(by_lesson[lesson])
    found = [recurrence_of(texts) for texts in members.values()]
    return sorted(found, key=lambda one: (-one.spread.lessons, -one.newest.pk))


def lessons_linked_with(lesson: int, user: User) -> set[int]:
    """Return the keys of the lessons that are called the same as `lesson`, itself too; none if there is no other.

    :param user: what they may not read does not count
    """
    groups = _in_groups(_LINKS(user=ByKeys(user)))
    return {other for other, group in groups.items() if group == groups.get(lesson)}


def linked(readable: PublicationQuerySet) -> dict[int, int]:
    """Return key of each linked lesson -> a number that it shares with all it is linked to, through others too."""
    return _in_groups(_links(readable))


def _links(readable: PublicationQuerySet) -> QuerySet[LessonLink, tuple[int, int]]:
    lessons = readable.order_by().values("lesson")
    links = LessonLink.objects.filter(kind=LessonLink.LinkKind.RECURRENCE_OF, source__in=lessons, target__in=lessons)
    return links.values_list("source_id", "target_id")


_LINKS = Statement(lambda user: _links(Publication.objects.readable_by(user)))


def _in_groups(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    parents: dict[int, int] = {}

    def root(lesson: int) -> int:
        parents.setdefault(lesson, lesson)
        while parents[lesson] != lesson:
            parents[lesson] = lesson = parents[parents[lesson]]
        return lesson

    for source, target in links:
        parents[root(source)] = root(target)
    return {lesson: root(lesson) for lesson in list(parents)}


def recurrence_of(texts: list[Publication]) -> Recurrence:
    """Return what is told of lessons that are called the same."""
    days = {text.pk: text.event_on or text.published_at.date() for text in texts if text.published_at}
    newest_first = sorted(texts, key=lambda text: (days[text.pk], text.pk), reverse=True)
    seen = [Sighting(text.pk, days[text.pk], text.event_name, _by_prefix(text.terms)) for text in texts]
    return Recurrence(tuple(newest_first), Spread.of(seen))
