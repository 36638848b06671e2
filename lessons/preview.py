"""What publishing a text would mean: who could read it, who could not, and what would be mailed."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext

from accounts.models import Organisation, ResilienceArea
from lessons.models import Audience, Publication
from lessons.signals import mailing_asked


@dataclass(frozen=True)
class Mailing:
    """What would be mailed to subscribers.

    :ivar at_once: how many addresses would get it as soon as it is published
    :ivar later: how many would find it in a digest
    """

    at_once: int
    later: int
    subject: str
    lines: list[str]


@dataclass(frozen=True)
class Readers:
    """Some who could read it, and how many people that is today; somebody may be counted in several lines."""

    words: str
    people: int


def who_could_read(text: Publication) -> list[Readers]:
    """Return the keys of a complete text in words, widest first.  Two queries, and two for names."""
    counts = _people_by_key(text.readers)
    names = {f"area:{code}": name for code, name in ResilienceArea.objects.values_list("code", "name")}
    owner = Organisation.objects.get(pk=text.lesson.organisation_id)
    ordered = sorted(text.readers, key=lambda key: (key.split("/")[0] not in {"official", "sensitive"}, key))
    return [Readers(_in_words(key, names, owner), counts.get(key, 0)) for key in ordered]


def people_in_all(text: Publication) -> int:
    """Return how many people hold any of the keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT user_id) FROM reader_key WHERE key = ANY(%s)", [text.readers])
        (count,) = cursor.fetchone()
    return int(count)


def who_could_not(text: Publication) -> list[str]:
    """Return in words who is left out, besides system administrators."""
    out = []
    if text.is_sensitive:
        out.append(gettext("Anybody who is not entitled to OFFICIAL-SENSITIVE"))
    out += {
        Audience.ALL_RESPONDERS: [],
        Audience.CATEGORY_1: [gettext("Category 2 responders and sponsored organisations")],
        Audience.SECTORS: [gettext("Responders of other sectors")],
        Audience.AREAS: [gettext("Responders of other areas")],
        Audience.OWN_AREA: [gettext("Responders of other areas")],
        Audience.NATIONAL_TEAM: [gettext("All responders but the owner’s author and leads")],
    }[Audience(text.audience)]
    return out


def mailings(text: Publication) -> list[Mailing]:
    """Return what the apps above would send; nothing if none is there to say."""
    answers: list[Mailing] = [mailing for _, mailing in mailing_asked.send(sender=Publication, text=text)]  # type: ignore[misc]
    return answers


def _people_by_key(keys: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, count(DISTINCT user_id) FROM reader_key WHERE key = ANY(%s) GROUP BY key", [keys])
        return dict(cursor.fetchall())


def _in_words(key: str, names: dict[str, str], owner: Organisation) -> str:
    marking, _, who = key.partition("/")
    if not who:
        kind, _, code = key.partition(":")
        return {
            "author": gettext("Its author"),
            "owner": gettext("Those who lead for %(organisation)s") % {"organisation": owner.name},
            "moderates": gettext("LRF moderators of %(area)s") % {"area": names.get(f"area:{code}", code)},
            "national": gettext("The JOL Secretariat, the Board and the auditor"),
        }[kind]
    kind, _, code = who.partition(":")
    words = {
        "all": gettext("All responders"),
        "category": gettext("Category 1 responders"),
        "sector": gettext("Responders of the sector %(sector)s") % {"sector": code.replace("-", " ")},
        "area": gettext("Responders of %(area)s") % {"area": names.get(who, code)},
    }[kind]
    entitled = gettext("%(readers)s, if they are entitled to OFFICIAL-SENSITIVE")
    return entitled % {"readers": words} if marking == "sensitive" else words
