"""Looking through a text, field by field."""

from dataclasses import dataclass

from lessons.models import Lesson, Publication
from lessons.models.warnings import WarningKind
from lessons.models.wording import TEXT_FIELDS
from lessons.warnings.contacts import emails, phones, postcodes
from lessons.warnings.found import Check, Found
from lessons.warnings.markings import markings
from lessons.warnings.names import names
from lessons.warnings.numbers import dates_of_birth, national_insurance_numbers, nhs_numbers, number_plates

#: Surest first: of two that overlap the first counts, so that a part of an email address is no name.
CHECKS: tuple[Check, ...] = (
    markings,
    emails,
    nhs_numbers,
    national_insurance_numbers,
    dates_of_birth,
    phones,
    postcodes,
    number_plates,
    names,
)
#: Words around a find that are shown with it.
AROUND = 40


def look_through(text: str) -> list[Found]:
    """Return what the rules find in `text`, in reading order, each place once."""
    kept: list[Found] = []
    for check in CHECKS:
        for found in check(text):
            if all(found.end <= other.start or other.end <= found.start for other in kept):
                kept.append(found)
    return sorted(kept, key=lambda found: found.start)


@dataclass(frozen=True)
class Spotted:
    """A find in a field, with the words around it."""

    field: str
    found: Found
    before: str
    after: str

    @property
    def key(self) -> tuple[str, WarningKind, str]:
        return self.field, self.found.kind, self.found.digest


def texts_of(text: Lesson | Publication) -> dict[str, str]:
    """Return the running text of each field that readers get."""
    fields = {name: getattr(text, name) for name in (*TEXT_FIELDS, "handling")}
    if isinstance(text, Publication):
        fields["event_name"] = text.event_name
    words = [f"{one.get('text', '')}\n{one.get('by_whom', '')}" for one in text.recommendations]
    return fields | {"recommendations": "\n".join(words)}


def spot(text: Lesson | Publication) -> list[Spotted]:
    """Return what the rules find in every field; the same words in the same field once."""
    spotted: dict[tuple[str, WarningKind, str], Spotted] = {}
    for field, words in texts_of(text).items():
        for found in look_through(words):
            before, after = words[max(0, found.start - AROUND) : found.start], words[found.end : found.end + AROUND]
            one = Spotted(field, found, before, after)
            spotted.setdefault(one.key, one)
    return list(spotted.values())
