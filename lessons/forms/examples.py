"""Good answers to what the steps ask, to take as a pattern.  All of them are invented."""

from django.utils.translation import gettext, gettext_noop

from lessons.models import Kind

EXAMPLES: dict[str, str] = {
    "what_happened": gettext_noop(
        "At 06:40 the three control rooms each sent their crews to a rendezvous point of their own. "
        "Nobody had a shared talk group, so the first joint briefing began at 08:05, after two crews had driven "
        "past each other twice."
    ),
    "context": gettext_noop(
        "River levels had risen overnight and two of the four roads into the town were closed. All three "
        "services worked from their own plans; the multi-agency plan had been exercised last three years before."
    ),
    "impact": gettext_noop(
        "Eleven residents waited 85 minutes longer than they had to. Commanders decided in the first hour "
        "without knowing which streets had been searched."
    ),
    "why": gettext_noop(
        "The talk group is in the plan, but none of the three action cards mentions it, and the supervisors on duty "
        "had not been trained together."
    ),
    "statement": gettext_noop(
        "Agree one rendezvous point and one shared talk group in the first joint call, and repeat both in "
        "every message until each service has confirmed them."
    ),
    "action_taken": gettext_noop(
        "Our control room has put the talk group on its action card. The other two services have not decided yet."
    ),
    "no_recommendation_because": gettext_noop("The bridge has since been replaced, so this cannot happen there again."),
    "recommendations": gettext_noop(
        "What: put the shared talk group on the first page of every control room’s action card for "
        "flooding, and test it each quarter. Who: control room managers of police, fire and ambulance."
    ),
    "handling": gettext_noop("Commanders and planners only. Do not forward outside your organisation; do not print."),
}
PRACTICE_EXAMPLES: dict[str, str] = EXAMPLES | {
    "what_happened": gettext_noop(
        "The council keeps one list of rest centres with keys, access and capacity. At each change of "
        "shift the duty officers of council, police and ambulance check it in a call of five minutes."
    ),
    "context": gettext_noop("The area has many caravan sites near the coast, and was evacuated twice in one winter."),
    "why": gettext_noop("Everybody looks at the same list, and the call is short enough that nobody leaves it out."),
    "statement": gettext_noop(
        "Keep one list of rest centres for all services, and check it together at every change of shift."
    ),
    "benefit": gettext_noop(
        "The first rest centre was open 25 minutes after the decision to evacuate; the year before it took two hours."
    ),
    "evidence": gettext_noop(
        "Times from the logs of both evacuations, and the joint debrief in which all three services said so."
    ),
    "to_copy_it": gettext_noop(
        "A shared document that all services can open, an hour a month of one person, and the agreement of "
        "the duty officers. No money."
    ),
    "recommendations": gettext_noop(
        "What: name one keeper of the list for the whole area. Who: the secretariat of each local resilience forum."
    ),
}
#: Fields whose choice is hard: a template says how to choose.
HELP = {"marking", "audience", "brag"}


def example_of(name: str, kind: str) -> str:
    """Return a good answer to the field `name` in a lesson of `kind`, or ""."""
    example = (PRACTICE_EXAMPLES if kind == Kind.NOTABLE_PRACTICE else EXAMPLES).get(name)
    return gettext(example) if example else ""
