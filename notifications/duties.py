"""Mails to those who own or decide on a lesson: per move, which mail goes to whom."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import Membership, Organisation, User
from accounts.roles import OWNER_LEADS, Role
from lessons.models import Lesson, LessonMove, Move, Status, Tier
from notifications.models import Delivery, DeliveryKind, Priority, State
from notifications.models.deliveries import WAITING


@dataclass(frozen=True)
class Recipient:
    """An address and whose it is; neither for the mailbox of an area."""

    address: str
    person: User | None = None
    organisation: Organisation | None = None


@dataclass(frozen=True)
class News:
    """A move, and who held the claim before it."""

    entry: LessonMove
    claimer: User | None

    @property
    def lesson(self) -> Lesson:
        return self.entry.lesson


To = Callable[[News], Iterable[Recipient]]


# -- to whom ------------------------------------------------------------------------------------
def author(news: News) -> Iterator[Recipient]:
    """The author, while a member of the organisation that owns the lesson."""
    lesson = news.lesson
    yield from _people(Membership.objects.filter(organisation=lesson.organisation_id, user=lesson.author_id))


def mailbox(news: News) -> Iterator[Recipient]:
    organisation = news.lesson.organisation
    if organisation.mailbox and organisation.mailbox_confirmed_at and organisation.ended_at is None:
        yield Recipient(organisation.mailbox, organisation=organisation)


def owner_leads(news: News) -> Iterator[Recipient]:
    leads = Membership.objects.filter(organisation=news.lesson.organisation_id, role__in=OWNER_LEADS)
    yield from _people(leads, but=news.entry.by)


def secretariat(news: News) -> Iterator[Recipient]:
    yield from _people(Membership.objects.filter(role=Role.SECRETARIAT), but=news.entry.by)


def deciders(news: News) -> Iterator[Recipient]:
    """Who decides next: the area's mailbox or, where it is empty, its moderators.

    At the national tier, and for an area without any, the Secretariat.
    """
    lesson = news.lesson
    if lesson.tier == Tier.NATIONAL or lesson.area is None:
        yield from secretariat(news)
    elif lesson.area.mailbox:
        yield Recipient(lesson.area.mailbox)
    else:
        moderators = Membership.objects.filter(role=Role.LRF_MODERATOR, area=lesson.area)
        yield from _people(moderators, but=news.entry.by) if moderators.active().exists() else secretariat(news)


def claimer_now(news: News) -> Iterator[Recipient]:
    if news.lesson.claimed_by:
        yield Recipient(news.lesson.claimed_by.email, person=news.lesson.claimed_by)


def claimer_before(news: News) -> Iterator[Recipient]:
    if news.claimer:
        yield Recipient(news.claimer.email, person=news.claimer)


def owner_of_target(news: News) -> Iterator[Recipient]:
    target = news.lesson.merged_into
    if target:
        entry = LessonMove(lesson=target, move=news.entry.move, by=news.entry.by)
        yield from [*author(News(entry, None)), *mailbox(News(entry, None))]


def _people(memberships: "Iterable[Membership]", *, but: User | None = None) -> Iterator[Recipient]:
    """Those with one of these memberships in force.  Nobody is told of what they did themselves (`but`)."""
    active = memberships.active().select_related("user").order_by("pk")  # type: ignore[attr-defined]
    for membership in active:
        if membership.user_id != (but and but.pk):
            yield Recipient(membership.user.email, person=membership.user)


def heard_of_decline(news: News) -> Iterator[Recipient]:
    """Those to whom the mail about declining went, or may have."""
    # Locked, so that no sender takes up what is about to be stopped.
    mails = _mails_of_decline(news.lesson).select_for_update(of=("self",)).select_related("person", "organisation")
    for mail in mails:
        if mail.state in {State.SENDING, State.SENT, State.UNCERTAIN}:
            yield Recipient(mail.address, person=mail.person, organisation=mail.organisation)


# -- what ---------------------------------------------------------------------------------------
def _queue(news: News) -> list[tuple[DeliveryKind, tuple[To, ...]]]:
    """Where the lesson is now says who has to do something."""
    waits_with: dict[str, tuple[DeliveryKind, tuple[To, ...]]] = {
        Status.AWAITING_SIGN_OFF: (DeliveryKind.SIGN_OFF_NEEDED, (owner_leads,)),
        Status.SUBMITTED: (DeliveryKind.IN_YOUR_QUEUE, (deciders,)),
        Status.IN_REVIEW: (DeliveryKind.IN_YOUR_QUEUE, (claimer_now,)),
    }
    return [waits_with.get(news.entry.to_status, (DeliveryKind.IN_YOUR_QUEUE, (deciders,)))]


OWNER: tuple[To, ...] = (author, mailbox)
#: The mails column of the table of moves.  Earlier lines win where an address stands in two.
DUTIES: dict[Move, list[tuple[DeliveryKind, tuple[To, ...]]]] = {
    Move.SUBMIT: [(DeliveryKind.RECEIVED, (author,))],
    Move.ASK_FOR_CHANGES: [(DeliveryKind.CHANGES_REQUESTED, OWNER)],
    Move.DECLINE: [(DeliveryKind.DECLINED, OWNER)],
    Move.TAKE_BACK: [(DeliveryKind.TAKEN_BACK, (heard_of_decline,))],
    Move.SHOW_OWNER: [(DeliveryKind.LOOK_AT_EDITED_TEXT, (*OWNER, owner_leads))],
    Move.SIGHT: [(DeliveryKind.OWNER_ANSWERED, (claimer_now,))],
    Move.MERGE: [(DeliveryKind.MERGED, (*OWNER, owner_of_target))],
    Move.WITHDRAW: [(DeliveryKind.WITHDRAWN, (claimer_before,))],
    Move.PUBLISH: [(DeliveryKind.LESSON_PUBLISHED, OWNER)],
    Move.PUBLISH_AGAIN: [(DeliveryKind.LESSON_PUBLISHED, OWNER)],
    Move.SUSPEND: [(DeliveryKind.SUSPENDED, (*OWNER, secretariat))],
    Move.RESTORE: [(DeliveryKind.BACK_IN_USE, OWNER)],
}
#: After these somebody else has to act.
MOVES_ON = {
    Move.SUBMIT,
    Move.SIGN_OFF,
    Move.RESUBMIT,
    Move.REASSIGN,
    Move.ESCALATE,
    Move.APPEAL,
    Move.APPROVE,
}
#: So long the mail about declining waits: whoever pressed the wrong button takes it back, and its owner gets no mail.
DECLINED_WAITS = timedelta(minutes=10)


def write_duty_mails(entry: LessonMove, *, claimer: User | None) -> None:
    """Write the mails of a move, in its transaction; nothing is drawn here.  Never two to one address."""
    news, move = News(entry, claimer), Move(entry.move)
    lines = [*DUTIES.get(move, []), *(_queue(news) if move in MOVES_ON else [])]
    mails: dict[str, Delivery] = {}
    for kind, recipients in lines:
        for recipient in (one for find in recipients for one in find(news)):
            address = recipient.address.strip().lower()
            mails.setdefault(
                address,
                Delivery(
                    address=address,
                    person=recipient.person,
                    organisation=recipient.organisation,
                    kind=kind,
                    priority=Priority.DUTY,
                    move=entry,
                    due_at=entry.at + (DECLINED_WAITS if kind == DeliveryKind.DECLINED else timedelta()),
                    date=entry.at,
                ),
            )
    Delivery.objects.bulk_create(mails.values())
    if move == Move.TAKE_BACK:
        _stop_mails_of_decline(entry.lesson, entry.at)


def _mails_of_decline(lesson: Lesson) -> QuerySet[Delivery]:
    declined = lesson.moves.filter(move=Move.DECLINE).order_by("-pk")[:1]
    return Delivery.objects.filter(move__in=declined.values("pk"), kind=DeliveryKind.DECLINED)


def _stop_mails_of_decline(lesson: Lesson, at: datetime) -> None:
    unsent = _mails_of_decline(lesson).filter(state__in=WAITING)
    unsent.update(state=State.CANCELLED, closed_at=at, due_at=None, error="The decision was taken back.")
