"""What has to be true for a move, besides state and permission.  Each raises a LessonError with words for the user."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from lessons import clocks
from lessons.attempt import Attempt
from lessons.errors import (
    AlreadyAppealed,
    NotReady,
    NotYourClaim,
    NotYourTier,
    OnHold,
    OwnLesson,
    ReasonMissing,
    SecondPersonMissing,
    TooLate,
    WrongStatus,
)
from lessons.holds import PUBLISHED_IS_KEPT, is_kept
from lessons.models import Audience, Brag, Change, Lesson, LessonMove, Marking, Move, Publication, Tier
from lessons.models.wording import digest_of
from lessons.readiness import Tags, missing_to_publish, missing_to_submit

REOPEN_WITHIN = timedelta(days=30)
DECLINE_REASONS = {
    "not_a_lesson": _("It is not a lesson or notable practice"),
    "too_thin": _("There is too little in it to act on"),
    "known": _("It is known, and nothing is added"),
    "stays_local": _("It stays local: kept for the organisations of the area"),
    "out_of_scope": _("It is outside multi-agency work"),
    "cannot_be_shared": _("It cannot be shared safely"),
}
ARCHIVE_REASONS = {"out_of_date": _("It is out of date"), "superseded": _("Another lesson supersedes it")}


# -- the mover ---------------------------------------------------------------------------------
def wrote_it(lesson: Lesson, user: User) -> bool:
    """Whether `user` is the author or ever saved the owner's text."""
    return lesson.author_id == user.pk or lesson.editors.filter(pk=user.pk).exists()


def not_own(attempt: Attempt) -> None:
    if wrote_it(attempt.lesson, attempt.by):
        raise OwnLesson(
            gettext("You wrote this lesson or edited it for its owner. Another moderator has to decide on it.")
        )


def not_author(attempt: Attempt) -> None:
    if attempt.lesson.author_id == attempt.by.pk:
        raise OwnLesson(gettext("You wrote this lesson. Another person of your organisation has to sign it off."))


def not_held(attempt: Attempt) -> None:
    if is_kept(attempt.lesson, attempt.at):
        raise OnHold(PUBLISHED_IS_KEPT)


def not_held_if_new(attempt: Attempt) -> None:
    if attempt.lesson.publications.working().exists():
        not_held(attempt)


def not_own_if_new(attempt: Attempt) -> None:
    if attempt.lesson.publications.working().exists():
        not_own(attempt)


def in_remit(attempt: Attempt) -> None:
    if not decides_tier(attempt.lesson, attempt.by):
        raise NotYourTier(gettext("This lesson is decided by the JOL Secretariat."))


def decides_tier(lesson: Lesson, user: User) -> bool:
    return lesson.tier == Tier.AREA or user.has_role(Role.SECRETARIAT)


def at_area_tier(attempt: Attempt) -> None:
    if attempt.lesson.tier == Tier.NATIONAL:
        raise WrongStatus(gettext("This lesson is with the national tier already."))


# -- the claim ---------------------------------------------------------------------------------
def claimer(attempt: Attempt) -> None:
    lesson = attempt.lesson
    if lesson.claimed_by_id != attempt.by.pk:
        raise NotYourClaim(gettext("Somebody else has claimed this lesson."))
    if lesson.claim_has_lapsed(attempt.at):
        raise NotYourClaim(
            gettext("Your claim lapsed two hours after your last save. Claim the lesson again to go on.")
        )
    in_remit(attempt)


def claimer_or_secretariat(attempt: Attempt) -> None:
    if attempt.lesson.claimed_by_id != attempt.by.pk and not attempt.by.has_role(Role.SECRETARIAT):
        raise NotYourClaim(gettext("Somebody else has claimed this lesson."))


def claim_lapsed(attempt: Attempt) -> None:
    lesson = attempt.lesson
    if lesson.claim_has_lapsed(attempt.at):
        return
    if lesson.claimed_by_id == attempt.by.pk:
        raise WrongStatus(gettext("You have claimed this lesson already."))
    raise NotYourClaim(gettext("Another moderator has claimed this lesson."))


