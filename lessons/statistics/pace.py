"""How long it takes until a lesson is published, and what comes back."""

from django.utils.translation import gettext

from lessons.recurring import TREND_MONTHS, trends
from lessons.statistics import drawing
from lessons.statistics.counts import SMALLEST_TOLD, too_few
from lessons.statistics.drawing import Row
from lessons.statistics.kinds import MOST_BARS
from lessons.statistics.study import Figure, Study


def pace(study: Study) -> Figure:
    measured, every_year = study.pace, gettext("all years")
    rows = [
        Row(
            f"{one.tier_name}, {one.year or every_year}",
            one.lessons if one.is_told else 0,
            more=(one.median_days, one.ninetieth_days) if one.is_told else ("", ""),
            instead="" if one.is_told else too_few(),
        )
        for one in measured
    ]
    whole = [one for one in measured if one.year is None and one.is_told]
    told = [gettext("%(tier)s %(number)s days") % {"tier": one.tier_name, "number": one.median_days} for one in whole]
    half = gettext("Half are published within: %(times)s") % {"times": ", ".join(told)}
    title = half if told else gettext("Too few lessons to tell how long it takes")
    bars = [Row(one.tier_name, one.median_days) for one in whole]
    return Figure(
        "pace",
        title,
        [gettext("Decided by"), gettext("Lessons"), gettext("Half within, days"), gettext("Nine in ten within, days")],
        rows,
        drawn=drawing.bars(bars),
        note=gettext(
            "From submission to the first publication of every lesson that you may read, whatever is chosen above. "
            "Fewer than %(number)s lessons are not told."
        )
        % {"number": SMALLEST_TOLD},
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
        for trend in study.as_one(trends)
    ]
    title = (
        gettext("%(name)s: %(count)s lessons") % {"name": rows[0].name, "count": rows[0].count}
        if rows
        else gettext("Nothing comes back yet")
    )
    return Figure(
        "recurring",
        title,
        [
            gettext("Theme and theme of the risk"),
            gettext("Lessons"),
            gettext("Areas"),
            gettext("Sectors"),
            gettext("Within %(months)s months") % {"months": TREND_MONTHS},
        ],
        rows,
        drawn=drawing.bars(rows[:MOST_BARS]),
        note=gettext(
            "At least 3 lessons from at least 2 areas or 2 sectors, within %(months)s months, "
            "on the same theme and theme of risk."
        )
        % {"months": TREND_MONTHS},
    )
