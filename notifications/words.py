"""Codes and criteria in words: for reasons in mails, and for lists of subscriptions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, gettext_noop, pgettext

from accounts.models import ResilienceArea
from lessons.models import Brag, Capability, EventKind, Kind, NationalRisk, Theme
from notifications.models import CRITERIA, Subscription

#: Longer lists are cut short where they are read aloud.
MOST_NAMED = 4
#: What stands before the names of a list, by prefix of the term.
LABELS = {
    "kind": gettext_noop("kind %(names)s"),
    "risk": gettext_noop("National Risk %(names)s"),
    "risk-theme": gettext_noop("risk theme %(names)s"),
    "theme": gettext_noop("theme %(names)s"),
    "area": gettext_noop("area %(names)s"),
    "sector": gettext_noop("sector %(names)s"),
    "capability": gettext_noop("capability %(names)s"),
    "source": gettext_noop("source %(names)s"),
    "brag": gettext_noop("BRAG rating %(names)s"),
}


def fixed_names() -> dict[str, str]:
    """Return the names of codes that are no rows of a table."""
    return {
        **{f"kind:{kind.value}": str(kind.label) for kind in Kind},
        **{f"source:{source.value}": str(source.label).partition(" (")[0] for source in EventKind},
        **{f"brag:{brag.value}": str(brag.label).partition(":")[0] for brag in Brag},
    }


def names_of(terms: Iterable[str]) -> dict[str, str]:
    """Return a name for each term that has one, such as {"risk:storms": "Storms"}; a query per list at most."""
    codes: dict[str, set[str]] = {}
    for term in terms:
        prefix, _, code = term.partition(":")
        codes.setdefault(prefix, set()).add(code)
    names = fixed_names()
    names |= {f"sector:{code}": sector_name(code) for code in codes.get("sector", ())}
    for prefix, rows in (
        ("risk", NationalRisk.objects.order_by("edition").values_list("code", "name")),
        ("risk-theme", NationalRisk.objects.order_by("edition").values_list("theme_code", "theme")),
        ("theme", Theme.objects.values_list("code", "name")),
        ("area", ResilienceArea.objects.values_list("code", "name")),
        ("capability", Capability.objects.values_list("code", "name")),
    ):
        if wanted := codes.get(prefix):
            column = "theme_code__in" if prefix == "risk-theme" else "code__in"
            names |= {f"{prefix}:{code}": name for code, name in rows.filter(**{column: wanted})}
    return names


def sector_name(code: str) -> str:
    return code.replace("-", " ").capitalize()


def either(names: Iterable[str]) -> str:
    """Return names any of which will do: `“Storms” or “Drought”`."""
    return gettext(" or ").join(names)


def list_names(terms: Iterable[str], names: dict[str, str]) -> list[str]:
    """Return one phrase per list: `National Risk “Storms” or “Drought”`."""
    found: dict[str, list[str]] = {}
    for term in terms:
        prefix, _, code = term.partition(":")
        found.setdefault(prefix, []).append(f"“{names.get(term, code)}”")
    return [gettext(LABELS[prefix]) % {"names": either(quoted)} for prefix, quoted in found.items() if prefix in LABELS]


def reason_in_words(reason: dict[str, Any], names: dict[str, str]) -> str:
    """Return what of a publication one subscription asked for."""
    if reason.get("quarterly"):
        return gettext("the lessons digest of the quarter")
    phrases = list_names(reason["matched"], names)
    if reason.get("words"):
        phrases.append(gettext("the words “%(words)s”") % {"words": reason["words"]})
    return "; ".join(phrases) or gettext("everything that is published for you")


def with_sentences(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Return the subscriptions, each with `sentence`, what it asks for in words, whatever their number."""
    found = list(subscriptions)
    names = names_of(term for one in found for term in one.criteria())
    for one in found:
        one.sentence = sentence(one, names)  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True)
class Phrase:
    """A part of a sentence: what leads to some names, and the names, any of which will do."""

    lead: str
    names: list[str] = field(default_factory=list)
    after: str = ""

    @property
    def shown(self) -> list[str]:
        """The names that are read aloud; `more` says how many others there are."""
        return self.names if len(self.names) <= MOST_NAMED else self.names[: MOST_NAMED - 1]

    @property
    def more(self) -> str:
        return (
            gettext("%(number)s more") % {"number": len(self.names) - len(self.shown)}
            if self.shown != self.names
            else ""
        )

    def __str__(self) -> str:
        names = [f"“{name}”" for name in self.shown] + ([self.more] if self.more else [])
        return " ".join(filter(None, [self.lead, either(names), self.after]))


def sentence(subscription: Subscription, names: dict[str, str]) -> str:
    """Return a subscription as it is read aloud: `Lessons about “Storms” in “Cumbria”`."""
    return " ".join(map(str, phrases(subscription, names)))


def phrases(subscription: Subscription, names: dict[str, str]) -> list[Phrase]:
    """Return a subscription as the parts of a sentence.

    :param names: of the terms it asks for, as `names_of` has them
    """

    def asked(name: str) -> list[str]:
        return [names.get(f"{CRITERIA[name]}:{code}", code) for code in getattr(subscription, name)]

    risks = asked("risks") + [gettext("any risk of %(name)s") % {"name": name} for name in asked("risk_themes")]
    found = [
        Phrase(pgettext("before names", "about"), risks),
        Phrase(pgettext("before names", "on"), asked("themes")),
        Phrase(pgettext("before names", "with the capability"), asked("capabilities")),
        Phrase(pgettext("before names", "in"), asked("areas")),
        Phrase(pgettext("before names", "from"), asked("sectors"), gettext("organisations")),
        Phrase(pgettext("before names", "learned from"), asked("sources")),
        Phrase(pgettext("before names", "rated"), asked("brags")),
        Phrase(pgettext("before names", "with the words"), [subscription.words] if subscription.words else []),
    ]
    narrowed = [phrase for phrase in found if phrase.names]
    return [Phrase(_kinds(subscription)), *(narrowed or [Phrase(gettext("about anything"))])]


def _kinds(subscription: Subscription) -> str:
    if len(subscription.kinds) == 1:
        is_lesson = subscription.kinds[0] == Kind.LESSON_IDENTIFIED
        return gettext("Lessons identified") if is_lesson else gettext("Notable practice")
    return gettext("Lessons and notable practice")


def paragraphs_of(text: str) -> list[str]:
    """Return a text as its paragraphs, which empty lines part."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
