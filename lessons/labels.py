"""What the fields of a lesson are called: on forms, on the record, in the text itself."""

from django.utils.translation import gettext, gettext_noop

from lessons.models import Kind

LABELS: dict[str, str] = {
    "event": gettext_noop("Event"),
    "event_name": gettext_noop("Name of the event"),
    "event_kind": gettext_noop("Kind of event"),
    "event_date": gettext_noop("Date of the event"),
    "event_ended": gettext_noop("End of the event"),
    "place": gettext_noop("Place"),
    "scale": gettext_noop("Scale"),
    "major_incident": gettext_noop("Major incident declared"),
    "legal_contexts": gettext_noop("Live proceedings"),
    "event_marking": gettext_noop("Marking of the event"),
    "area": gettext_noop("Resilience area"),
    "event_areas": gettext_noop("Resilience areas of the event"),
    "event_organisations": gettext_noop("Organisations that took part"),
    "title": gettext_noop("Title"),
    "what_happened": gettext_noop("What happened"),
    "context": gettext_noop("Context"),
    "impact": gettext_noop("Impact"),
    "why": gettext_noop("Why it happened"),
    "statement": gettext_noop("The lesson"),
    "recommendations": gettext_noop("Recommendations"),
    "no_recommendation_because": gettext_noop("Why there is no recommendation"),
    "action_taken": gettext_noop("Action already taken locally"),
    "benefit": gettext_noop("Benefit"),
    "evidence": gettext_noop("Evidence of the benefit"),
    "to_copy_it": gettext_noop("What it takes to copy it"),
    "risks": gettext_noop("National Risks"),
    "not_a_national_risk": gettext_noop("Not a National Risk"),
    "themes": gettext_noop("JESIP principles and topics"),
    "capabilities": gettext_noop("Capabilities"),
    "brag": gettext_noop("BRAG rating"),
    "marking": gettext_noop("Marking"),
    "handling": gettext_noop("Handling instruction"),
    "audience": gettext_noop("Who may read it"),
    "audience_sectors": gettext_noop("Sectors that may read it"),
    "audience_areas": gettext_noop("Areas that may read it"),
    "attribution": gettext_noop("Who is named"),
    "contact": gettext_noop("Contact mailbox"),
}
#: Where notable practice is called differently.
PRACTICE_LABELS: dict[str, str] = {
    "what_happened": gettext_noop("What was done"),
    "impact": gettext_noop("What difference it made"),
    "why": gettext_noop("Why it worked"),
    "statement": gettext_noop("The practice in short"),
}


def label_of(name: str, kind: str) -> str:
    """Return what the field `name` is called in a lesson of `kind`."""
    if kind == Kind.NOTABLE_PRACTICE and name in PRACTICE_LABELS:
        return gettext(PRACTICE_LABELS[name])
    return gettext(LABELS[name]) if name in LABELS else name.replace("_", " ").capitalize()
