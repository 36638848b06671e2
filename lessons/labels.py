"""What the fields of a lesson are called: on forms, on the record, in the text itself."""

from lessons.models import Kind

LABELS: dict[str, str] = {
    "event": "Event",
    "event_name": "Name of the event",
    "event_kind": "Kind of event",
    "event_date": "Date of the event",
    "event_ended": "End of the event",
    "place": "Place",
    "scale": "Scale",
    "major_incident": "Major incident declared",
    "legal_contexts": "Live proceedings",
    "event_marking": "Marking of the event",
    "area": "Resilience area",
    "event_areas": "Resilience areas of the event",
    "event_organisations": "Organisations that took part",
    "title": "Title",
    "what_happened": "What happened",
    "context": "Context",
    "impact": "Impact",
    "why": "Why it happened",
    "statement": "The lesson",
    "recommendations": "Recommendations",
    "no_recommendation_because": "Why there is no recommendation",
    "action_taken": "Action already taken locally",
    "benefit": "Benefit",
    "evidence": "Evidence of the benefit",
    "to_copy_it": "What it takes to copy it",
    "risks": "National Risks",
    "not_a_national_risk": "Not a National Risk",
    "themes": "JESIP principles and topics",
    "capabilities": "Capabilities",
    "brag": "BRAG rating",
    "marking": "Marking",
    "handling": "Handling instruction",
    "audience": "Who may read it",
    "audience_sectors": "Sectors that may read it",
    "audience_areas": "Areas that may read it",
    "attribution": "Who is named",
    "contact": "Contact mailbox",
}
#: Where notable practice is called differently.
PRACTICE_LABELS: dict[str, str] = {
    "what_happened": "What was done",
    "impact": "What difference it made",
    "why": "Why it worked",
    "statement": "The practice in short",
}


def label_of(name: str, kind: str) -> str:
    """Return what the field `name` is called in a lesson of `kind`."""
    if kind == Kind.NOTABLE_PRACTICE and name in PRACTICE_LABELS:
        return PRACTICE_LABELS[name]
    return LABELS.get(name, name.replace("_", " ").capitalize())
