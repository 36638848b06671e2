"""What stands around a lesson on its page: others like it, others of the event, whom to ask, why one may read it."""

from dataclasses import dataclass
from urllib.parse import quote

from accounts.models import ResilienceArea, User
from accounts.models.organisations import Category
from lessons.models import Attribution, Publication, PublicationQuerySet
from lessons.search.similar import most_alike

SIMILAR_SHOWN = 5
OF_EVENT_SHOWN = 10
#: What fits less is not shown: a list of five is no reason to name what is unlike.
LEAST_ALIKE = 0.1


def similar_to(publication: Publication, readable: PublicationQuerySet) -> list[Publication]:
    """Return the lessons most like `publication`, most alike first."""
    others = readable.unarchived().exclude(lesson=publication.lesson_id)
    # The title twice: it says what the lesson is about.
    said = f"{publication.title} {publication.title} {publication.statement} {publication.what_happened}"
    best = most_alike(said, others, SIMILAR_SHOWN)
    texts = others.for_list().in_bulk([one.pk for one in best if one.score >= LEAST_ALIKE])
    return [texts[one.pk] for one in best if one.pk in texts]


def of_same_event(publication: Publication, readable: PublicationQuerySet) -> list[Publication]:
    """Return lessons of the same event, as far as the publications themselves say so.

    The event behind them is not asked: it would tell where a lesson is from whose attribution hides it.
    """
    if not publication.event_name or not publication.event_on:
        return []
    same = readable.filter(
        event_name=publication.event_name, event_on=publication.event_on, event_kind=publication.event_kind
    )
    return list(same.exclude(pk=publication.pk).for_list()[:OF_EVENT_SHOWN])


def ask_owner(publication: Publication) -> str:
    """Return the `mailto:` address of the role that answers questions, where the owner is named; else ""."""
    if publication.attribution != Attribution.ORGANISATION:
        return ""
    mailbox = publication.lesson.contact or publication.lesson.organisation.mailbox
    subject = publication.reference
    return f"mailto:{quote(mailbox, safe='@+')}?subject={quote(subject)}" if mailbox else ""


@dataclass(frozen=True)
class _Audience:
    area_names: dict[str, str]

    def of(self, key: str) -> str:
        """Return in words for whom a key of an audience is."""
        prefix, _, code = key.partition(":")
        if prefix == "all":
            return "for all responders"
        if prefix == "category":
            return f"for {dict(Category.choices)[code]} responders, and you work for one"
        if prefix == "sector":
            return f"for the {code.replace('-', ' ')} sector, and you work in it"
        return f"for responders of {self.area_names.get(code, code)}, and you are one"


def why_readable(publication: Publication, user: User) -> list[str]:
    """Return in words by which keys `user` may read `publication`."""
    keys = sorted(set(publication.readers) & set(user.keys))
    areas = [
        code for key in keys for code in [key.rpartition(":")[2]] if "area:" in key or key.startswith("moderates:")
    ]
    names = dict(ResilienceArea.objects.filter(code__in=areas).values_list("code", "name")) if areas else {}
    return [_reason(key, names) for key in keys]


def _reason(key: str, area_names: dict[str, str]) -> str:
    marking, _, audience = key.partition("/")
    if marking == "official" and audience:
        return f"It is {_Audience(area_names).of(audience)}."
    if marking == "sensitive" and audience:
        return f"It is {_Audience(area_names).of(audience)}, cleared for OFFICIAL-SENSITIVE."
    prefix, _, code = key.partition(":")
    return {
        "author": "You wrote it.",
        "owner": "You vouch for the organisation that it is from.",
        "moderates": f"You moderate {area_names.get(code, code)}.",
        "national": "You are in the national team, the Board or an auditor.",
    }[prefix]
