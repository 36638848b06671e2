"""Counting that an organisation opened a publication."""

from datetime import datetime

from accounts.models import User
from lessons.models import Publication, PublicationView


def record_view(*, publication: Publication, by: User, at: datetime) -> None:
    """Note the first time each of the reader's organisations opened `publication`.  No person is recorded."""
    organisations = {m.organisation_id for m in by.active_memberships}
    views = [PublicationView(publication=publication, organisation_id=pk, first_at=at) for pk in organisations]
    PublicationView.objects.bulk_create(views, ignore_conflicts=True)
