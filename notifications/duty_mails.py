"""Mails to those who own a lesson or decide on it."""

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from lessons.clocks import sight_until
from lessons.conditions import DECLINE_REASONS
from lessons.models import Move, Tier
from lessons.sighting import SIGHT_ANSWERS
from notifications.mail_content import About, Content, Link, facts, subject


def _duty(
    about: About, *, news: str, heading: str, paragraphs: list[str], label: str, why: str, quote: str = ""
) -> Content:
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
