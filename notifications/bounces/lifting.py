"""The way out: somebody says that an address is right again."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.models import Organisation, User
from accounts.statements import ByMemberships, Statement
from notifications.bounces.counting import addresses_of, organisations_of
from notifications.models import Suppression, SuppressionQuerySet
from notifications.models.bounces import LIFT_SUPPRESSION

_GROUPS = Statement(lambda user: user.groups.order_by("name"))


def looked_after_by(user: User) -> SuppressionQuerySet:
    """Return the suppressions that `user` may lift: all, or those of addresses of their organisations."""
    in_force = Suppression.objects.in_force()
    if user.has_perm(LIFT_SUPPRESSION):
        return in_force
    organisations = administered_by(user)
    return in_force.filter(addresses_of(organisations)) if organisations else in_force.none()


def administered_by(user: User) -> list[Organisation]:
    return [group for group in _GROUPS(user=ByMemberships(user)) if user.has_perm(LIFT_SUPPRESSION, group)]


@transaction.atomic
def lift_suppression(*, suppression: Suppression, by: User, at: datetime) -> None:
    """Send to the address again from now on; a second call does nothing.

    What was not sent meanwhile is not sent by this: the Secretariat may send it again.

    :raises PermissionDenied: `by` does not look after the address
    """
    organisations = organisations_of([suppression.address])[suppression.address]
    if not (by.has_perm(LIFT_SUPPRESSION) or any(by.has_perm(LIFT_SUPPRESSION, one) for one in organisations)):
        raise PermissionDenied
    if Suppression.objects.in_force().filter(pk=suppression.pk).update(until=at, lifted_by=by):
        audit.record(action="address.lift", subject=suppression, by=by, at=at)
