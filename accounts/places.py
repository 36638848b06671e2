"""Where people are looked after: an organisation, an area, the country; and what opens to whom there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext
from guardian.utils import get_group_obj_perms_model

from accounts.models import AccessRequest, Membership, Organisation, ResilienceArea, User
from accounts.models.people import MembershipQuerySet
from accounts.people import roles_given_by
from accounts.roles import CLEARED_BY_ROLE, MODERATES, OWNER_LEADS, ROLES, SEES_ALL_PUBLICATIONS, Role

Kind = Literal["organisation", "area", "national"]
NATIONAL = "uk"


@dataclass(frozen=True)
class Place:
    """A place as one person looks after it.

    :ivar roles: what this person gives and ends here
    """

    kind: Kind
    code: str
    name: str
    roles: tuple[Role, ...]
    organisation: Organisation | None = None
    area: ResilienceArea | None = None

    @property
    def url(self) -> str:
        return reverse("people_of", args=[self.kind, self.code])

    def memberships(self) -> MembershipQuerySet:
        """Keep what is not over: of sleeping accounts, and what begins later, too."""
        found = Membership.objects.not_over().select_related("user", "organisation", "area")
        if self.organisation:
            return found.filter(organisation=self.organisation)
        return found.filter(area=self.area) if self.area else found.filter(role__in=self.roles)

    def requests(self) -> list[AccessRequest]:
        if not self.organisation or Role.READER not in self.roles:
            return []
        return list(AccessRequest.objects.filter(organisation=self.organisation, decided_at=None).order_by("asked_at"))


def place_for(user: User, kind: str, code: str) -> Place:
    """Return a place that `user` looks after.

    :raises Http404: there is none
    :raises PermissionDenied: somebody else looks after it
    """
    organisation = area = None
    if kind == "organisation":
        organisation = Organisation.objects.filter(code=code).first()
    elif kind == "area":
        area = ResilienceArea.objects.filter(code=code).first()
    if not (organisation or area or (kind == "national" and code == NATIONAL)):
        raise Http404
    place = _place(user, organisation, area)
    if place is None:
        raise PermissionDenied
    return place


def _place(user: User, organisation: Organisation | None, area: ResilienceArea | None) -> Place | None:
    roles = tuple(roles_given_by(user, organisation=organisation, area=area))
    if organisation:
        if Role.ORGANISATION_ADMIN not in roles:
            return None
        return Place("organisation", organisation.code, organisation.name, roles, organisation=organisation)
    if not roles:
        return None
    if area:
        return Place("area", area.code, area.name, roles, area=area)
    return Place("national", NATIONAL, "National roles", roles)


def places_of(user: User) -> list[Place]:
    """Return the places of somebody's own roles; national administrators reach all others by their address."""
    found: list[Place | None] = [_place(user, None, None)]
    for membership in user.active_memberships:
        found.append(_place(user, membership.organisation, None))
        if membership.area:
            found.append(_place(user, None, membership.area))
    return list({place.url: place for place in found if place}.values())


# -- what a role opens, in words -----------------------------------------------------------------------
@dataclass(frozen=True)
class Access:
    """A membership, and what it opens."""

    membership: Membership
    opens: list[str] = field(default_factory=list)


def access_of(memberships: "list[Membership]") -> list[Access]:
    return [Access(membership, list(_opens(membership))) for membership in memberships]


def _opens(membership: Membership) -> "list[str]":
    role, place = Role(membership.role), membership.organisation.name
    given = frozenset().union(*ROLES[role].values()) if ROLES[role] else frozenset()
    cleared = membership.cleared or role in CLEARED_BY_ROLE
    named = {
        "place": place,
        "marking": gettext("OFFICIAL and OFFICIAL-SENSITIVE") if cleared else "OFFICIAL",
        "area": membership.area.name if membership.area else gettext("the whole country"),
    }
    sees_all, is_system = role in SEES_ALL_PUBLICATIONS, role == Role.SYSTEM_ADMIN
    reads = gettext("Reads published lessons for which %(place)s is in the audience, %(marking)s") % named
    words = {
        reads: not is_system and not sees_all,
        gettext("Reads every published lesson, whatever its audience"): sees_all,
        gettext("Writes drafts for %(place)s") % named: "lessons.add_lesson" in given,
        gettext("Sees, signs off and suspends what %(place)s recorded") % named: role in OWNER_LEADS,
        gettext("Moderates lessons of %(area)s") % named: given >= MODERATES,
        gettext("Reads the audit trail"): "accounts.view_auditevent" in given,
        gettext("Invites people and ends their roles"): "accounts.manage_people" in given,
    }
    return [text for text, holds in words.items() if holds]


def lessons_let_into(organisations: Iterable[int]) -> list[Any]:
    """Return the grants by which organisations, as partners, see single lessons of others.

    Its model is that of the settings: lessons are above us.
    """
    model: Any = get_group_obj_perms_model()
    grants = model.objects.filter(group__in=list(organisations))
    found = grants.select_related("group", "content_object__organisation", "permission")
    by_lesson: dict[tuple[int, int], Any] = {}
    for grant in found.order_by("content_object_id", "pk"):
        one = by_lesson.setdefault((grant.content_object_id, grant.group_id), grant)
        one.may_change = getattr(one, "may_change", False) or grant.permission.codename.startswith("change_")
    return list(by_lesson.values())
