"""What the steps ask: label and hint of each field, and what notable practice is asked differently."""

from typing import NamedTuple

from django.utils.translation import gettext, gettext_noop

from lessons.models import Kind


class Question(NamedTuple):
    label: str
    hint: str = ""


QUESTIONS: dict[str, Question] = {
    # -- the event
    "event_name": Question(
        gettext_noop("What is the event called?"),
        gettext_noop("A code name is fine. For example: Exercise Rising Tide"),
    ),
    "event_kind": Question(gettext_noop("What kind of event was it?")),
    "event_date": Question(
        gettext_noop("When was it?"),
        gettext_noop("If you are not sure, leave out the day, or the day and the month. For example: 14 1 2026"),
    ),
    "event_ended": Question(gettext_noop("When did it end? (optional)"), gettext_noop("If it took longer than a day")),
    "area": Question(
        gettext_noop("Which resilience area does it belong to?"),
        gettext_noop("Its moderators look at it first. Without one it goes to the national team."),
    ),
    "place": Question(gettext_noop("Where was it? (optional)"), gettext_noop("A town or a kind of place; no address")),
    "event_areas": Question(gettext_noop("Which resilience areas took part? (optional)")),
    "event_organisations": Question(
        gettext_noop("Which organisations took part? (optional)"), gettext_noop("Untick one to take it out")
    ),
    "add_organisation": Question(
        gettext_noop("Add an organisation (optional)"), gettext_noop("Begin to type its name")
    ),
    "scale": Question(gettext_noop("How far did it reach? (optional)")),
    "major_incident": Question(gettext_noop("Was a major incident declared?")),
    "legal_contexts": Question(
        gettext_noop("Is any of these still going on? (optional)"),
        gettext_noop("If so, the national team looks at it, so that nothing gets in the way of the proceedings."),
    ),
    "event_marking": Question(
        gettext_noop("How is the event itself marked?"), gettext_noop("Readers never see this page of the event.")
    ),
    # -- what happened
    "title": Question(
        gettext_noop("Title"),
        gettext_noop(
            "What a colleague in another service would look for, in 10 to 120 characters. "
            "For example: No shared talk group between control rooms in the first hour"
        ),
    ),
    "what_happened": Question(
        gettext_noop("What happened?"),
        gettext_noop(
            "The facts in a few sentences: who did what, when, and what followed. "
            "Name roles, not people; leave out casualties and addresses."
        ),
    ),
    "context": Question(
        gettext_noop("What was the situation? (optional)"),
        gettext_noop("What others need to know to follow it: the place, the time, the plans in use"),
    ),
    "impact": Question(
        gettext_noop("What difference did it make? (optional)"),
        gettext_noop("For the public, for responders, for the response"),
    ),
    "why": Question(
        gettext_noop("Why did it happen? (optional)"),
        gettext_noop("What made it likely, as far as you know. It is not about blame."),
    ),
    # -- the learning
    "statement": Question(
        gettext_noop("What is the lesson, in a sentence or two?"),
        gettext_noop(
            "Write it so that it makes sense to somebody who has never heard of this event. "
            "For example: Agree one rendezvous point in the first joint call, and repeat it in every message"
        ),
    ),
    "no_recommendation_because": Question(
        gettext_noop("If there is nothing to recommend, why? (optional)"),
        gettext_noop("For example: the plan was changed the same week"),
    ),
    "action_taken": Question(
        gettext_noop("What have you done about it already? (optional)"),
        gettext_noop("In your own organisation or area"),
    ),
    "benefit": Question(
        gettext_noop("What was the benefit?"), gettext_noop("What went better, for whom, and by how much if you know")
    ),
    "evidence": Question(
        gettext_noop("How do you know? (optional)"),
        gettext_noop("For example: times, numbers, what people said in the debrief"),
    ),
    "to_copy_it": Question(
        gettext_noop("What would others need to copy it? (optional)"),
        gettext_noop("For example: people, training, equipment, money, an agreement"),
    ),
    # -- what it is about
    "risks": Question(gettext_noop("Which National Risks is it about?"), gettext_noop("Tick all that apply.")),
    "not_a_national_risk": Question(gettext_noop("It is not about a National Risk")),
    "principles": Question(
        gettext_noop("Which JESIP principles is it about?"),
        gettext_noop("Tick all that apply, or choose a capability below."),
    ),
    "topics": Question(gettext_noop("Which topics is it about? (optional)"), gettext_noop("Tick all that apply.")),
    "capabilities": Question(
        gettext_noop("Which capabilities is it about?"),
        gettext_noop("Needed only if none of the JESIP principles fits."),
    ),
    "risk_to_life": Question(
        gettext_noop("There is a risk to life now"),
        gettext_noop("It is rated red, and the national team deals with it within 2 working days."),
    ),
    "brag": Question(gettext_noop("How far should it travel? (BRAG rating)")),
    # -- sharing
    "marking": Question(
        gettext_noop("How is it marked?"), gettext_noop("Nothing above OFFICIAL-SENSITIVE may be entered here.")
    ),
    "handling": Question(
        gettext_noop("Handling instruction"),
        gettext_noop("What those who read it may and may not do with it. For example: Commanders only; do not forward"),
    ),
    "audience": Question(gettext_noop("Who may read it?"), gettext_noop("Moderators may narrow this, never widen it.")),
    "audience_sectors": Question(gettext_noop("Which sectors?")),
    "audience_areas": Question(gettext_noop("Which areas?")),
    "attribution": Question(
        gettext_noop("Who may be named as its source?"), gettext_noop("Your own name is never shown to readers.")
    ),
    "contact": Question(
        gettext_noop("Which mailbox may people write to? (optional)"),
        gettext_noop("A team’s mailbox, not a person’s. Moderators write to it too."),
    ),
}

PRACTICE_QUESTIONS: dict[str, Question] = {
    "title": Question(
        gettext_noop("Title"),
        gettext_noop(
            "What a colleague in another service would look for, in 10 to 120 characters. "
            "For example: A shared list of rest centres, kept ready on every shift"
        ),
    ),
    "what_happened": Question(
        gettext_noop("What was done?"),
        gettext_noop(
            "Step by step, so that others can picture it: who did what, when, with what. "
            "Name roles, not people; leave out casualties and addresses."
        ),
    ),
    "why": Question(
        gettext_noop("Why did it work? (optional)"), gettext_noop("What made the difference, as far as you know")
    ),
    "statement": Question(
        gettext_noop("What is the practice, in a sentence or two?"),
        gettext_noop(
            "Write it so that it makes sense to somebody who has never heard of this event. "
            "For example: Keep one list of rest centres for all services, and check it at every shift change"
        ),
    ),
}


def question(name: str, kind: str) -> Question:
    """Return how the field `name` is asked for in a lesson of `kind`."""
    if kind == Kind.NOTABLE_PRACTICE and name in PRACTICE_QUESTIONS:
        asked = PRACTICE_QUESTIONS[name]
    else:
        asked = QUESTIONS.get(name, Question(name.capitalize()))
    return Question(gettext(asked.label), gettext(asked.hint) if asked.hint else "")
