"""Working days and due dates."""

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays
from django.utils import timezone

from lessons.models import Brag, Lesson

#: Working days in which a decision is promised (DOMAIN, section 5).
RED_DAYS, OTHER_DAYS = 2, 10
#: Working days in which a declined lesson may be appealed (MODEL, section 3).
APPEAL_DAYS = 20
#: Working days in which an owner who wants to see the edited text answers; then it counts as seen.
RED_SIGHT_DAYS, SIGHT_DAYS = 1, 5
SUBDIVISIONS = {"England": "ENG", "Wales": "WLS", "Scotland": "SCT", "Northern Ireland": "NIR"}


@lru_cache(maxsize=64)
def _bank_holidays(nation: str, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv=SUBDIVISIONS.get(nation, "ENG"), years=year)


def is_working_day(day: date, nation: str) -> bool:
    """Whether `day` is no weekend and no bank holiday of the nation (England's where it spans several)."""
    return day.weekday() < 5 and day not in _bank_holidays(nation, day.year)


def add_working_days(day: date, count: int, nation: str) -> date:
    """Return the `count`-th working day after `day`."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, nation)
    return day


def nation_of(lesson: Lesson) -> str:
    return lesson.area.nation if lesson.area else lesson.organisation.nation


def due_on(lesson: Lesson, at: datetime) -> date:
    """Return the day by which moderators decide, counted from `at` in London."""
    days = RED_DAYS if lesson.brag == Brag.RED else OTHER_DAYS
    return add_working_days(timezone.localdate(at), days, nation_of(lesson))


def appeal_until(lesson: Lesson, declined_at: datetime) -> date:
    """Return the last day on which a lesson declined at `declined_at` may be appealed."""
    return add_working_days(timezone.localdate(declined_at), APPEAL_DAYS, nation_of(lesson))


def sight_until(lesson: Lesson, shown_at: datetime) -> date:
    """Return the last day on which the owner may object to a text that was shown at `shown_at`."""
    days = RED_SIGHT_DAYS if lesson.brag == Brag.RED else SIGHT_DAYS
    return add_working_days(timezone.localdate(shown_at), days, nation_of(lesson))
