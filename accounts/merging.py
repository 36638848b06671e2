"""Mergers: an organisation or an area goes into another, and nothing that it recorded or asked for is lost."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import audit
from accounts.models import AccessRequest, Membership, Organisation, ResilienceArea, Sponsorship, User
from accounts.sessions import end_sessions
from accounts.signals import areas_merged, organisations_merged

MERGE = "accounts.merge_places"


class MergeError(Exception):
    """It cannot be merged as asked.  The message is written for the person who asked."""


@transaction.atomic
def merge_organisations(*, source: Organisation, target: Organisation, by: User, at: datetime) -> None:
    """Let `source` go into `target`: people, lessons, events, subscriptions and sponsorships follow.

    :raises PermissionDenied: `by` may not merge
    :raises MergeError: one has ended, both are the same, or one is sponsored
    """
    if not by.has_perm(MERGE):
        raise PermissionDenied
    both = Organisation.objects.select_for_update().select_related("type").filter(pk__in=[source.pk, target.pk])
    rows = {row.pk: row for row in both.order_by("pk")}
    if len(rows) < 2:
        raise MergeError(gettext("Choose two different organisations."))
    source, target = rows[source.pk], rows[target.pk]
    if source.ended_at or target.ended_at:
        raise MergeError(gettext("One of the two has ended already."))
    if "sponsored" in {source.type.category, target.type.category}:
        raise MergeError(gettext("A sponsored organisation cannot be merged: end its sponsorship instead."))
    for membership in Membership.objects.not_over().filter(organisation=source).select_related("user"):
        _follow(membership, by, at, organisation=target)
    target.areas.add(*source.areas.all())
    if not target.mailbox:
        target.mailbox, target.mailbox_confirmed_at = source.mailbox, source.mailbox_confirmed_at
        target.mailbox_cleared = source.mailbox_cleared
        target.save(update_fields=["mailbox", "mailbox_confirmed_at", "mailbox_cleared"])
    Sponsorship.objects.filter(sponsor=source).update(sponsor=target)
    waiting = AccessRequest.objects.filter(organisation=target, decided_at=None).values("email")
    moved = AccessRequest.objects.filter(organisation=source, decided_at=None).exclude(email__in=waiting)
    moved.update(organisation=target)
    Organisation.objects.filter(merged_into=source).update(merged_into=target)
    source.ended_at, source.merged_into = at, target
    source.save(update_fields=["ended_at", "merged_into"])
    organisations_merged.send(sender=Organisation, source=source, target=target)
    audit.record(action="organisation.merge", subject=source, by=by, at=at, reason=f"into {target.code}")


@transaction.atomic
def merge_areas(*, source: ResilienceArea, target: ResilienceArea, by: User, at: datetime) -> None:
    """Let `source` go into `target`: organisations, moderators, lessons, events and subscriptions follow.

    What was published for readers of `source` stays open to them: the view of the keys knows of mergers.
    :raises PermissionDenied: `by` may not merge
    :raises MergeError: one has ended, or both are the same
    """
    if not by.has_perm(MERGE):
        raise PermissionDenied
    both = ResilienceArea.objects.select_for_update().filter(pk__in=[source.pk, target.pk]).order_by("pk")
    rows = {row.pk: row for row in both}
    if len(rows) < 2:
        raise MergeError(gettext("Choose two different areas."))
    source, target = rows[source.pk], rows[target.pk]
    if source.ended_at or target.ended_at:
        raise MergeError(gettext("One of the two has ended already."))
    target.organisations.add(*source.organisations.all())
    source.organisations.clear()
    for membership in Membership.objects.not_over().filter(area=source).select_related("user"):
        _follow(membership, by, at, area=target)
    if not target.mailbox:
        target.mailbox = source.mailbox
        target.save(update_fields=["mailbox"])
    ResilienceArea.objects.filter(merged_into=source).update(merged_into=target)
    source.ended_at, source.merged_into = at, target
    source.save(update_fields=["ended_at", "merged_into"])
    areas_merged.send(sender=ResilienceArea, source=source, target=target)
    audit.record(action="area.merge", subject=source, by=by, at=at, reason=f"into {target.code}")


def _follow(
    membership: Membership,
    by: User,
    at: datetime,
    *,
    organisation: Organisation | None = None,
    area: ResilienceArea | None = None,
) -> None:
    """End a membership and give the same at the other place, unless it is held there: history stays as it was."""
    membership.ended_at = at
    membership.save(update_fields=["ended_at"])
    place = {"organisation": organisation or membership.organisation, "area": area or membership.area}
    held = Membership.objects.not_over().filter(user=membership.user, role=membership.role, **place)
    if not held.exists():
        today = timezone.localdate(at)
        made = Membership.objects.create(
            user=membership.user,
            role=membership.role,
            cleared=membership.cleared,
            cleared_at=membership.cleared_at,
            starts_on=max(today, membership.starts_on),
            ends_on=membership.ends_on,
            given_by=by,
            **place,
        )
        audit.record(action="membership.give", subject=made, by=by, at=at, reason=made.role)
    end_sessions(user=membership.user, by=by, at=at, reason="merger")
