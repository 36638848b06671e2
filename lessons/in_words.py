"""The fields of lessons and publications as words: for looking at two of them side by side."""

from typing import Any

from django.utils.translation import gettext

from lessons.models import Attribution, Audience, Brag, Lesson, Marking, Publication
from lessons.named import names_of
from lessons.readiness import Tags

#: In the order in which they are read and edited.
ORDER = (
    "title",
    "event_name",
    "statement",
    "what_happened",
    "context",
    "impact",
    "why",
    "recommendations",
    "no_recommendation_because",
    "benefit",
    "evidence",
    "to_copy_it",
    "action_taken",
    "risks",
    "not_a_national_risk",
    "themes",
    "capabilities",
    "brag",
    "marking",
    "handling",
    "audience",
    "audience_sectors",
    "audience_areas",
    "attribution",
)
#: Of a notable practice only.
OF_PRACTICE = {"benefit", "evidence", "to_copy_it"}
#: Codes of one of a few.
CHOICES = {"brag": Brag, "marking": Marking, "audience": Audience, "attribution": Attribution}
#: Codes of many, with the prefix under which their names are found.
NAMED = {"risks": "risk", "themes": "theme", "capabilities": "capability", "audience_areas": "area"}

Values = dict[str, Any]


def values_of(text: Lesson | Publication) -> Values:
    """Return every field in `ORDER`, with codes as they are stored."""
    name = text.event_name if isinstance(text, Publication) else text.event.name
    return text.wording() | {"event_name": name} | vars(Tags.of(text))


def in_words(*texts: Values) -> list[dict[str, str]]:
    """Return the fields of each text as somebody would say them; their names are looked up at once."""
    codes = {prefix: {code for text in texts for code in text.get(field, [])} for field, prefix in NAMED.items()}
    names = names_of(codes)
    return [
        {field: _say(field, value, names.get(NAMED.get(field, ""), {})) for field, value in text.items()}
        for text in texts
    ]


def _say(field: str, value: Any, names: dict[str, str]) -> str:
    if field == "recommendations":
        return "\n".join(_recommendation(one) for one in value)
    if field == "audience_sectors":
        return "\n".join(sorted(code.replace("-", " ").capitalize() for code in value))
    if field in NAMED:
        return "\n".join(sorted(names.get(code, code) for code in value))
    if field in CHOICES:
        return str(dict(CHOICES[field].choices).get(value, value))
    if isinstance(value, bool):
        return gettext("Yes") if value else ""
    return str(value)


def _recommendation(one: dict[str, str]) -> str:
    by_whom = one.get("by_whom", "")
    text = one.get("text", "")
    return gettext("%(text)s (by whom: %(by_whom)s)") % {"text": text, "by_whom": by_whom} if by_whom else text
