"""The moves a lesson can make: a table that can be checked without reading code.

`RULES` says for each move from which states it is made, to which it leads, which permission it asks (refused with
403), under which conditions (refused with 409 and words) and what it changes besides the status.  The tables of
conditions and effects are in `conditions.py` and `effects.py`; `actions/moves.py` is the only code that carries a
move out.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lessons import conditions as only_if
from lessons import effects as then
from lessons import sighting
from lessons.attempt import Attempt
from lessons.models import Move, Status

Check = Callable[[Attempt], None]

WRITE, SIGN_OFF, WITHDRAW = "lessons.submit_lesson", "lessons.sign_off_lesson", "lessons.withdraw_lesson"
REVIEW, PUBLISH = "lessons.review_lesson", "lessons.publish_lesson"
SUSPEND, RESTORE, ARCHIVE = "lessons.suspend_lesson", "lessons.restore_lesson", "lessons.archive_lesson"

S = Status


@dataclass(frozen=True)
class Rule:
    """One row: a move from `sources` to `target` (a state, or a function that finds it)."""

    sources: frozenset[Status]
    target: Status | Callable[[Attempt], Status]
    permission: str
    conditions: tuple[Check, ...] = ()
    effects: tuple[Check, ...] = ()


def rule(
    *sources: Status,
    to: Status | Callable[[Attempt], Status],
    who: str,
    only_if: tuple[Check, ...] = (),
    then: tuple[Check, ...] = (),
) -> Rule:
    return Rule(frozenset(sources), to, who, only_if, then)


def unchanged(attempt: Attempt) -> Status:
    return Status(attempt.lesson.status)


RULES: dict[Move, tuple[Rule, ...]] = {
    Move.SUBMIT: (
        rule(
            S.DRAFT,
            to=then.submitted_or_awaiting_sign_off,
            who=WRITE,
            only_if=(only_if.required_fields,),
            then=(then.give_reference, then.follow_owner, then.keep_snapshot, then.choose_tier, then.set_due),
        ),
    ),
    Move.SIGN_OFF: (
        rule(
            S.AWAITING_SIGN_OFF,
            to=S.SUBMITTED,
            who=SIGN_OFF,
            only_if=(only_if.not_author,),
            then=(then.choose_tier, then.set_due),
        ),
    ),
    Move.ASK_FOR_CHANGES: (
        rule(
            S.AWAITING_SIGN_OFF,
            to=S.CHANGES_REQUESTED,
            who=SIGN_OFF,
            only_if=(only_if.note_given,),
            then=(then.clear_due,),
        ),
        rule(
            S.IN_REVIEW,
            to=S.CHANGES_REQUESTED,
            who=REVIEW,
            only_if=(only_if.claimer, only_if.note_given),
            then=(then.clear_due, then.clear_claim),
        ),
    ),
    Move.RESUBMIT: (
        rule(
            S.CHANGES_REQUESTED,
            to=then.back_where_it_was,
            who=WRITE,
            only_if=(only_if.required_fields,),
            then=(then.follow_owner, then.keep_snapshot, then.choose_tier, then.set_due, then.claim_again),
        ),
    ),
    Move.CLAIM: (
        rule(
            S.SUBMITTED,
            to=S.IN_REVIEW,
            who=REVIEW,
            only_if=(only_if.in_remit, only_if.not_own),
            then=(then.set_claim, then.begin_working_text),
        ),
        rule(
            S.IN_REVIEW,
            to=S.IN_REVIEW,
            who=REVIEW,
            only_if=(only_if.in_remit, only_if.not_own, only_if.claim_lapsed),
            then=(then.set_claim, then.begin_working_text),
        ),
    ),
    Move.GIVE_BACK: (
        rule(
            S.IN_REVIEW,
            to=S.SUBMITTED,
            who=REVIEW,
            only_if=(only_if.claimer_or_secretariat,),
            then=(then.clear_claim,),
        ),
    ),
    Move.REASSIGN: (
        rule(
            S.SUBMITTED,
            S.IN_REVIEW,
            to=S.IN_REVIEW,
            who=REVIEW,
            only_if=(only_if.in_remit, only_if.other_may_claim),
            then=(then.claim_for_other, then.begin_working_text),
        ),
    ),
    Move.ESCALATE: (
        rule(
            S.IN_REVIEW,
            to=S.SUBMITTED,
            who=REVIEW,
            only_if=(only_if.claimer, only_if.at_area_tier, only_if.note_given),
            then=(then.go_national, then.clear_claim, then.set_due),
        ),
    ),
    Move.DECLINE: (
        rule(
            S.IN_REVIEW,
            to=S.DECLINED,
            who=REVIEW,
            only_if=(only_if.claimer, only_if.decline_reason_given, only_if.note_given),
            then=(then.clear_due, then.clear_claim),
        ),
    ),
    Move.TAKE_BACK: (
        rule(
            S.DECLINED,
            to=S.IN_REVIEW,
            who=REVIEW,
            only_if=(only_if.declined_it, only_if.in_time_to_take_back),
            then=(then.set_claim, then.set_due_as_it_was),
        ),
    ),
    Move.APPEAL: (
        rule(
            S.DECLINED,
            to=S.SUBMITTED,
            who=WRITE,
            only_if=(only_if.note_given, only_if.not_appealed_yet, only_if.in_time_to_appeal),
            then=(then.go_national, then.set_due),
        ),
    ),
    Move.MERGE: (
        rule(
            S.IN_REVIEW,
            to=S.MERGED,
            who=REVIEW,
            only_if=(only_if.claimer, only_if.not_held, only_if.target_in_remit),
            then=(then.merge_into_target, then.clear_due, then.clear_claim),
        ),
        rule(
            S.PUBLISHED,
            S.ARCHIVED,
            to=S.MERGED,
            who=REVIEW,
            only_if=(only_if.in_remit, only_if.not_own, only_if.not_held, only_if.target_in_remit),
            then=(then.merge_into_target,),
        ),
    ),
    Move.WITHDRAW: (
        rule(S.DRAFT, to=S.WITHDRAWN, who=WITHDRAW),
        rule(
            S.AWAITING_SIGN_OFF,
            S.SUBMITTED,
            S.IN_REVIEW,
            S.CHANGES_REQUESTED,
            to=S.WITHDRAWN,
            who=WITHDRAW,
            only_if=(only_if.note_given,),
            then=(then.clear_due, then.clear_claim),
        ),
    ),
    Move.REOPEN: (rule(S.WITHDRAWN, to=S.DRAFT, who=WITHDRAW, only_if=(only_if.in_time_to_reopen,)),),
    Move.SHOW_OWNER: (
        rule(
            S.IN_REVIEW,
            to=S.IN_REVIEW,
            who=REVIEW,
            only_if=(only_if.claimer, only_if.not_own, sighting.owner_wants_to_see_it, only_if.ready),
            then=(sighting.name_what_is_shown, then.set_claim),
        ),
    ),
    Move.SIGHT: (
        rule(
            S.SUBMITTED,
            S.IN_REVIEW,
            to=unchanged,
            who=WRITE,
            only_if=(sighting.was_shown, sighting.sight_answer_given),
            then=(sighting.name_what_is_shown,),
        ),
    ),
    Move.APPROVE: (
        rule(
            S.IN_REVIEW,
            to=S.SUBMITTED,
            who=REVIEW,
            only_if=(only_if.claimer, only_if.not_own, only_if.needs_two_people, only_if.ready),
            then=(then.name_what_is_approved, then.clear_claim),
        ),
        rule(
            S.PUBLISHED,
            S.ARCHIVED,
            to=unchanged,
            who=REVIEW,
            only_if=(only_if.in_remit, only_if.not_own, only_if.needs_two_people, only_if.ready),
            then=(then.name_what_is_approved,),
        ),
        rule(
            S.SUSPENDED,
            to=unchanged,
            who=REVIEW,
            only_if=(only_if.in_remit, only_if.not_own, only_if.ready_if_new),
            then=(then.name_what_is_approved,),
        ),
    ),
    Move.PUBLISH: (
        rule(
            S.IN_REVIEW,
            to=S.PUBLISHED,
            who=PUBLISH,
            only_if=(only_if.claimer, only_if.not_own, only_if.ready, sighting.seen_by_owner, only_if.second_person),
            then=(then.publish_first, then.clear_due, then.clear_claim),
        ),
    ),
    Move.PUBLISH_AGAIN: (
        rule(
            S.PUBLISHED,
            to=S.PUBLISHED,
            who=PUBLISH,
            only_if=(
                only_if.in_remit,
                only_if.not_own,
                only_if.not_held,
                only_if.change_named,
                only_if.note_given,
                only_if.ready,
                only_if.second_person,
            ),
            then=(then.publish_next,),
        ),
    ),
    Move.SUSPEND: (
        rule(
            S.PUBLISHED,
            S.ARCHIVED,
            to=S.SUSPENDED,
            who=SUSPEND,
            only_if=(only_if.note_given,),
            then=(then.suspend,),
        ),
    ),
    Move.RESTORE: (
        rule(
            S.SUSPENDED,
            to=S.PUBLISHED,
            who=RESTORE,
            only_if=(
                only_if.note_given,
                only_if.not_own,
                only_if.not_held_if_new,
                only_if.ready_if_new,
                only_if.second_person_always,
            ),
            then=(then.restore,),
        ),
        rule(
            S.ARCHIVED,
            to=S.PUBLISHED,
            who=ARCHIVE,
            only_if=(
                only_if.in_remit,
                only_if.note_given,
                only_if.not_own_if_new,
                only_if.not_held_if_new,
                only_if.ready_if_new,
                only_if.second_person_if_new,
            ),
            then=(then.restore,),
        ),
    ),
    Move.ARCHIVE: (
        rule(
            S.PUBLISHED,
            to=S.ARCHIVED,
            who=ARCHIVE,
            only_if=(only_if.in_remit, only_if.archive_reason_given),
            then=(then.archive,),
        ),
        rule(
            S.SUSPENDED,
            to=S.ARCHIVED,
            who=RESTORE,
            only_if=(
                only_if.archive_reason_given,
                only_if.not_own,
                only_if.not_held_if_new,
                only_if.ready_if_new,
                only_if.second_person_always,
            ),
            then=(then.restore, then.archive),
        ),
    ),
}


def rule_for(move: Move, status: str) -> Rule | None:
    """Return the row for `move` from `status`, or None where there is none."""
    return next((row for row in RULES[move] if status in row.sources), None)