def other_may_claim(attempt: Attempt) -> None:
    other, lesson = attempt.to, attempt.lesson
    if other is None:
        raise ReasonMissing(gettext("Select the moderator who gets the lesson."))
    if other.pk == attempt.by.pk:
        raise NotYourClaim(gettext("Claim the lesson to review it yourself; this passes it to somebody else."))
    if other.pk == lesson.claimed_by_id:
        raise WrongStatus(gettext("That moderator has the lesson already."))
    if not may_review(lesson, other):
        raise NotYourClaim(gettext("That person may not review this lesson."))


def may_review(lesson: Lesson, user: User) -> bool:
    """Whether `user` could claim `lesson` if it were free."""
    return user.has_perm("lessons.review_lesson", lesson) and decides_tier(lesson, user) and not wrote_it(lesson, user)


def has_declined(lesson: Lesson, user: User) -> bool:
    """Whether `user` was the last to decline `lesson`."""
    declined = last_move(lesson, Move.DECLINE)
    return declined is not None and declined.by_id == user.pk


def declined_it(attempt: Attempt) -> None:
    if not has_declined(attempt.lesson, attempt.by):
        raise NotYourClaim(gettext("Only the moderator who declined a lesson takes that back. Its owner may appeal."))
    in_remit(attempt)


# -- words given ----------------------------------------------------------------------------------
def note_given(attempt: Attempt) -> None:
    if not attempt.note.strip():
        raise ReasonMissing(gettext("Say why, in words that others can act on."))


def decline_reason_given(attempt: Attempt) -> None:
    if attempt.reason not in DECLINE_REASONS:
        raise ReasonMissing(gettext("Select a reason for declining."))


def archive_reason_given(attempt: Attempt) -> None:
    if attempt.reason not in ARCHIVE_REASONS:
        raise ReasonMissing(gettext("Select why it is archived."))
    if attempt.reason == "superseded":
        reference = attempt.note.strip()
        if not Lesson.objects.filter(reference=reference).exclude(pk=attempt.lesson.pk).exists():
            raise ReasonMissing(gettext("Enter the reference of the lesson that supersedes it."))


def change_named(attempt: Attempt) -> None:
    if attempt.change not in {Change.MINOR, Change.SUBSTANTIVE}:
        raise ReasonMissing(gettext("Say whether the change is minor or substantive."))


# -- time -------------------------------------------------------------------------------------
def last_move(lesson: Lesson, move: Move) -> LessonMove | None:
    return lesson.moves.filter(move=move).order_by("-pk").first()


def not_appealed_yet(attempt: Attempt) -> None:
    if last_move(attempt.lesson, Move.APPEAL):
        raise AlreadyAppealed(gettext("This lesson was appealed once already. The decision stands."))


def in_time_to_appeal(attempt: Attempt) -> None:
    declined = last_move(attempt.lesson, Move.DECLINE)
    if declined and timezone.localdate(attempt.at) > clocks.appeal_until(attempt.lesson, declined.at):
        raise TooLate(gettext("A lesson can be appealed within 20 working days after it was declined."))


def in_time_to_take_back(attempt: Attempt) -> None:
    declined = last_move(attempt.lesson, Move.DECLINE)
    if declined and timezone.localdate(attempt.at) > clocks.appeal_until(attempt.lesson, declined.at):
        raise TooLate(gettext("A decision can be taken back within 20 working days, as long as its owner may appeal."))


def in_time_to_reopen(attempt: Attempt) -> None:
    withdrawn = last_move(attempt.lesson, Move.WITHDRAW)
    if withdrawn and attempt.at > withdrawn.at + REOPEN_WITHIN:
        raise TooLate(gettext("A lesson can be reopened within 30 days after it was withdrawn."))


# -- the text -----------------------------------------------------------------------------------
def required_fields(attempt: Attempt) -> None:
    if missing := missing_to_submit(attempt.lesson):
        raise NotReady(gettext("The lesson is not complete."), missing)


def working_text(lesson: Lesson) -> Publication | None:
    return lesson.publications.working().select_related("lesson", "lesson__area").first()


