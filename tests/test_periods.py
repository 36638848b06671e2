"""Periods of digests: no gap and no overlap, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from notifications.models import Frequency
from notifications.periods import LONDON, last_period, next_end

DIGESTS = [Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.QUARTERLY]
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@pytest.mark.parametrize("frequency", DIGESTS)
@given(at=MOMENTS)
def test_a_period_has_ended_and_the_next_has_not(frequency: str, at: datetime) -> None:
    period = last_period(frequency, at)

    assert period.start < period.end <= at < next_end(frequency, at)


@pytest.mark.parametrize("frequency", DIGESTS)
@given(at=MOMENTS)
def test_periods_touch_exactly(frequency: str, at: datetime) -> None:
    period = last_period(frequency, at)

    assert last_period(frequency, period.start).end == period.start
    assert last_period(frequency, period.end - timedelta(seconds=1)).end == period.start
    assert next_end(frequency, period.start) == period.end


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 29, 9, tzinfo=UTC), 23), (datetime(2026, 10, 25, 9, tzinfo=UTC), 25)],
)
def test_days_on_which_the_clocks_change_end_at_eight_too(day: datetime, hours: int) -> None:
    period = last_period(Frequency.DAILY, day)

    assert period.end.astimezone(LONDON).hour == 8
    assert period.end - period.start == timedelta(hours=hours)


@pytest.mark.parametrize("first", [date(2026, 10, 24), date(2027, 3, 27)])
def test_minute_by_minute_through_a_change_of_the_clocks_each_day_ends_once_and_at_eight(first: date) -> None:
    days = [first + timedelta(days=number) for number in range(4)]
    begin, end = (datetime.combine(day, time(0, 0), LONDON).astimezone(UTC) for day in (days[0], days[-1]))
    minutes = (end - begin) // timedelta(minutes=1) + 12 * 60
    before, ends = last_period(Frequency.DAILY, begin), []

    for at in (begin + timedelta(minutes=minute) for minute in range(minutes)):
        period = last_period(Frequency.DAILY, at)
        if period != before:
            assert period.start == before.end
            ends.append(at.astimezone(LONDON).strftime("%d %H:%M"))
            before = period

    assert ends == [f"{day.day} 08:00" for day in days]


@pytest.mark.parametrize("name", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_nothing_is_scheduled_by_a_clock_on_a_wall(name: str) -> None:
    """Then no task falls into the hour that is left out in spring and comes twice in autumn."""
    assert isinstance(settings.CELERY_BEAT_SCHEDULE[name]["schedule"], float)


def test_weeks_end_on_monday_months_and_quarters_on_the_first() -> None:
    at = datetime(2026, 5, 20, 12, tzinfo=UTC)

    ends = [last_period(frequency, at).end.astimezone(LONDON).strftime("%a %-d %b %H:%M") for frequency in DIGESTS]

    assert ends == ["Wed 20 May 08:00", "Mon 18 May 08:00", "Fri 1 May 08:00", "Wed 1 Apr 08:00"]


def test_at_once_is_no_period() -> None:
    with pytest.raises(ValueError, match="no digest"):
        last_period(Frequency.AT_ONCE, datetime(2026, 5, 20, tzinfo=UTC))
