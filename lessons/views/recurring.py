"""What keeps coming back: recurrences that somebody confirmed, and trends by rule."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lessons.alike import alike
from lessons.kept import UNFILTERED, count_as_one
from lessons.models import NationalRisk, Publication, Theme
from lessons.named import with_names
from lessons.recurring import TREND_MONTHS, Spread, Trend, burst_of, confirmed, sightings_of, trends
from lessons.views.reading import SignedInRequest

MOST_SHOWN = 50
LESSONS_SHOWN = 100


@dataclass(frozen=True)
class NamedTrend:
    trend: Trend
    theme: str
    risk_theme: str


@require_GET
def recurring(request: SignedInRequest) -> HttpResponse:
    """Recurrences and trends among what the reader may read; `risk_theme` narrows the trends."""
    readable = Publication.objects.readable_by(request.user)
    found = count_as_one(readable.unarchived(), request.user, trends, by=UNFILTERED)
    risk_themes = risk_theme_names()
    chosen = request.GET.get("risk_theme", "")
    kept = [trend for trend in found if chosen in ("", trend.risk_theme)]
    themes = dict(Theme.objects.values_list("code", "name"))
    context = {
        "recurrences": confirmed(readable)[:MOST_SHOWN],
        "trends": [
            NamedTrend(trend, themes.get(trend.theme, trend.theme), risk_themes.get(trend.risk_theme, trend.risk_theme))
            for trend in kept[:MOST_SHOWN]
        ],
        "number": len(kept),
        "chosen": chosen if chosen in risk_themes else "",
        "choices": sorted(
            {trend.risk_theme: risk_themes.get(trend.risk_theme, trend.risk_theme) for trend in found}.items(),
            key=lambda pair: pair[1],
        ),
        "months": TREND_MONTHS,
    }
    return render(request, "lessons/recurring.html", context)


@require_GET
def recurring_trend(request: SignedInRequest, risk_theme: str, theme: str) -> HttpResponse:
    """The lessons on one theme and risk theme, those that say much the same together."""
    both = [f"theme:{theme}", f"risk-theme:{risk_theme}"]
    found = Publication.objects.readable_by(request.user).unarchived().filter(terms__contains=both)
    name = Theme.objects.filter(code=theme).values_list("name", flat=True).first()
    names = risk_theme_names()
    if not name or risk_theme not in names:
        raise Http404
    sightings = sightings_of(found)
    texts = with_names(found.for_list().order_by("-event_on", "-pk")[:LESSONS_SHOWN])
    context = {
        "theme": name,
        "theme_code": theme,
        "risk_theme": names[risk_theme],
        "risk_theme_code": risk_theme,
        "whole": Spread.of(sightings) if sightings else None,
        "burst": burst_of(sightings),
        "months": TREND_MONTHS,
        "groups": alike(texts),
        "texts": texts,
    }
    return render(request, "lessons/recurring_trend.html", context)


def risk_theme_names() -> dict[str, str]:
    """Return the themes of the register by code, as the newest edition names them."""
    return dict(NationalRisk.objects.order_by("edition").values_list("theme_code", "theme"))
