"""Recording who reads: which organisations opened a publication, and who read what is OFFICIAL-SENSITIVE."""

from datetime import datetime

from accounts import audit
from accounts.models import User
from lessons.models import Attachment, Lesson, Marking, Publication, PublicationView


def record_view(*, publication: Publication, by: User, at: datetime) -> None:
    """Note the first time each of the reader's organisations opened `publication`.  No person is recorded."""
    organisations = {m.organisation_id for m in by.active_memberships}
    views = [PublicationView(publication=publication, organisation_id=pk, first_at=at) for pk in organisations]
    PublicationView.objects.bulk_create(views, ignore_conflicts=True)


def record_read(*items: Lesson | Publication | Attachment, by: User, at: datetime) -> None:
    """Write into the audit trail that `by` gets the text of each item that is OFFICIAL-SENSITIVE.

    Once for each of them in one request, however often it asks.
    """
    sensitive = [one for one in items if _is_sensitive(one) and by.reads_first(one)]
    if sensitive:
        audit.record_each(action="read", subjects=sensitive, by=by, at=at)


def _is_sensitive(item: Lesson | Publication | Attachment) -> bool:
    if not isinstance(item, Attachment):
        return item.marking == Marking.SENSITIVE
    published = item.lesson.publications.current().filter(marking=Marking.SENSITIVE)
    return item.lesson.marking == Marking.SENSITIVE or published.exists()
