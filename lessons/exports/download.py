"""Recording what is taken away, and streaming it."""

from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db import transaction
from django.db.models import Count, Q, TextField
from django.db.models.functions import Cast
from django.http import StreamingHttpResponse
from django.utils import timezone

from accounts import audit
from accounts.downloads import LONGEST, LOOK_AGAIN_AFTER, ROWS_AT_ONCE, Stream, TooSlow, be_patient
from accounts.models import User
from lessons.exports.document import COLUMNS, lesson_document
from lessons.exports.writers import ROWS_IN_A_PIECE, csv_lines, ndjson
from lessons.exports.xlsx import workbook
from lessons.filters import LessonFilters
from lessons.models import ExportForm, ExportRecord, Marking, Publication, PublicationQuerySet

Writer = Callable[[Iterable[dict[str, Any]]], Generator[bytes, None, None]]
WRITERS: dict[str, tuple[str, Writer]] = {
    ExportForm.CSV: ("text/csv; charset=utf-8", csv_lines),
    ExportForm.XLSX: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook),
    ExportForm.NDJSON: ("application/x-ndjson", ndjson),
}


def chosen(filters: LessonFilters, user: User) -> PublicationQuerySet:
    """Return what `filters` find among what `user` may read, in the order of the list."""
    return filters.apply(Publication.objects.readable_by(user)).order_by("-published_at", "-pk")


def download(*, filters: LessonFilters, form: str, by: User, at: datetime) -> StreamingHttpResponse:
    """Record that `by` takes away all that `filters` find, and return it as a file that is written while it is read.

    :raises TooManyAtOnce: it can be tried again
    """
    stream = Stream()
    record = record_export(filters=filters, form=form, by=by, at=at)
    content_type, write = WRITERS[form]
    # What is published from now on is not in the record, so it is not in the file.
    found = chosen(filters, by).filter(published_at__lte=at)
    stream.begin(write(_documents(found, by, at)))
    answer = StreamingHttpResponse(stream, content_type=content_type)
    day = timezone.localdate(at).isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="lessons-{day}.{form}"'
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Export-Rows"] = str(record.rows)
    answer.headers["Export-Marking"] = record.get_marking_display()
    return answer


@transaction.atomic
def record_export(*, filters: LessonFilters, form: str, by: User, at: datetime) -> ExportRecord:
    """Write down who takes which lessons away: before the first byte leaves, for a stream may be cut."""
    be_patient()
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


def _documents(found: PublicationQuerySet, by: User, at: datetime) -> Iterator[dict[str, Any]]:
    # In a transaction the cursor of the server reads as it goes; outside one it would first copy all to disk.
    with transaction.atomic():
        be_patient()
        rows = found.values_list("pk", *COLUMNS).iterator(chunk_size=ROWS_AT_ONCE)
        looked_at = at
        while piece := list(islice(rows, ROWS_IN_A_PIECE)):
            now = timezone.now()
            if now - at > LONGEST:
                raise TooSlow
            if now - looked_at > LOOK_AGAIN_AFTER:
                still = _still_readable([pk for pk, *_ in piece], by)
                if len(still) == len(piece):  # once something was taken away, each piece is looked at
                    looked_at = now
                piece = [row for row in piece if row[0] in still]
            for _, *row in piece:
                yield lesson_document(row)


def _still_readable(publications: list[int], by: User) -> set[int]:
    """Return which of them `by` may read now: meanwhile one may be suspended or narrowed, or a right taken away."""
    person = User.objects.get(pk=by.pk)
    if not person.may_sign_in:
        return set()
    person.without_sensitive = by.without_sensitive
    return set(Publication.objects.filter(pk__in=publications).readable_by(person).values_list("pk", flat=True))
