"""Names for the codes that publications carry: one query, however many there are."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.expressions import RawSQL

from accounts.models import ResilienceArea
from accounts.statements import AsOne, Statement
from lessons.models import Capability, NationalRisk, Publication, Theme


@dataclass(frozen=True)
class Named:
    code: str
    name: str


#: prefix of a term -> where its name is found
SOURCES = {"risk": NationalRisk, "theme": Theme, "capability": Capability, "area": ResilienceArea}


def with_names(
    publications: Iterable[Publication], known: Mapping[str, Mapping[str, str]] | None = None
) -> list[Publication]:
    """Return the publications, each with `risks`, `themes`, `capabilities` and `areas` as `Named` lists.

    :param known: names by code, by prefix, if they were looked up already
    """
    found = list(publications)
    names = known or names_in(found)
    for publication in found:
        for prefix, attribute in (
            ("risk", "risks"),
            ("theme", "themes"),
            ("capability", "capabilities"),
            ("area", "areas"),
        ):
            of_prefix = names[prefix]
            chosen = [Named(code, of_prefix.get(code, code)) for code in publication.codes_of(prefix)]
            setattr(publication, attribute, chosen)
    return found


def names_in(publications: Iterable[Publication], *, areas: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """Return name by code, by prefix, of the codes that `publications` carry, and of `areas`."""
    found = list(publications)
    codes = {prefix: {code for text in found for code in text.codes_of(prefix)} for prefix in SOURCES}
    codes["area"].update(areas)
    return names_of(codes)


def names_of(codes: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    """Return name by code, by prefix, of the codes under each prefix."""
    names: dict[str, dict[str, str]] = {prefix: {} for prefix in SOURCES}
    if any(codes.values()):
        for prefix, code, name in _NAMES(**{prefix: AsOne(sorted(codes.get(prefix, ()))) for prefix in SOURCES}):
            names[prefix][code] = name
    return names


def _select_names(**codes: str) -> QuerySet[Any, tuple[str, str, str]]:
    first, *others = (
        model.objects.filter(  # type: ignore[attr-defined]
            code__in=RawSQL("SELECT unnest(%s::varchar[])", [codes[prefix]])
        ).values_list(Value(prefix), "code", "name")
        for prefix, model in SOURCES.items()
    )
    names: QuerySet[Any, tuple[str, str, str]] = first.union(*others, all=True)
    return names


_NAMES = Statement(_select_names)
