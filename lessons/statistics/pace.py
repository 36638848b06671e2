"""How long it takes until a lesson is published, and what comes back."""

from lessons.recurring import TREND_MONTHS, trends
from lessons.statistics import drawing
from lessons.statistics.counts import SMALLEST_TOLD, measure_pace
from lessons.statistics.drawing import Row
from lessons.statistics.kinds import MOST_BARS
from lessons.statistics.study import Figure, Study

FEW = f"fewer than {SMALLEST_TOLD}"


def pace(study: Study) -> Figure:
    measured = measure_pace(study.found)
    rows = [
        Row(
            f"{one.tier_name}, {one.year}" if one.year else f"{one.tier_name}, all years",
            one.lessons if one.is_told else 0,
            more=(round(one.median_days, 1), round(one.ninetieth_days, 1)) if one.is_told else ("", ""),
            instead="" if one.is_told else FEW,
        )
        for one in measured
    ]
    whole = [one for one in measured if one.year is None and one.is_told]
    told = [f"{one.tier_name} {one.median_days:.0f} days" for one in whole]
    title = f"Half are published within: {', '.join(told)}" if told else "Too few lessons to tell how long it takes"
    bars = [Row(one.tier_name, round(one.median_days)) for one in whole]
    return Figure(
        "pace",
        title,
        ["Decided by", "Lessons", "Half within, days", "Nine in ten within, days"],
        rows,
        drawn=drawing.bars(bars),
        note=f"From submission to the first publication. Fewer than {SMALLEST_TOLD} lessons are not told.",
    )


def recurring(study: Study) -> Figure:
    themes, risk_themes = study.filters.theme_names, study.filters.risk_theme_names
    rows = [
        Row(
            f"{themes.get(trend.theme, trend.theme)}, {risk_themes.get(trend.risk_theme, trend.risk_theme)}",
            trend.whole.lessons,
            study.list_url(theme=trend.theme, risk_theme=trend.risk_theme),
            (trend.whole.areas, trend.whole.sectors, trend.burst.lessons),
        )
        for trend in trends(study.found)
    ]
    title = f"{rows[0].name}: {rows[0].count} lessons" if rows else "Nothing comes back yet"
    return Figure(
        "recurring",
        title,
        ["Theme and theme of the risk", "Lessons", "Areas", "Sectors", f"Within {TREND_MONTHS} months"],
        rows,
        drawn=drawing.bars(rows[:MOST_BARS]),
        note=(
            f"At least 3 lessons from at least 2 areas or 2 sectors, within {TREND_MONTHS} months, "
            "on the same theme and theme of risk."
        ),
    )
