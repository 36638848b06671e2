"""What the steps ask: label and hint of each field, and what notable practice is asked differently."""

from typing import NamedTuple

from lessons.models import Kind


class Question(NamedTuple):
    label: str
    hint: str = ""


QUESTIONS: dict[str, Question] = {
    # -- the event
    "event_name": Question("What is the event called?", "A code name is fine. For example: Exercise Rising Tide"),
    "event_kind": Question("What kind of event was it?"),
    "event_date": Question(
        "When was it?", "If you are not sure, leave out the day, or the day and the month. For example: 14 1 2026"
    ),
    "event_ended": Question("When did it end? (optional)", "If it took longer than a day"),
    "area": Question(
        "Which resilience area does it belong to?",
        "Its moderators look at it first. Without one it goes to the national team.",
    ),
    "place": Question("Where was it? (optional)", "A town or a kind of place; no address"),
    "event_areas": Question("Which resilience areas took part? (optional)"),
    "event_organisations": Question("Which organisations took part? (optional)", "Untick one to take it out"),
    "add_organisation": Question("Add an organisation (optional)", "Begin to type its name"),
    "scale": Question("How far did it reach? (optional)"),
    "major_incident": Question("Was a major incident declared?"),
    "legal_contexts": Question(
        "Is any of these still going on? (optional)",
        "If so, the national team looks at it, so that nothing gets in the way of the proceedings.",
    ),
    "event_marking": Question("How is the event itself marked?", "Readers never see this page of the event."),
    # -- what happened
    "title": Question(
        "Title",
        "What a colleague in another service would look for, in 10 to 120 characters. "
        "For example: No shared talk group between control rooms in the first hour",
    ),
    "what_happened": Question(
        "What happened?",
        "The facts in a few sentences: who did what, when, and what followed. "
        "Name roles, not people; leave out casualties and addresses.",
    ),
    "context": Question(
        "What was the situation? (optional)",
        "What others need to know to follow it: the place, the time, the plans in use",
    ),
    "impact": Question("What difference did it make? (optional)", "For the public, for responders, for the response"),
    "why": Question("Why did it happen? (optional)", "What made it likely, as far as you know. It is not about blame."),
    # -- the learning
    "statement": Question(
        "What is the lesson, in a sentence or two?",
        "Write it so that it makes sense to somebody who has never heard of this event. "
        "For example: Agree one rendezvous point in the first joint call, and repeat it in every message",
    ),
    "no_recommendation_because": Question(
        "If there is nothing to recommend, why? (optional)", "For example: the plan was changed the same week"
    ),
    "action_taken": Question("What have you done about it already? (optional)", "In your own organisation or area"),
    "benefit": Question("What was the benefit?", "What went better, for whom, and by how much if you know"),
    "evidence": Question("How do you know? (optional)", "For example: times, numbers, what people said in the debrief"),
    "to_copy_it": Question(
        "What would others need to copy it? (optional)", "For example: people, training, equipment, money, an agreement"
    ),
    # -- what it is about
    "risks": Question("Which National Risks is it about?", "Open a group and tick all that apply."),
    "not_a_national_risk": Question("It is not about a National Risk"),
    "principles": Question("Which JESIP principles is it about?", "Tick all that apply, or choose a capability below."),
    "topics": Question("Which topics is it about? (optional)", "Open a group and tick all that apply."),
    "capabilities": Question("Which capabilities is it about?", "Needed only if none of the JESIP principles fits."),
    "risk_to_life": Question(
        "There is a risk to life now", "It is rated red, and the national team deals with it within 2 working days."
    ),
    "brag": Question("How far should it travel? (BRAG rating)"),
    # -- sharing
    "marking": Question("How is it marked?", "Nothing above OFFICIAL-SENSITIVE may be entered here."),
    "handling": Question(
        "Handling instruction",
        "What those who read it may and may not do with it. For example: Commanders only; do not forward",
    ),
    "audience": Question("Who may read it?", "Moderators may narrow this, never widen it."),
    "audience_sectors": Question("Which sectors?"),
    "audience_areas": Question("Which areas?"),
    "attribution": Question("Who may be named as its source?", "Your own name is never shown to readers."),
    "contact": Question(
        "Which mailbox may people write to? (optional)", "A team’s mailbox, not a person’s. Moderators write to it too."
    ),
}

PRACTICE_QUESTIONS: dict[str, Question] = {
    "title": Question(
        "Title",
        "What a colleague in another service would look for, in 10 to 120 characters. "
        "For example: A shared list of rest centres, kept ready on every shift",
    ),
    "what_happened": Question(
        "What was done?",
        "Step by step, so that others can picture it: who did what, when, with what. "
        "Name roles, not people; leave out casualties and addresses.",
    ),
    "why": Question("Why did it work? (optional)", "What made the difference, as far as you know"),
    "statement": Question(
        "What is the practice, in a sentence or two?",
        "Write it so that it makes sense to somebody who has never heard of this event. "
        "For example: Keep one list of rest centres for all services, and check it at every shift change",
    ),
}


def question(name: str, kind: str) -> Question:
    """Return how the field `name` is asked for in a lesson of `kind`."""
    if kind == Kind.NOTABLE_PRACTICE and name in PRACTICE_QUESTIONS:
        return PRACTICE_QUESTIONS[name]
    return QUESTIONS.get(name, Question(name.capitalize()))
