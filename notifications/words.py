"""Codes and criteria in words: for reasons in mails, and for lists of subscriptions."""

from collections.abc import Iterable
from typing import Any

from accounts.models import ResilienceArea
from lessons.models import Kind, NationalRisk, Theme
from notifications.models import CRITERIA, Subscription

KIND_NAMES = {f"kind:{kind.value}": kind.label for kind in Kind}
#: What stands before the names of a list, by prefix of the term.
LABELS = {
    "kind": "kind",
    "risk": "National Risk",
    "risk-theme": "risk theme",
    "theme": "theme",
    "area": "area",
    "sector": "sector",
}


def names_of(terms: Iterable[str]) -> dict[str, str]:
    """Return a name for each term that has one, such as {"risk:storms": "Storms"}; a query per list at most."""
    codes: dict[str, set[str]] = {}
    for term in terms:
        prefix, _, code = term.partition(":")
        codes.setdefault(prefix, set()).add(code)
    names = dict(KIND_NAMES)
    names |= {f"sector:{code}": sector_name(code) for code in codes.get("sector", ())}
    for prefix, rows in (
        ("risk", NationalRisk.objects.order_by("edition").values_list("code", "name")),
        ("risk-theme", NationalRisk.objects.order_by("edition").values_list("theme_code", "theme")),
        ("theme", Theme.objects.values_list("code", "name")),
        ("area", ResilienceArea.objects.values_list("code", "name")),
    ):
        if wanted := codes.get(prefix):
            column = "theme_code__in" if prefix == "risk-theme" else "code__in"
            names |= {f"{prefix}:{code}": name for code, name in rows.filter(**{column: wanted})}
    return names


def sector_name(code: str) -> str:
    return code.replace("-", " ").capitalize()


def list_names(terms: Iterable[str], names: dict[str, str]) -> list[str]:
    """Return one phrase per list: `National Risk “Storms” or “Drought”`."""
    found: dict[str, list[str]] = {}
    for term in terms:
        prefix, _, code = term.partition(":")
        found.setdefault(prefix, []).append(f"“{names.get(term, code)}”")
    return [f"{LABELS[prefix]} {' or '.join(quoted)}" for prefix, quoted in found.items() if prefix in LABELS]


def reason_in_words(reason: dict[str, Any], names: dict[str, str]) -> str:
    """Return what of a publication one subscription asked for."""
    phrases = list_names(reason["matched"], names)
    if reason.get("words"):
        phrases.append(f"the words “{reason['words']}”")
    return "; ".join(phrases) or "everything that is published for you"


def with_sentences(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Return the subscriptions, each with `sentence`, what it asks for in words, whatever their number."""
    found = list(subscriptions)
    names = names_of(term for one in found for term in one.criteria())
    for one in found:
        one.sentence = sentence(one, names)  # type: ignore[attr-defined]
    return found


def sentence(subscription: Subscription, names: dict[str, str]) -> str:
    """Return a subscription as it is read aloud: `Lessons identified about “Storms”, in “Cumbria”`."""
    quoted = {
        name: [f"“{names.get(f'{prefix}:{code}', code)}”" for code in getattr(subscription, name)]
        for name, prefix in CRITERIA.items()
    }
    risks = quoted["risks"] + [f"any risk of {name}" for name in quoted["risk_themes"]]
    parts = [_kinds(subscription)]
    for lead, names_ in (
        ("about", risks),
        ("on", quoted["themes"]),
        ("in", quoted["areas"]),
        ("from", [f"{name} organisations" for name in quoted["sectors"]]),
    ):
        if names_:
            parts.append(f"{lead} {' or '.join(names_)}")
    if subscription.words:
        parts.append(f"with the words “{subscription.words}”")
    return ", ".join(parts) if len(parts) > 1 else f"{parts[0]} about anything"


def _kinds(subscription: Subscription) -> str:
    if len(subscription.kinds) == 1:
        return "Lessons identified" if subscription.kinds[0] == Kind.LESSON_IDENTIFIED else "Notable practice"
    return "Lessons identified and notable practice"


def paragraphs_of(text: str) -> list[str]:
    """Return a text as its paragraphs, which empty lines part."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
