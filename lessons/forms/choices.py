"""What can be chosen on the forms of those who write: by stable codes, in the order in which people look for it."""

from itertools import groupby

from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.models import Organisation, ResilienceArea, ResponderType, User
from accounts.roles import Role, Scope, permissions_of
from lessons.look_alikes import events_seen_by
from lessons.models import Capability, Event, NationalRisk, Theme

Pairs = list[tuple[str, str]]
Groups = list[tuple[str, Pairs]]

#: Newest events that are offered for a new lesson.
EVENTS_OFFERED = 200


def organisations_written_for(user: User) -> QuerySet[Organisation]:
    """Return the organisations for which `user` may begin a lesson; for the Secretariat, all."""
    current = Organisation.objects.current().order_by("name", "pk")
    if user.has_role(Role.SECRETARIAT):
        return current
    writes = [
        m.organisation_id
        for m in user.active_memberships
        if "lessons.add_lesson" in permissions_of(m.role, Scope.ORGANISATION)
    ]
    return current.filter(pk__in=writes)


def events_for(user: User, organisations: QuerySet[Organisation]) -> QuerySet[Event]:
    """Return the events that a lesson of one of `organisations` may come from, newest first."""
    ours = Event.objects.filter(organisation__in=organisations).exclude(name="")
    seen = [event.pk for event in (ours | events_seen_by(user)).order_by("-pk").distinct()[:EVENTS_OFFERED]]
    return Event.objects.filter(pk__in=seen).select_related("organisation").order_by("-pk")


def risks_by_theme() -> Groups:
    risks = sorted(NationalRisk.objects.current(), key=lambda risk: (risk.theme, risk.name))
    return [(theme, [(r.code, r.name) for r in found]) for theme, found in groupby(risks, lambda risk: risk.theme)]


def principles() -> Pairs:
    """The JESIP principles in the order of the doctrine."""
    return list(Theme.objects.filter(group=Theme.PRINCIPLE).order_by("pk").values_list("code", "name"))


def what_principles_mean() -> dict[str, str]:
    return dict(Theme.objects.filter(group=Theme.PRINCIPLE).values_list("code", "description"))


def topics_by_group() -> Groups:
    topics = Theme.objects.exclude(group=Theme.PRINCIPLE).order_by("group", "name")
    return [
        (group.capitalize(), [(topic.code, topic.name) for topic in found])
        for group, found in groupby(topics, lambda topic: topic.group)
    ]


def themes_by_group() -> Groups:
    """The principles and the topics, for a form that has both in one list."""
    themes = list(Theme.objects.order_by("group", "name"))
    principles = sorted((one for one in themes if one.group == Theme.PRINCIPLE), key=lambda one: one.pk)
    topics = groupby((one for one in themes if one.group != Theme.PRINCIPLE), lambda one: one.group)
    groups = [(gettext("JESIP principles"), principles)]
    groups += [(group.capitalize(), list(found)) for group, found in topics]
    return [(group, [(one.code, one.name) for one in found]) for group, found in groups]


def capabilities() -> Groups:
    """All in one group: the list is in the order of the names."""
    return [(gettext("All capabilities"), list(Capability.objects.order_by("name").values_list("code", "name")))]


def areas() -> Pairs:
    return list(ResilienceArea.objects.current().order_by("name").values_list("code", "name"))


def areas_by_region() -> Groups:
    areas = sorted(ResilienceArea.objects.current(), key=lambda area: (area.nation, area.region, area.name))
    return [
        (place, [(area.code, area.name) for area in found])
        for place, found in groupby(areas, lambda area: area.region or area.nation)
    ]


def sectors() -> Pairs:
    codes = ResponderType.objects.order_by("sector").values_list("sector", flat=True).distinct()
    return [(code, code.replace("-", " ").capitalize()) for code in codes]


def organisations() -> Pairs:
    return list(Organisation.objects.current().order_by("name").values_list("code", "name"))
