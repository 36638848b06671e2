"""All figures, by the codes that stand in addresses."""

from collections.abc import Callable

from lessons.statistics import kinds, over_time, pace, places, risks
from lessons.statistics.study import Figure, Study

FIGURES: dict[str, Callable[[Study], Figure]] = {
    "published": over_time.published,
    "submitted": over_time.submitted,
    "kinds": kinds.kinds,
    "brag": kinds.brag,
    "sources": kinds.sources,
    "matrix": risks.matrix,
    "risks": kinds.risks,
    "gaps": risks.gaps,
    "principles": kinds.principles,
    "themes": kinds.themes,
    "capabilities": kinds.capabilities,
    "areas": places.areas,
    "sectors": kinds.sectors,
    "silent_areas": places.silent_areas,
    "silent_organisations": places.silent_organisations,
    "pace": pace.pace,
    "recurring": pace.recurring,
}
