"""Whether a text is complete, and no wider than its owner wished."""

from dataclasses import dataclass, field

from django.db.models import Value
from django.utils.translation import gettext, ngettext

from lessons.checklist import CHECKLIST, unticked
from lessons.models import Attribution, Audience, Event, Kind, Lesson, Marking, Publication, Theme, Wording
from lessons.warnings.answers import unanswered, warnings_in

TITLE_LENGTHS = range(10, 121)
#: Widest first: each kind of attribution tells less than the one before.
ATTRIBUTIONS = [Attribution.ORGANISATION, Attribution.AREA, Attribution.SECTOR, Attribution.NONE]


@dataclass(frozen=True)
class Tags:
    """Codes of what a text is about."""

    risks: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: Lesson | Publication) -> "Tags":
        if isinstance(text, Publication):
            return cls(text.codes_of("risk"), text.codes_of("theme"), text.codes_of("capability"))
        risks, themes, capabilities = (
            getattr(text, name).order_by().values_list(Value(name), "code")
            for name in ("risks", "themes", "capabilities")
        )
        tags = cls()
        for name, code in risks.union(themes, capabilities).order_by("code"):
            getattr(tags, name).append(code)
        return tags

    def as_terms(self) -> list[str]:
        return [
            *(f"risk:{code}" for code in self.risks),
            *(f"theme:{code}" for code in self.themes),
            *(f"capability:{code}" for code in self.capabilities),
        ]

    def name_a_principle(self) -> bool:
        return Theme.objects.filter(code__in=self.themes, group=Theme.PRINCIPLE).exists()


def missing_to_submit(lesson: Lesson) -> dict[str, str]:
    """Return what has to be there before `lesson` can be submitted: field -> what to do (MODEL, section 2)."""
    missing = missing_of_event(lesson.event) | missing_of_text(lesson, lesson.kind, Tags.of(lesson))
    missing |= missing_own_area(lesson, lesson)
    if left := sum(warned.is_open for warned in warnings_in(lesson)):
        missing["warnings"] = ngettext(
            "Answer a warning about what readers may not see.",
            "Answer %(number)s warnings about what readers may not see.",
            left,
        ) % {"number": left}
    return missing


def missing_own_area(text: Wording, lesson: Lesson) -> dict[str, str]:
    """Return what to do where `text` is for the lesson's own area and there is none."""
    if text.audience == Audience.OWN_AREA and lesson.area is None:
        return {"audience": gettext("Select other readers: the lesson has no area that could be its own.")}
    return {}


def missing_of_event(event: Event) -> dict[str, str]:
    missing = {}
    if not event.name:
        missing["event_name"] = gettext("Enter the name of the event.")
    if not event.kind:
        missing["event_kind"] = gettext("Select what kind of event it was.")
    if not event.started_on:
        missing["event_date"] = gettext("Enter when the event was; a month or a year will do.")
    return missing


def missing_of_text(text: Wording, kind: str, tags: Tags) -> dict[str, str]:
    """Return what a complete text of `kind` lacks: field -> what to do."""
    practice = kind == Kind.NOTABLE_PRACTICE
    needs = {
        "title": (
            len(text.title.strip()) in TITLE_LENGTHS,
            gettext("Enter a title of 10 to 120 characters."),
        ),
        "what_happened": (
            text.what_happened.strip(),
            gettext("Enter what was done.") if practice else gettext("Enter what happened."),
        ),
        "statement": (text.statement.strip(), gettext("Enter the lesson in a sentence or two.")),
        "benefit": (not practice or text.benefit.strip(), gettext("Enter what the benefit was.")),
        "recommendations": (
            practice or has_recommendation(text) or text.no_recommendation_because.strip(),
            gettext("Enter a recommendation and who should act on it, or say why there is none."),
        ),
        "risks": (
            tags.risks or text.not_a_national_risk,
            gettext("Select a National Risk, or that it is not about one."),
        ),
        "themes": (
            tags.capabilities or tags.name_a_principle(),
            gettext("Select a JESIP principle or a capability."),
        ),
        "brag": (text.brag, gettext("Select a BRAG rating.")),
        "marking": (text.marking, gettext("Select a marking.")),
        "handling": (
            text.marking != Marking.SENSITIVE or text.handling.strip(),
            gettext("Enter a handling instruction: an OFFICIAL-SENSITIVE lesson needs one."),
        ),
        "audience": (text.audience, gettext("Select who may read it.")),
        "audience_sectors": (
            text.audience != Audience.SECTORS or text.audience_sectors,
            gettext("Select the sectors that may read it."),
        ),
        "audience_areas": (
            text.audience != Audience.AREAS or text.audience_areas,
            gettext("Select the areas that may read it."),
        ),
    }
    return {name: words for name, (there, words) in needs.items() if not there}


def has_recommendation(text: Wording) -> bool:
    """Whether there is a recommendation, and each says what and by whom."""
    recommendations = text.recommendations
    return bool(recommendations) and all(
        str(one.get("text", "")).strip() and str(one.get("by_whom", "")).strip() for one in recommendations
    )


def missing_to_publish(text: Publication) -> dict[str, str]:
    """Return what keeps the working text from being published: field -> what to do."""
    lesson = text.lesson
    missing = missing_of_text(text, lesson.kind, Tags.of(text))
    if not text.event_name.strip():
        missing["event_name"] = gettext("Enter the name of the event as readers may see it.")
    if left := unticked(text.checklist):
        missing["checklist"] = gettext("Confirm: %(points)s.") % {
            "points": "; ".join(str(CHECKLIST[code]) for code in left)
        }
    missing |= missing_own_area(text, lesson) | wider_than_owner(text)
    for name, words in unanswered(text).items():
        missing[name] = f"{missing[name]} {words}" if name in missing else words
    return missing


def wider_than_owner(text: Publication) -> dict[str, str]:
    """Return where the working text would tell more, or tell more people, than its owner chose."""
    lesson, wider = text.lesson, {}
    if text.audience and not is_within(text, lesson):
        wider["audience"] = gettext(
            "The audience is wider than the owner chose. Choose a narrower one, or ask the owner."
        )
    if ATTRIBUTIONS.index(Attribution(text.attribution)) < ATTRIBUTIONS.index(Attribution(lesson.attribution)):
        wider["attribution"] = gettext("The attribution tells more than the owner chose.")
    if lesson.is_sensitive and not text.is_sensitive:
        wider["marking"] = gettext("The owner marked it OFFICIAL-SENSITIVE. Ask the owner before it is lowered.")
    return wider


def is_within(text: Wording, lesson: Lesson) -> bool:
    """Whether everyone in the audience of `text` is in the audience that the owner of `lesson` chose."""
    if text.audience == Audience.NATIONAL_TEAM or lesson.audience == Audience.ALL_RESPONDERS:
        return True
    if lesson.audience in {Audience.AREAS, Audience.OWN_AREA}:
        return text.audience in {Audience.AREAS, Audience.OWN_AREA} and areas_of(text, lesson) <= areas_of(
            lesson, lesson
        )
    if lesson.audience == Audience.SECTORS:
        return text.audience == Audience.SECTORS and set(text.audience_sectors) <= set(lesson.audience_sectors)
    return text.audience == lesson.audience


def areas_of(text: Wording, lesson: Lesson) -> set[str]:
    """Return the codes of the areas that the audience of `text` names; own area is the lesson's."""
    if text.audience == Audience.OWN_AREA:
        return {lesson.area.code} if lesson.area else set()
    return set(text.audience_areas)
