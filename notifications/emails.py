"""What each mail says: one entry per kind.

An entry gives the facts once; plain text and HTML are drawn from them by templates/emails/mail.*, so both say the same.
Of an OFFICIAL-SENSITIVE item a mail carries reference, kind, risk theme and link, whatever the entry says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

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
        return self.lesson.reference or gettext("your draft")

    @property
    def what(self) -> str:
        return gettext("notable practice") if self.lesson.kind == Kind.NOTABLE_PRACTICE else gettext("lesson")

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
    rows = [(gettext("Reference"), about.reference), (gettext("Kind"), about.lesson.get_kind_display())]
    if about.is_sensitive:
        return [*rows, *_themes_of_risk(about), (gettext("Marking"), "OFFICIAL-SENSITIVE")]
    rows.append((gettext("Title"), about.title))
    if about.publication:
        rows += _published_facts(about.publication)
    return rows


def _published_facts(publication: Publication) -> list[tuple[str, str]]:
    names = names_of(publication.terms)
    risks = [names.get(term, term) for term in publication.terms if term.startswith("risk:")]
    themes = [names.get(term, term) for term in publication.terms if term.startswith("theme:")]
    rows = [
        (
            gettext("National Risk") if len(risks) == 1 else gettext("National Risks"),
            "; ".join(risks) or gettext("Not a National Risk"),
        ),
        (gettext("Themes"), "; ".join(themes)),
        (gettext("From"), publication.attributed_to),
        (gettext("Event"), ", ".join(filter(None, [publication.event_name, publication.when]))),
    ]
    return [(label, value) for label, value in rows if value]


def _themes_of_risk(about: About) -> list[tuple[str, str]]:
    if about.publication:
        terms = [term for term in about.publication.terms if term.startswith("risk-theme:")]
        names = names_of(terms)
        themes = [names.get(term, term) for term in terms]
    else:
        themes = sorted({risk.theme for risk in about.lesson.risks.all()})
    return [(gettext("Risk theme"), "; ".join(themes) or gettext("Not a National Risk"))]


def _duty(
    about: About, *, news: str, heading: str, paragraphs: list[str], label: str, why: str, quote: str = ""
) -> Content:
    """A mail to somebody who owns or decides on the lesson."""
    if about.is_sensitive:
        quote, paragraphs = "", [*paragraphs, gettext("It is OFFICIAL-SENSITIVE, so the words are on its page only.")]
    return Content(
        subject=subject(about, news),
        heading=heading,
        paragraphs=paragraphs,
        facts=facts(about),
        quote=quote,
        link=Link(label, about.record),
        why=why,
    )


OWNER = gettext_noop("You get this because you, or the organisation whose mailbox this is, recorded it.")


def received(about: About) -> Content:
    if about.move.to_status == "awaiting_sign_off":
        then = gettext("Your organisation signs lessons off first. After that it goes to the moderators.")
    else:
        then = gettext("A moderator will look at it within 2 working days if it is red, and within 10 otherwise.")
    return _duty(
        about,
        news=gettext("We received your lesson"),
        heading=gettext("We received your %(what)s") % {"what": about.what},
        paragraphs=[gettext("Thank you. Its reference is %(reference)s.") % {"reference": about.reference}, then],
        label=gettext("See where it is"),
        why=gettext("You get this because you wrote it."),
    )


def sign_off_needed(about: About) -> Content:
    return _duty(
        about,
        news=gettext("Sign-off needed"),
        heading=gettext("A lesson of your organisation needs sign-off"),
        paragraphs=[gettext("It goes to the moderators when one of you has signed it off.")],
        label=gettext("Read it and sign it off"),
        why=gettext("You get this because you vouch for what %(name)s records.")
        % {"name": about.lesson.organisation.name},
    )


def in_your_queue(about: About) -> Content:
    lesson = about.lesson
    heading = {
        Move.ESCALATE: gettext("Escalated to the national team"),
        Move.APPEAL: gettext("The owner appeals against a decision"),
        Move.APPROVE: gettext("A lesson needs the second of two people"),
        Move.REASSIGN: gettext("A lesson was given to you"),
        Move.RESUBMIT: gettext("A lesson came back with changes"),
    }.get(Move(about.move.move), gettext("A new %(what)s is in your queue") % {"what": about.what})
    due = (
        [gettext("It is to be decided by %(day)s.") % {"day": date_format(lesson.due_on, "j F Y")}]
        if lesson.due_on
        else []
    )
    if lesson.claimed_by_id:
        why = gettext("You get this because it is with you.")
    elif lesson.tier == Tier.NATIONAL or lesson.area is None:
        why = gettext("You get this because you decide at the national tier.")
    else:
        why = gettext("You get this because lessons of %(area)s are decided on here.") % {"area": lesson.area.name}
    return _duty(
        about,
        news=gettext("In your queue"),
        heading=heading,
        paragraphs=due,
        label=gettext("Open it"),
        why=why,
        quote=about.move.note if about.move.move in {Move.ESCALATE, Move.APPEAL} else "",
    )


def overdue(about: About) -> Content:
    lesson = about.lesson
    due = (
        [gettext("It was to be decided by %(day)s.") % {"day": date_format(lesson.due_on, "j F Y")}]
        if lesson.due_on
        else []
    )
    now = gettext("A moderator has it in hand.") if lesson.claimed_by_id else gettext("Nobody has taken it yet.")
    return _duty(
        about,
        news=gettext("Overdue"),
        heading=gettext("A %(what)s waits longer than was promised") % {"what": about.what},
        paragraphs=[*due, now, gettext("Any moderator who may decide on it can take it, or give it to somebody else.")],
        label=gettext("Open it"),
        why=gettext("You get this because you decide on it, or have it in hand. It is sent once."),
    )


def look_at_edited_text(about: About) -> Content:
    until = sight_until(about.lesson, about.move.at)
    return _duty(
        about,
        news=gettext("Look at the edited text"),
        heading=gettext("A moderator edited your %(what)s") % {"what": about.what},
        paragraphs=[
            gettext(
                "Your organisation asked to see it before it is published. Say whether it can be published like this."
            ),
            gettext("If nobody answers by %(day)s, it counts as seen.") % {"day": date_format(until, "j F Y")},
        ],
        label=gettext("See what was changed"),
        why=gettext(OWNER),
    )


def owner_answered(about: About) -> Content:
    return _duty(
        about,
        news=gettext("The owner answered"),
        heading=gettext("%(answer)s, says the owner")
        % {"answer": SIGHT_ANSWERS.get(about.move.reason, gettext("The owner answered"))},
        paragraphs=[gettext("You had shown them the edited text.")],
        label=gettext("Open it"),
        why=gettext("You get this because it is with you."),
        quote=about.move.note,
    )


def changes_requested(about: About) -> Content:
    return _duty(
        about,
        news=gettext("Changes requested"),
        heading=gettext("Please change your %(what)s") % {"what": about.what},
        paragraphs=[
            gettext("Somebody read it and asks for changes before it can go on. You can send it back at any time.")
        ],
        label=gettext("Read what is asked and change it"),
        why=gettext(OWNER),
        quote=about.move.note,
    )


def declined(about: About) -> Content:
    reason = str(DECLINE_REASONS.get(about.move.reason, ""))
    return _duty(
        about,
        news=gettext("Declined"),
        heading=gettext("Your %(what)s will not be published") % {"what": about.what},
        paragraphs=[*([f"{reason}."] if reason else []), gettext("You can appeal once, within 20 working days.")],
        label=gettext("Read why, or appeal"),
        why=gettext(OWNER),
        quote=about.move.note,
    )


def taken_back(about: About) -> Content:
    return _duty(
        about,
        news=gettext("Looked at again"),
        heading=gettext("We are looking at your %(what)s again") % {"what": about.what},
        paragraphs=[
            gettext("We told you that it will not be published. That was a mistake, and is taken back."),
            gettext("A moderator goes on with it. There is nothing for you to do."),
        ],
        label=gettext("See where it is"),
        why=gettext(OWNER),
    )


def merged(about: About) -> Content:
    target = about.lesson.merged_into
    return _duty(
        about,
        news=gettext("Merged"),
        heading=gettext("%(reference)s was merged into %(target)s")
        % {"reference": about.reference, "target": target.reference if target else gettext("another")},
        paragraphs=[gettext("Both say the same. The old reference leads to the one that stays.")],
        label=gettext("See its record"),
        why=gettext("You get this because you, or the organisation whose mailbox this is, recorded one of the two."),
    )


def lesson_published(about: About) -> Content:
    again = about.move.move == Move.PUBLISH_AGAIN
    return _duty(
        about,
        news=gettext("Published"),
        heading=gettext("A new version of your %(what)s is published") % {"what": about.what}
        if again
        else gettext("Your %(what)s is published") % {"what": about.what},
        paragraphs=[gettext("Those who asked to hear about lessons like it are being told. Thank you for sharing it.")],
        label=gettext("See its record"),
        why=gettext(OWNER),
    )


def withdrawn(about: About) -> Content:
    return _duty(
        about,
        news=gettext("Withdrawn"),
        heading=gettext("The owner withdrew a lesson that was with you"),
        paragraphs=[gettext("There is nothing left for you to do.")],
        label=gettext("See its record"),
        why=gettext("You get this because you had claimed it."),
        quote=about.move.note,
    )


def suspended(about: About) -> Content:
    return _duty(
        about,
        news=gettext("Suspended"),
        heading=gettext("%(reference)s is suspended") % {"reference": about.reference},
        paragraphs=[
            gettext("Nobody can read it now, and all who were mailed about it are being told to stop using it.")
        ],
        label=gettext("See its record"),
        why=gettext("You get this because you own it, or because you are of the JOL Secretariat."),
        quote=about.move.note,
    )


def back_in_use(about: About) -> Content:
    return _duty(
        about,
        news=gettext("Back in use"),
        heading=gettext("%(reference)s can be read again") % {"reference": about.reference},
        paragraphs=[
            gettext("It was restored. Those who were told to stop using it are being told that they may use it again.")
        ],
        label=gettext("See its record"),
        why=gettext(OWNER),
    )


# -- to readers ---------------------------------------------------------------------------------
SUBSCRIBED = gettext_noop("You get this because it matches what you asked to be mailed about at once:")


def _alert(about: About, *, news: str, heading: str, paragraphs: list[str], why: str, label: str = "") -> Content:
    return Content(
        subject=subject(about, news),
        news="" if heading == news else news,
        heading=heading,
        paragraphs=paragraphs,
        facts=[fact for fact in facts(about) if fact != (gettext("Title"), heading)],
        link=Link(label or gettext("Read it"), about.page),
        why=why,
    )


def new_lesson(about: About) -> Content:
    news = (
        gettext("New notable practice published")
        if about.lesson.kind == Kind.NOTABLE_PRACTICE
        else gettext("New lesson published")
    )
    if about.is_sensitive:
        paragraphs = [gettext("It is OFFICIAL-SENSITIVE. Sign in to read it.")]
    else:
        paragraphs = [about.publication.statement] if about.publication else []
    heading = news if about.is_sensitive else about.title
    return _alert(about, news=news, heading=heading, paragraphs=paragraphs, why=gettext(SUBSCRIBED))


def correction(about: About) -> Content:
    note = about.publication.note if about.publication and not about.is_sensitive else ""
    return _alert(
        about,
        news=gettext("Correction"),
        heading=gettext("%(reference)s was corrected") % {"reference": about.reference},
        paragraphs=[
            gettext(
                "A version that we mailed you about was replaced."
                " Please use the new one, and tell those you passed it to."
            ),
            *([gettext("What changed: %(note)s") % {"note": note}] if note else []),
        ],
        why=gettext("You get this because you were mailed about an earlier version, which matched what you asked for:"),
    )


def stop_using(about: About) -> Content:
    if about.told_of:
        why = gettext("It was replaced by a version that is meant for fewer readers.")
    else:
        why = gettext("It was suspended while it is looked at again.")
    return _alert(
        about,
        news=gettext("Stop using this"),
        heading=gettext("Please stop using %(reference)s") % {"reference": about.reference},
        paragraphs=[why, gettext("Do not act on it or pass it on, and withdraw copies that you made.")],
        why=gettext("You get this because we mailed you about it, or because you downloaded it."),
        label=gettext("See its page"),
    )


def use_again(about: About) -> Content:
    return _alert(
        about,
        news=gettext("You may use this again"),
        heading=gettext("You may use %(reference)s again") % {"reference": about.reference},
        paragraphs=[
            gettext("We asked you to stop using it. It was looked at and is published again. Please read it afresh.")
        ],
        why=gettext("You get this because we asked you to stop using it."),
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
