"""Who may have a lesson for review."""

from django.db.models import Q, QuerySet

from accounts.models import Membership, User
from accounts.roles import Role
from lessons.models import Lesson, Tier


def others_who_may_review(lesson: Lesson, *, but: User) -> list[User]:
    """Return those to whom `but` could give `lesson`, by name: the moderators of its area, and the Secretariat.

    Not those who wrote it, nor whoever has it.
    """
    may = Q(role=Role.SECRETARIAT)
    if lesson.tier == Tier.AREA and lesson.area_id:
        may |= Q(role=Role.LRF_MODERATOR, area=lesson.area_id)
    writers = {but.pk, lesson.author_id, lesson.claimed_by_id, *lesson.editors.values_list("pk", flat=True)}
    return list(_people(may).exclude(pk__in=writers - {None}))


def colleagues_of(user: User) -> list[User]:
    """Return other moderators of the areas of `user` and of the Secretariat: to whom items are given in bulk."""
    may = Q(role=Role.SECRETARIAT)
    if user.has_role(Role.SECRETARIAT):
        may |= Q(role=Role.LRF_MODERATOR)
    else:
        may |= Q(role=Role.LRF_MODERATOR, area__in=user.moderated_areas)
    return list(_people(may).exclude(pk=user.pk))


def _people(may: Q) -> QuerySet[User]:
    memberships = Membership.objects.active().filter(may)
    people = User.objects.filter(is_active=True, dormant_at=None, pk__in=memberships.values("user"))
    return people.order_by("name", "pk")
