"""Events that may be the one somebody is about to record: one event serves all agencies."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from accounts.models import ResilienceArea, User
from accounts.roles import Scope, permissions_of
from lessons.models import Event, Marking

#: Names this much alike are offered within a year; others only in the same month.
ALIKE = 0.45
OFFERED = 6


def events_seen_by(user: User) -> QuerySet[Event]:
    """Return the named events whose name, date and kind `user` may see (MODEL, section 2).

    Those of the organisations they write for, and those of the same areas unless OFFICIAL-SENSITIVE or in legal
    proceedings.
    """
    writes_for = [
        m.organisation_id
        for m in user.active_memberships
        if "lessons.add_event" in permissions_of(m.role, Scope.ORGANISATION)
    ]
    here = ResilienceArea.objects.filter(organisations__in=writes_for)
    elsewhere = Event.objects.filter(areas__in=here, marking=Marking.OFFICIAL, legal_contexts=[])
    events = Event.objects.filter(Q(organisation__in=writes_for) | Q(pk__in=elsewhere.values("pk")))
    return events.exclude(name="").order_by("-started_on", "-pk")


def is_for_the_area(event: Event) -> bool:
    """Whether other organisations of its areas may know of it."""
    return event.marking == Marking.OFFICIAL and not event.is_live_legal


def look_alikes(*, user: User, name: str, started_on: date, areas: Iterable[ResilienceArea]) -> list[Event]:
    """Return the events of these areas that may be the same, most alike first: in the same month, or of a like name."""
    near = events_seen_by(user).filter(
        pk__in=Event.objects.filter(areas__in=list(areas)).values("pk"),
        started_on__range=(started_on - timedelta(days=366), started_on + timedelta(days=366)),
    )
    found = []
    for event in near.select_related("organisation"):
        likeness = alike(event.name, name)
        if likeness >= ALIKE or _same_month(event, started_on):
            found.append((-likeness, abs((event.started_on or started_on) - started_on), event.pk, event))
    return [event for *_, event in sorted(found)[:OFFERED]]


def look_alikes_of(event: Event, user: User) -> list[Event]:
    """Return the events that may be the same as one that nothing but a single lesson comes from so far."""
    if not event.name or event.started_on is None or event.lessons.count() > 1 or event.debriefs.exists():
        return []
    areas = list(event.areas.all()) or [lesson.area for lesson in event.lessons.all() if lesson.area]
    found = look_alikes(user=user, name=event.name, started_on=event.started_on, areas=areas)
    return [other for other in found if other.pk != event.pk]


def name_of(event: Event) -> str:
    """What somebody of the same area may know of an event: name, date and kind."""
    facts = [event.when, event.get_kind_display() if event.kind else ""]
    told = ", ".join(fact for fact in facts if fact)
    return f"{event.name} ({told})" if told else event.name


def _same_month(event: Event, day: date) -> bool:
    """Whether they can be in one month; of an event known by its year only, in that year."""
    if event.started_on is None or event.started_on.year != day.year:
        return False
    return event.precision == "year" or event.started_on.month == day.month


def alike(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1: the share of groups of three letters that they have in common."""
    ours, theirs = _threes(one), _threes(other)
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0


def _threes(name: str) -> set[str]:
    words = "".join(c if c.isalnum() else " " for c in name.casefold()).split()
    return {f"  {word} "[i : i + 3] for word in words for i in range(len(word) + 1)}