def ready(attempt: Attempt) -> None:
    text = working_text(attempt.lesson)
    if text is None:
        raise NotReady(gettext("There is no text to publish yet."), {"title": gettext("Prepare a new version first.")})
    if missing := missing_to_publish(text):
        raise NotReady(gettext("The text cannot be published yet."), missing)
    attempt.publication = text


def ready_if_new(attempt: Attempt) -> None:
    if working_text(attempt.lesson):
        ready(attempt)


def target_in_remit(attempt: Attempt) -> None:
    target, lesson = attempt.target, attempt.lesson
    if target is None:
        raise ReasonMissing(gettext("Enter the reference of the lesson it is merged into."))
    if target.pk == lesson.pk:
        raise ReasonMissing(gettext("A lesson cannot be merged into itself."))
    target = Lesson.objects.select_for_update(of=("self",)).get(pk=target.pk)
    if target.status != "published":
        raise WrongStatus(gettext("A lesson can only be merged into a published one."))
    if not (attempt.by.has_perm("lessons.review_lesson", target) and decides_tier(target, attempt.by)):
        raise NotYourTier(gettext("That lesson is not yours to decide on, so nothing can be merged into it by you."))


# -- two people -----------------------------------------------------------------------------------
def wants_two_people(lesson: Lesson, text: Publication | None) -> bool:
    """Whether publishing takes two people: national items that are OFFICIAL-SENSITIVE or in a live legal context."""
    sensitive = lesson.is_sensitive or (text is not None and text.marking == Marking.SENSITIVE)
    return lesson.tier == Tier.NATIONAL and (sensitive or lesson.event.is_live_legal)


def needs_two_people(attempt: Attempt) -> None:
    if not wants_two_people(attempt.lesson, working_text(attempt.lesson)):
        raise WrongStatus(gettext("This lesson needs no second person: publish it."))


def digest_of_text(text: Publication) -> str:
    """Return the digest of everything a second person approves: words, tags, the event as published, and files."""
    tags = sorted(Tags.of(text).as_terms())
    files = sorted(text.lesson.attachments.for_readers().values_list("sha256", flat=True))
    attached = {"files": files} if files else {}
    return digest_of(text.wording() | {"event_name": text.event_name, "tags": tags} | attached)


def approved_text(lesson: Lesson) -> Publication | None:
    """Return what an approval is about now: the text being prepared, else the current version."""
    return working_text(lesson) or lesson.publications.current().select_related("lesson").first()


def approvals_of(lesson: Lesson) -> QuerySet[LessonMove]:
    """Return the approvals that hold for the text as it is, newest first."""
    text = approved_text(lesson)
    approvals = lesson.moves.filter(move=Move.APPROVE, text_digest=digest_of_text(text) if text else "")
    if suspended := last_move(lesson, Move.SUSPEND):
        approvals = approvals.filter(pk__gt=suspended.pk)
    return approvals.order_by("-pk")


def second_person_always(attempt: Attempt) -> None:
    if not approvals_of(attempt.lesson).exclude(by=attempt.by).exists():
        raise SecondPersonMissing(gettext("Another moderator has to approve exactly this text first."))


def second_person(attempt: Attempt) -> None:
    if wants_two_people(attempt.lesson, working_text(attempt.lesson)):
        second_person_always(attempt)


def second_person_if_new(attempt: Attempt) -> None:
    if working_text(attempt.lesson):
        second_person(attempt)


# -- the tier -----------------------------------------------------------------------------------
def belongs_to_national_tier(lesson: Lesson) -> bool:
    """Whether the area must not, or cannot, decide (MODEL, section 3)."""
    return (
        settings.ALL_NATIONAL
        or lesson.brag == Brag.RED
        or lesson.event.is_live_legal
        or (lesson.is_sensitive and lesson.audience == Audience.ALL_RESPONDERS)
        or lesson.event.areas.count() > 1
        or not _area_can_decide(lesson)
    )


def _area_can_decide(lesson: Lesson) -> bool:
    """Whether the area has an active moderator who did not write the lesson."""
    from accounts.models import Membership

    if lesson.area is None:
        return False
    moderators = Membership.objects.active().filter(role=Role.LRF_MODERATOR, area=lesson.area)
    return moderators.exclude(user=lesson.author).exclude(user__in=lesson.editors.all()).exists()
