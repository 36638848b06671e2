"""Recording requests for information: who was consulted, what they said, and what came of it."""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import audit
from accounts.models import Organisation, User
from lessons.clocks import add_working_days, nation_of
from lessons.errors import LessonError, WrongStatus
from lessons.models import Lesson
from lessons.models.foi import FoiConsultee, FoiRequest

RECORD = "lessons.record_foi"
#: Working days in which a request is answered (section 10 of the Act).
DAYS = 20


class RecordedBefore(LessonError):
    """There is such a request, or such a consultee, already."""


@transaction.atomic
def open_request(
    *, lesson: Lesson, reference: str, requester: str, received_on: date, by: User, at: datetime
) -> FoiRequest:
    """Record a request; it is due 20 working days after it was received.

    :param requester: a kind (`Requester`), no name
    :raises PermissionDenied: `by` does not record requests
    :raises RecordedBefore: there is one of this reference
    """
    _may(by)
    due_on = add_working_days(received_on, DAYS, nation_of(lesson))
    made, is_new = FoiRequest.objects.get_or_create(
        lesson=lesson,
        reference=reference,
        defaults={
            "requester": requester,
            "received_on": received_on,
            "due_on": due_on,
            "opened_by": by,
            "opened_at": at,
        },
    )
    if not is_new:
        raise RecordedBefore(gettext("A request with this reference is recorded for this lesson already."))
    audit.record(action="foi.open", subject=made, by=by, at=at, reason=f"{requester} due {due_on}")
    return made


@transaction.atomic
def consult(*, request: FoiRequest, organisation: Organisation, by: User, at: datetime) -> FoiConsultee:
    """Record that an organisation is asked.

    :raises PermissionDenied: `by` does not record requests
    :raises RecordedBefore: it was asked already
    :raises WrongStatus: the request is closed
    """
    request = _open(request, by)
    asked_on = timezone.localdate(at)
    made, is_new = FoiConsultee.objects.get_or_create(
        request=request, organisation=organisation, defaults={"asked_on": asked_on}
    )
    if not is_new:
        raise RecordedBefore(gettext("This organisation was asked already."))
    audit.record(action="foi.consult", subject=request, by=by, at=at, reason=organisation.code)
    return made


@transaction.atomic
def record_answer(*, consultee: FoiConsultee, answer: str, note: str, by: User, at: datetime) -> None:
    """Record what an organisation said; a later answer stands in the place of an earlier one.

    :raises PermissionDenied: `by` does not record requests
    :raises WrongStatus: the request is closed
    """
    request = _open(consultee.request, by)
    consultee.answer, consultee.answer_note, consultee.answered_on = answer, note, timezone.localdate(at)
    consultee.save(update_fields=["answer", "answer_note", "answered_on"])
    reason = f"{consultee.organisation.code} {answer}"
    audit.record(action="foi.answer", subject=request, by=by, at=at, reason=reason)


@transaction.atomic
def close_request(*, request: FoiRequest, outcome: str, note: str, by: User, at: datetime) -> None:
    """Record what came of it; nothing is changed after that.

    :raises PermissionDenied: `by` does not record requests
    :raises WrongStatus: it is closed already
    """
    request = _open(request, by)
    request.outcome, request.outcome_note, request.closed_by, request.closed_at = outcome, note, by, at
    request.save(update_fields=["outcome", "outcome_note", "closed_by", "closed_at"])
    audit.record(action="foi.close", subject=request, by=by, at=at, reason=outcome)


def _open(request: FoiRequest, by: User) -> FoiRequest:
    _may(by)
    request = FoiRequest.objects.select_for_update().get(pk=request.pk)
    if request.closed_at:
        raise WrongStatus(gettext("This request is closed."))
    return request


def _may(by: User) -> None:
    if not by.has_perm(RECORD):
        raise PermissionDenied
