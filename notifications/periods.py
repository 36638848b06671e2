"""The periods of digests: they end at 08:00 in London, whatever the clocks do, and are kept as moments in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.models import Frequency

LONDON = ZoneInfo("Europe/London")
#: Far from the hour that is left out in spring and comes twice in autumn.
ENDS_AT = time(8, 0)
MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3}


@dataclass(frozen=True)
class Period:
    """From `start` until just before `end`, both aware and in UTC."""

    frequency: str
    start: datetime
    end: datetime

    @property
    def last_day(self) -> date:
        """The last day that it covers, in London."""
        return (self.end.astimezone(LONDON) - timedelta(days=1)).date()


def last_period(frequency: str, at: datetime) -> Period:
    """Return the newest period of `frequency` that has ended at `at`.

    Days end daily, weeks on Mondays, months and quarters on their first day.
    :raises ValueError: `frequency` is not that of a digest
    """
    local = at.astimezone(LONDON)
    end = _begins_on(frequency, local.date())
    if _moment(end) > at:
        end = _begins_on(frequency, end - timedelta(days=1))
    start = _begins_on(frequency, end - timedelta(days=1))
    return Period(frequency, _moment(start), _moment(end))


def next_end(frequency: str, at: datetime) -> datetime:
    """Return the moment after `at` at which a period of `frequency` ends."""
    day = at.astimezone(LONDON).date()
    while (moment := _moment(_begins_on(frequency, day))) <= at:
        day += timedelta(days=1)
    return moment


def _begins_on(frequency: str, day: date) -> date:
    """Return the newest day, `day` or before it, on which a period of `frequency` begins."""
    match frequency:
        case Frequency.DAILY:
            return day
        case Frequency.WEEKLY:
            return day - timedelta(days=day.weekday())
        case Frequency.MONTHLY | Frequency.QUARTERLY:
            months = MONTHS[Frequency(frequency)]
            return day.replace(day=1, month=day.month - (day.month - 1) % months)
    raise ValueError(f"no digest is {frequency}")


def _moment(day: date) -> datetime:
    return datetime.combine(day, ENDS_AT, LONDON).astimezone(UTC)
