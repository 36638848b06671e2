"""Names for the codes that publications carry: one query for each list, however long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.models import ResilienceArea
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
    names = known or {prefix: _names(prefix, found) for prefix in SOURCES}
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


def _names(prefix: str, publications: list[Publication]) -> dict[str, str]:
    codes = {code for publication in publications for code in publication.codes_of(prefix)}
    if not codes:
        return {}
    return dict(SOURCES[prefix].objects.filter(code__in=codes).values_list("code", "name"))  # type: ignore[attr-defined]
