"""Recording what is taken away, and streaming it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db import connection, transaction
from django.db.models import Count, Q, TextField
from django.db.models.functions import Cast
from django.http import StreamingHttpResponse
from django.utils import timezone

from accounts import audit
from accounts.models import User
from lessons.exports.document import COLUMNS, lesson_document
from lessons.exports.writers import csv_lines, ndjson
from lessons.exports.xlsx import workbook
from lessons.filters import LessonFilters
from lessons.models import ExportForm, ExportRecord, Marking, Publication, PublicationQuerySet

#: What a page may not: take long, and wait for somebody who reads slowly (jol/wsgi.py).  Until the transaction ends.
PATIENCE = "SET LOCAL statement_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '15min'"
#: Rows that the server-side cursor hands over at once: what is in memory at any time.
ROWS_AT_ONCE = 500

Writer = Callable[[Iterable[dict[str, Any]]], Iterator[bytes]]
WRITERS: dict[str, tuple[str, Writer]] = {
    ExportForm.CSV: ("text/csv; charset=utf-8", csv_lines),
    ExportForm.XLSX: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook),
    ExportForm.NDJSON: ("application/x-ndjson", ndjson),
}


def chosen(filters: LessonFilters, user: User) -> PublicationQuerySet:
    """Return what `filters` find among what `user` may read, in the order of the list."""
    return filters.apply(Publication.objects.readable_by(user)).order_by("-published_at", "-pk")


def download(*, filters: LessonFilters, form: str, by: User, at: datetime) -> StreamingHttpResponse:
    """Record that `by` takes away all that `filters` find, and return it as a file that is written while it is read."""
    record = record_export(filters=filters, form=form, by=by, at=at)
    content_type, write = WRITERS[form]
    # What is published from now on is not in the record, so it is not in the file.
    found = chosen(filters, by).filter(published_at__lte=at)
    answer = StreamingHttpResponse(write(_documents(found)), content_type=content_type)
    day = timezone.localdate(at).isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="lessons-{day}.{form}"'
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Export-Rows"] = str(record.rows)
    answer.headers["Export-Marking"] = record.get_marking_display()
    return answer


@transaction.atomic
def record_export(*, filters: LessonFilters, form: str, by: User, at: datetime) -> ExportRecord:
    """Write down who takes which lessons away: before the first byte leaves, for a stream may be cut."""
    _be_patient()
    found = chosen(filters, by).order_by()
    facts = found.aggregate(
        rows=Count("pk"),
        # As the text of an array: a hundred thousand numbers one by one would take longer than the file's first lines.
        lessons=Cast(ArrayAgg("lesson_id", default=[]), TextField()),
        sensitive=BoolOr(Q(marking=Marking.SENSITIVE), default=False),
    )
    record = ExportRecord.objects.create(
        by=by,
        at=at,
        form=form,
        filter={name: str(value) for name, value in filters.cleaned.items()},
        rows=facts["rows"],
        marking=Marking.SENSITIVE if facts["sensitive"] else Marking.OFFICIAL,
        lesson_ids=facts["lessons"],
    )
    reason = f"{record.form} {record.rows} {record.marking}"
    audit.record(action="lesson.export", subject=record, by=by, at=at, reason=reason)
    return record


def _documents(found: PublicationQuerySet) -> Iterator[dict[str, Any]]:
    # In a transaction the cursor of the server reads as it goes; outside one it would first copy all to disk.
    with transaction.atomic():
        _be_patient()
        for row in found.values_list(*COLUMNS).iterator(chunk_size=ROWS_AT_ONCE):
            yield lesson_document(row)


def _be_patient() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
