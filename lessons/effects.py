"""What a move changes besides the status, and where some moves lead."""

from django.utils import timezone

from accounts.roles import Role
from lessons import clocks, publishing
from lessons.actions.warnings import look_again
from lessons.attempt import Attempt
from lessons.conditions import (
    approved_text,
    belongs_to_national_tier,
    digest_of_text,
    last_move,
    may_review,
    working_text,
)
from lessons.models import Change, Lesson, LessonMove, Move, ReferenceCounter, Status, Tier
from lessons.models.wording import digest_of
from lessons.readiness import Tags

#: Moves after which an item is due anew.
STARTS_THE_CLOCK = (Move.SUBMIT, Move.SIGN_OFF, Move.RESUBMIT, Move.ESCALATE, Move.APPEAL)


# -- where to -----------------------------------------------------------------------------------
def submitted_or_awaiting_sign_off(attempt: Attempt) -> Status:
    lesson = attempt.lesson
    if lesson.organisation.wants_sign_off and lesson.organisation_id not in attempt.by.leads:
        return Status.AWAITING_SIGN_OFF
    return Status.SUBMITTED


def back_where_it_was(attempt: Attempt) -> Status:
    asked = _last_request(attempt)
    if asked.from_status == Status.AWAITING_SIGN_OFF:
        return Status.AWAITING_SIGN_OFF
    return Status.IN_REVIEW if _asker_can_go_on(attempt) else Status.SUBMITTED


def _last_request(attempt: Attempt) -> LessonMove:
    asked = last_move(attempt.lesson, Move.ASK_FOR_CHANGES)
    if asked is None:
        raise LessonMove.DoesNotExist(f"lesson {attempt.lesson.pk} was never sent back")
    return asked


def _asker_can_go_on(attempt: Attempt) -> bool:
    asker, lesson = _last_request(attempt).by, attempt.lesson
    if asker is None or not may_review(lesson, asker):
        return False
    return asker.has_role(Role.SECRETARIAT) or not belongs_to_national_tier(lesson)


# -- submission -----------------------------------------------------------------------------------
def give_reference(attempt: Attempt) -> None:
    if attempt.lesson.reference is None:
        year = timezone.localdate(attempt.at).year
        attempt.set(reference=ReferenceCounter.next_reference(attempt.lesson.kind, year))
    attempt.set(submitted_at=attempt.at)


def keep_snapshot(attempt: Attempt) -> None:
    """Seal what is handed in, as it is."""
    lesson = attempt.lesson
    wording = lesson.wording() | {"tags": Tags.of(lesson).as_terms(), "event_name": lesson.event.name}
    attempt.snapshot, attempt.text_digest = wording, digest_of(wording)
    look_again(lesson)


def follow_owner(attempt: Attempt) -> None:
    handed_in = attempt.lesson.moves.filter(snapshot__isnull=False).order_by("-pk").first()
    if (
        handed_in
        and handed_in.snapshot is not None
        and (text := publishing.follow_owner(attempt.lesson, handed_in.snapshot))
    ):
        look_again(text)


def choose_tier(attempt: Attempt) -> None:
    if attempt.lesson.tier == Tier.AREA and belongs_to_national_tier(attempt.lesson):
        go_national(attempt)


def go_national(attempt: Attempt) -> None:
    attempt.set(tier=Tier.NATIONAL)


def set_due(attempt: Attempt) -> None:
    """Start the clock of the moderators, unless the owner's organisation has the lesson."""
    with_owner = attempt.lesson.status == Status.AWAITING_SIGN_OFF
    attempt.set(due_on=None if with_owner else clocks.due_on(attempt.lesson, attempt.at))


def set_due_as_it_was(attempt: Attempt) -> None:
    """Let the clock go on as if it had not been stopped."""
    started = attempt.lesson.moves.filter(move__in=STARTS_THE_CLOCK).order_by("-pk").first()
    attempt.set(due_on=clocks.due_on(attempt.lesson, started.at if started else attempt.at))


def clear_due(attempt: Attempt) -> None:
    attempt.set(due_on=None)


# -- the claim ----------------------------------------------------------------------------------
def set_claim(attempt: Attempt) -> None:
    attempt.set(claimed_by=attempt.by, claimed_at=attempt.at)


def claim_for_other(attempt: Attempt) -> None:
    attempt.set(claimed_by=attempt.to, claimed_at=attempt.at)


def claim_again(attempt: Attempt) -> None:
    if attempt.lesson.status == Status.IN_REVIEW:
        attempt.set(claimed_by=_last_request(attempt).by, claimed_at=attempt.at)


def clear_claim(attempt: Attempt) -> None:
    attempt.set(claimed_by=None, claimed_at=None)


def begin_working_text(attempt: Attempt) -> None:
    look_again(publishing.working_text_of(attempt.lesson))


# -- publication ----------------------------------------------------------------------------------
def name_what_is_approved(attempt: Attempt) -> None:
    text = approved_text(attempt.lesson)
    if text:
        attempt.publication, attempt.text_digest = text, digest_of_text(text)
    attempt.reason = {
        Status.SUBMITTED: Move.PUBLISH,
        Status.PUBLISHED: Move.PUBLISH_AGAIN,
        Status.SUSPENDED: Move.RESTORE,
        Status.ARCHIVED: Move.RESTORE,
    }[Status(attempt.lesson.status)]


def publish_first(attempt: Attempt) -> None:
    _seal(attempt, Change.FIRST)


def publish_next(attempt: Attempt) -> None:
    _seal(attempt, attempt.change)


def _seal(attempt: Attempt, change: str) -> None:
    text = attempt.publication
    if text is None:
        raise ValueError("a text is sealed only after it was found ready")
    attempt.text_digest = digest_of_text(text)
    publishing.seal(text, by=attempt.by, at=attempt.at, change=change, note=attempt.note)


def suspend(attempt: Attempt) -> None:
    current = attempt.lesson.publications.current()
    current.update(suspended_at=attempt.at)
    attempt.publication = current.first()


def archive(attempt: Attempt) -> None:
    current = attempt.lesson.publications.current()
    current.update(archived_at=attempt.at, suspended_at=None)
    attempt.publication = current.first()


def restore(attempt: Attempt) -> None:
    """Bring the current version back, or the text that was prepared meanwhile as a new one."""
    current = attempt.lesson.publications.current()
    current.update(suspended_at=None, archived_at=None)
    if working_text(attempt.lesson):
        _seal(attempt, Change.SUBSTANTIVE)
    else:
        attempt.publication = current.first()


def merge_into_target(attempt: Attempt) -> None:
    """Point the lesson, and all that were merged into it, at the target; its publication ends."""
    lesson, current = attempt.lesson, attempt.lesson.publications.current()
    attempt.publication = current.first()
    current.update(superseded_at=attempt.at)
    Lesson.objects.filter(merged_into=lesson).update(merged_into=attempt.target)
    attempt.set(merged_into=attempt.target)
