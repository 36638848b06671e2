"""Mails to those who read publications."""

from django.utils.translation import gettext, gettext_noop

from lessons.models import Kind, Move
from notifications.mail_content import About, Content, Link, facts, subject

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
    if about.move.move == Move.SUSPEND:
        why = gettext("It was suspended while it is looked at again.")
    else:
        why = gettext("It was replaced by a version that is meant for fewer readers.")
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
