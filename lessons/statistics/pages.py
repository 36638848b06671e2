"""Which figure is on which page."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from govuk.look import Words


@dataclass(frozen=True)
class StatisticsPage:
    code: str  # "" is the first
    name: Words
    figures: tuple[str, ...]


PAGES = (
    StatisticsPage("", _("Overview"), ("published", "submitted", "kinds", "brag", "sources")),
    StatisticsPage("risks", _("National Risks"), ("matrix", "risks", "gaps")),
    StatisticsPage("themes", _("Themes"), ("principles", "themes", "capabilities")),
    StatisticsPage("places", _("Areas and sectors"), ("areas", "sectors", "silent_areas", "silent_organisations")),
    StatisticsPage("pace", _("Pace and recurrence"), ("pace", "recurring")),
)
BY_CODE = {page.code: page for page in PAGES}
