"""What each mail says: one entry per kind.

An entry gives the facts once; plain text and HTML are drawn from them by templates/emails/mail.*, so both say the same.
Of an OFFICIAL-SENSITIVE item a mail carries reference, kind, risk theme and link, whatever the entry says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse

from lessons.clocks import sight_until
from lessons.conditions import DECLINE_REASONS
from lessons.models import Kind, Lesson, LessonMove, Move, Publication, Tier
from lessons.sighting import SIGHT_ANSWERS
from notifications.models import DeliveryKind
from notifications.words import names_of


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Content:
    """One mail, before it is drawn.

    :param news: a line above the heading, where the heading does not say what happened
    :param quote: words of a person, shown as such
    :param why: why it was sent; for mails of a subscription the reasons follow it
    """

    subject: str
    heading: str
    news: str = ""
    paragraphs: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    quote: str = ""
    link: Link | None = None
    why: str = ""


@dataclass(frozen=True)
class About:
    """What a mail is about: a lesson, the move that caused it, and the version that readers see, if there is one."""

    lesson: Lesson
    move: LessonMove
    publication: Publication | None = None
    told_of: Publication | None = None

    @property
    def is_sensitive(self) -> bool:
        texts = (self.lesson, self.publication, self.told_of, self.move.publication)
        return any(text is not None and text.is_sensitive for text in texts)

    @property
    def reference(self) -> str:
        return self.lesson.reference or "your draft"

    @property
    def what(self) -> str:
        return "notable practice" if self.lesson.kind == Kind.NOTABLE_PRACTICE else "lesson"

    @property
    def title(self) -> str:
        return (self.publication or self.lesson).title

    @property
    def record(self) -> str:
        """The page of those who work on it."""
        return settings.SITE_URL + self.lesson.get_absolute_url()

    @property
    def page(self) -> str:
        """The page of those who read it."""
        return settings.SITE_URL + reverse("lesson", args=[self.lesson.reference])


def subject(about: About, news: str) -> str:
    """Return marking, news, reference and, unless it is sensitive, the title."""
    if about.is_sensitive:
        return f"[OFFICIAL-SENSITIVE] {news}: {about.reference}"
    return f"[OFFICIAL] {news}: {about.reference} {about.title}"


def facts(about: About) -> list[tuple[str, str]]:
    rows = [("Reference", about.reference), ("Kind", about.lesson.get_kind_display())]
    if about.is_sensitive:
        return [*rows, *_themes_of_risk(about), ("Marking", "OFFICIAL-SENSITIVE")]
    rows.append(("Title", about.title))
    if about.publication:
        rows += _published_facts(about.publication)
    return rows


def _published_facts(publication: Publication) -> list[tuple[str, str]]:
    names = names_of(publication.terms)
    risks = [names.get(term, term) for term in publication.terms if term.startswith("risk:")]
    themes = [names.get(term, term) for term in publication.terms if term.startswith("theme:")]
    rows = [
        ("National Risk" if len(risks) == 1 else "National Risks", "; ".join(risks) or "Not a National Risk"),
        ("Themes", "; ".join(themes)),
        ("From", publication.attributed_to),
        ("Event", ", ".join(filter(None, [publication.event_name, publication.when]))),
    ]
    return [(label, value) for label, value in rows if value]


def _themes_of_risk(about: About) -> list[tuple[str, str]]:
    if about.publication:
        terms = [term for term in about.publication.terms if term.startswith("risk-theme:")]
        names = names_of(terms)
        themes = [names.get(term, term) for term in terms]
    else:
        themes = sorted({risk.theme for risk in about.lesson.risks.all()})
    return [("Risk theme", "; ".join(themes) or "Not a National Risk")]


def _duty(
    about: About, *, news: str, heading: str, paragraphs: list[str], label: str, why: str, quote: str = ""
) -> Content:
    """A mail to somebody who owns or decides on the lesson."""
    if about.is_sensitive:
        quote, paragraphs = "", [*paragraphs, "It is OFFICIAL-SENSITIVE, so the words are on its page only."]
    return Content(
        subject=subject(about, news),
        heading=heading,
        paragraphs=paragraphs,
        facts=facts(about),
        quote=quote,
        link=Link(label, about.record),
        why=why,
    )


OWNER = "You get this because you, or the organisation whose mailbox this is, recorded it."


def received(about: About) -> Content:
    if about.move.to_status == "awaiting_sign_off":
        then = "Your organisation signs lessons off first. After that it goes to the moderators."
    else:
        then = "A moderator will look at it within 2 working days if it is red, and within 10 otherwise."
    return _duty(
        about,
        news="We received your lesson",
        heading=f"We received your {about.what}",
        paragraphs=[f"Thank you. Its reference is {about.reference}.", then],
        label="See where it is",
        why="You get this because you wrote it.",
    )


def sign_off_needed(about: About) -> Content:
    return _duty(
        about,
        news="Sign-off needed",
        heading="A lesson of your organisation needs sign-off",
        paragraphs=["It goes to the moderators when one of you has signed it off."],
        label="Read it and sign it off",
        why=f"You get this because you vouch for what {about.lesson.organisation.name} records.",
    )


def in_your_queue(about: About) -> Content:
    lesson = about.lesson
    heading = {
        Move.ESCALATE: "Escalated to the national team",
        Move.APPEAL: "The owner appeals against a decision",
        Move.APPROVE: "A lesson needs the second of two people",
        Move.REASSIGN: "A lesson was given to you",
        Move.RESUBMIT: "A lesson came back with changes",
    }.get(Move(about.move.move), f"A new {about.what} is in your queue")
    due = [f"It is to be decided by {lesson.due_on:%-d %B %Y}."] if lesson.due_on else []
    if lesson.claimed_by_id:
        why = "You get this because it is with you."
    elif lesson.tier == Tier.NATIONAL or lesson.area is None:
        why = "You get this because you decide at the national tier."
    else:
        why = f"You get this because lessons of {lesson.area.name} are decided on here."
    return _duty(
        about,
        news="In your queue",
        heading=heading,
        paragraphs=due,
        label="Open it",
        why=why,
        quote=about.move.note if about.move.move in {Move.ESCALATE, Move.APPEAL} else "",
    )


def overdue(about: About) -> Content:
    lesson = about.lesson
    due = [f"It was to be decided by {lesson.due_on:%-d %B %Y}."] if lesson.due_on else []
    now = "A moderator has it in hand." if lesson.claimed_by_id else "Nobody has taken it yet."
    return _duty(
        about,
        news="Overdue",
        heading=f"A {about.what} waits longer than was promised",
        paragraphs=[*due, now, "Any moderator who may decide on it can take it, or give it to somebody else."],
        label="Open it",
        why="You get this because you decide on it, or have it in hand. It is sent once.",
    )


def look_at_edited_text(about: About) -> Content:
    until = sight_until(about.lesson, about.move.at)
    return _duty(
        about,
        news="Look at the edited text",
        heading=f"A moderator edited your {about.what}",
        paragraphs=[
            "Your organisation asked to see it before it is published. Say whether it can be published like this.",
            f"If nobody answers by {until:%-d %B %Y}, it counts as seen.",
        ],
        label="See what was changed",
        why=OWNER,
    )


def owner_answered(about: About) -> Content:
    return _duty(
        about,
        news="The owner answered",
        heading=f"{SIGHT_ANSWERS.get(about.move.reason, 'The owner answered')}, says the owner",
        paragraphs=["You had shown them the edited text."],
        label="Open it",
        why="You get this because it is with you.",
        quote=about.move.note,
    )


def changes_requested(about: About) -> Content:
    return _duty(
        about,
        news="Changes requested",
        heading=f"Please change your {about.what}",
        paragraphs=["Somebody read it and asks for changes before it can go on. You can send it back at any time."],
        label="Read what is asked and change it",
        why=OWNER,
        quote=about.move.note,
    )


def declined(about: About) -> Content:
    reason = DECLINE_REASONS.get(about.move.reason, "")
    return _duty(
        about,
        news="Declined",
        heading=f"Your {about.what} will not be published",
        paragraphs=[*([f"{reason}."] if reason else []), "You can appeal once, within 20 working days."],
        label="Read why, or appeal",
        why=OWNER,
        quote=about.move.note,
    )


def taken_back(about: About) -> Content:
    return _duty(
        about,
        news="Looked at again",
        heading=f"We are looking at your {about.what} again",
        paragraphs=[
            "We told you that it will not be published. That was a mistake, and is taken back.",
            "A moderator goes on with it. There is nothing for you to do.",
        ],
        label="See where it is",
        why=OWNER,
    )


def merged(about: About) -> Content:
    target = about.lesson.merged_into
    into = f" into {target.reference}" if target else ""
    return _duty(
        about,
        news="Merged",
        heading=f"{about.reference} was merged{into}",
        paragraphs=["Both say the same. The old reference leads to the one that stays."],
        label="See its record",
        why="You get this because you, or the organisation whose mailbox this is, recorded one of the two.",
    )


def lesson_published(about: About) -> Content:
    again = about.move.move == Move.PUBLISH_AGAIN
    return _duty(
        about,
        news="Published",
        heading=f"A new version of your {about.what} is published" if again else f"Your {about.what} is published",
        paragraphs=["Those who asked to hear about lessons like it are being told. Thank you for sharing it."],
        label="See its record",
        why=OWNER,
    )


def withdrawn(about: About) -> Content:
    return _duty(
        about,
        news="Withdrawn",
        heading="The owner withdrew a lesson that was with you",
        paragraphs=["There is nothing left for you to do."],
        label="See its record",
        why="You get this because you had claimed it.",
        quote=about.move.note,
    )


def suspended(about: About) -> Content:
    return _duty(
        about,
        news="Suspended",
        heading=f"{about.reference} is suspended",
        paragraphs=["Nobody can read it now, and all who were mailed about it are being told to stop using it."],
        label="See its record",
        why="You get this because you own it, or because you are of the JOL Secretariat.",
        quote=about.move.note,
    )


def back_in_use(about: About) -> Content:
    return _duty(
        about,
        news="Back in use",
        heading=f"{about.reference} can be read again",
        paragraphs=["It was restored. Those who were told to stop using it are being told that they may use it again."],
        label="See its record",
        why=OWNER,
    )


# -- to readers ---------------------------------------------------------------------------------
SUBSCRIBED = "You get this because it matches what you asked to be mailed about at once:"


def _alert(
    about: About, *, news: str, heading: str, paragraphs: list[str], why: str, label: str = "Read it"
) -> Content:
    return Content(
        subject=subject(about, news),
        news="" if heading == news else news,
        heading=heading,
        paragraphs=paragraphs,
        facts=[fact for fact in facts(about) if fact != ("Title", heading)],
        link=Link(label, about.page),
        why=why,
    )


def new_lesson(about: About) -> Content:
    news = "New notable practice published" if about.lesson.kind == Kind.NOTABLE_PRACTICE else "New lesson published"
    if about.is_sensitive:
        paragraphs = ["It is OFFICIAL-SENSITIVE. Sign in to read it."]
    else:
        paragraphs = [about.publication.statement] if about.publication else []
    heading = news if about.is_sensitive else about.title
    return _alert(about, news=news, heading=heading, paragraphs=paragraphs, why=SUBSCRIBED)


def correction(about: About) -> Content:
    note = about.publication.note if about.publication and not about.is_sensitive else ""
    return _alert(
        about,
        news="Correction",
        heading=f"{about.reference} was corrected",
        paragraphs=[
            "A version that we mailed you about was replaced. Please use the new one, and tell those you passed it to.",
            *([f"What changed: {note}"] if note else []),
        ],
        why="You get this because you were mailed about an earlier version, which matched what you asked for:",
    )


def stop_using(about: About) -> Content:
    if about.told_of:
        why = "It was replaced by a version that is meant for fewer readers."
    else:
        why = "It was suspended while it is looked at again."
    return _alert(
        about,
        news="Stop using this",
        heading=f"Please stop using {about.reference}",
        paragraphs=[why, "Do not act on it or pass it on, and withdraw copies that you made."],
        why="You get this because we mailed you about it, or because you downloaded it.",
        label="See its page",
    )


def use_again(about: About) -> Content:
    return _alert(
        about,
        news="You may use this again",
        heading=f"You may use {about.reference} again",
        paragraphs=["We asked you to stop using it. It was looked at and is published again. Please read it afresh."],
        why="You get this because we asked you to stop using it.",
    )


ENTRIES: dict[str, Callable[[About], Content]] = {
    DeliveryKind.RECEIVED: received,
    DeliveryKind.SIGN_OFF_NEEDED: sign_off_needed,
    DeliveryKind.IN_YOUR_QUEUE: in_your_queue,
    DeliveryKind.OVERDUE: overdue,
    DeliveryKind.LOOK_AT_EDITED_TEXT: look_at_edited_text,
    DeliveryKind.OWNER_ANSWERED: owner_answered,
    DeliveryKind.CHANGES_REQUESTED: changes_requested,
    DeliveryKind.DECLINED: declined,
    DeliveryKind.TAKEN_BACK: taken_back,
    DeliveryKind.MERGED: merged,
    DeliveryKind.LESSON_PUBLISHED: lesson_published,
    DeliveryKind.WITHDRAWN: withdrawn,
    DeliveryKind.SUSPENDED: suspended,
    DeliveryKind.BACK_IN_USE: back_in_use,
    DeliveryKind.NEW_LESSON: new_lesson,
    DeliveryKind.CORRECTION: correction,
    DeliveryKind.STOP_USING: stop_using,
    DeliveryKind.USE_AGAIN: use_again,
}
#: Sent because of a subscription or a wish: with a one-click unsubscribe.
SUBSCRIPTION_MAILS = {DeliveryKind.NEW_LESSON, DeliveryKind.CORRECTION, DeliveryKind.DIGEST, DeliveryKind.LESSON_USED}
#: Sent to many.
ALERTS = SUBSCRIPTION_MAILS | {DeliveryKind.STOP_USING, DeliveryKind.USE_AGAIN}
