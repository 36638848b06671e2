"""What stands around a lesson on its page: others like it, others of the event, whom to ask, why one may read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import Q
from django.utils.translation import gettext

from accounts.models import User
from accounts.models.organisations import Category
from accounts.statements import ByKeys, Statement
from lessons.models import Attribution, Publication, PublicationQuerySet
from lessons.recurring import Recurrence, lessons_linked_with, recurrence_of
from lessons.search.similar import most_alike

SIMILAR_SHOWN = 5
OF_EVENT_SHOWN = 10
#: What fits less is not shown: a list of five is no reason to name what is unlike.
LEAST_ALIKE = 0.1
#: What a publication says of its event.
EVENT = ("event_name", "event_on", "event_kind")


@dataclass(frozen=True)
class Around:
    """Lessons that belong beside one.

    :ivar similar: most alike first
    :ivar of_event: newest first
    """

    similar: list[Publication]
    of_event: list[Publication]
    recurrence: Recurrence | None


def look_around(publication: Publication, user: User) -> Around:
    """Return what belongs beside `publication` of what `user` may read; the texts of all come in one query."""
    similar = _most_alike(publication, Publication.objects.readable_by(user))
    linked = lessons_linked_with(publication.lesson_id, user)
    has_event = bool(publication.event_name and publication.event_on)
    texts = _TEXTS(
        user=ByKeys(user),
        similar=similar,
        linked=sorted(linked),
        pk=publication.pk,
        event=[getattr(publication, name) for name in EVENT] if has_event else [],
    )
    by_key = {text.pk: text for text in texts}
    return Around(
        similar=[by_key[pk] for pk in similar if pk in by_key],
        of_event=[text for text in texts if _is_of_same_event(text, publication)][:OF_EVENT_SHOWN],
        recurrence=recurrence_of([text for text in texts if text.lesson_id in linked]) if linked else None,
    )


def _most_alike(publication: Publication, readable: PublicationQuerySet) -> list[int]:
    others = readable.unarchived().exclude(lesson=publication.lesson_id)
    # The title twice: it says what the lesson is about.
    said = f"{publication.title} {publication.title} {publication.statement} {publication.what_happened}"
    return [one.pk for one in most_alike(said, others, SIMILAR_SHOWN) if one.score >= LEAST_ALIKE]


def _select_texts(user: User, similar: list[int], linked: list[int], pk: int, event: list[Any]) -> PublicationQuerySet:
    """Keep what is similar, linked, or of the same event, as far as the publications themselves say so.

    The event behind them is not asked: it would tell where a lesson is from whose attribution hides it.

    :param event: what the publication `pk` says under `EVENT`; empty if it does not say enough
    """
    readable = Publication.objects.readable_by(user)
    others = readable.filter(Q(pk__in=similar) | Q(lesson__in=linked)).values("pk")
    if event:
        same_event = readable.filter(**dict(zip(EVENT, event, strict=True))).exclude(pk=pk).for_list()
        # A union, since an index answers either side of it and none would answer an OR of them.
        others = same_event.values("pk")[:OF_EVENT_SHOWN].union(others)
    return readable.filter(pk__in=others).for_list()


_TEXTS: Statement[Publication] = Statement(_select_texts)


def _is_of_same_event(text: Publication, publication: Publication) -> bool:
    """Say in Python what `_select_texts` asks of the event in SQL."""
    return (
        text.pk != publication.pk
        and bool(publication.event_name and publication.event_on)
        and all(getattr(text, name) == getattr(publication, name) for name in EVENT)
    )


def ask_owner(publication: Publication) -> str:
    """Return the `mailto:` address of the role that answers questions, where the owner is named; else ""."""
    if publication.attribution != Attribution.ORGANISATION:
        return ""
    mailbox = publication.lesson.contact or publication.lesson.organisation.mailbox
    subject = publication.reference
    return f"mailto:{quote(mailbox, safe='@+')}?subject={quote(subject)}" if mailbox else ""


@dataclass(frozen=True)
class _Audience:
    area_names: Mapping[str, str]

    def of(self, key: str) -> str:
        """Return in words for whom a key of an audience is."""
        prefix, _, code = key.partition(":")
        if prefix == "all":
            return gettext("for all responders")
        if prefix == "category":
            return gettext("for %(category)s responders, and you work for one") % {
                "category": dict(Category.choices)[code]
            }
        if prefix == "sector":
            return gettext("for the %(sector)s sector, and you work in it") % {"sector": code.replace("-", " ")}
        return gettext("for responders of %(area)s, and you are one") % {"area": self.area_names.get(code, code)}


def opening_keys(publication: Publication, user: User) -> list[str]:
    """Return the keys of `user` that open `publication`."""
    return sorted(set(publication.readers) & set(user.keys))


def areas_in(keys: Iterable[str]) -> set[str]:
    """Return the codes of the areas that keys name."""
    return {key.rpartition(":")[2] for key in keys if "area:" in key or key.startswith("moderates:")}


def why_readable(keys: Iterable[str], area_names: Mapping[str, str]) -> list[str]:
    """Return in words what each of the keys that open a publication stands for."""
    return [_reason(key, area_names) for key in keys]


def _reason(key: str, area_names: Mapping[str, str]) -> str:
    marking, _, audience = key.partition("/")
    if marking == "official" and audience:
        return gettext("It is %(audience)s.") % {"audience": _Audience(area_names).of(audience)}
    if marking == "sensitive" and audience:
        return gettext("It is %(audience)s, cleared for OFFICIAL-SENSITIVE.") % {
            "audience": _Audience(area_names).of(audience)
        }
    prefix, _, code = key.partition(":")
    return {
        "author": gettext("You wrote it."),
        "owner": gettext("You vouch for the organisation that it is from."),
        "moderates": gettext("You moderate %(area)s.") % {"area": area_names.get(code, code)},
        "national": gettext("You are in the national team, the Board or an auditor."),
    }[prefix]
