"""Which figure is on which page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StatisticsPage:
    code: str  # "" is the first
    name: str
    figures: tuple[str, ...]


PAGES = (
    StatisticsPage("", "Overview", ("published", "submitted", "kinds", "brag", "sources")),
    StatisticsPage("risks", "National Risks", ("matrix", "risks", "gaps")),
    StatisticsPage("themes", "Themes", ("principles", "themes", "capabilities")),
    StatisticsPage("places", "Areas and sectors", ("areas", "sectors", "silent_areas", "silent_organisations")),
    StatisticsPage("pace", "Pace and recurrence", ("pace", "recurring")),
)
BY_CODE = {page.code: page for page in PAGES}
