"""How often the API may be asked, and what was asked so far."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

COUNT_UP = """
INSERT INTO accounts_ratecount AS known (key, began_at, count) VALUES (%(key)s, %(began_at)s, 1)
ON CONFLICT (key) DO UPDATE SET
    began_at = excluded.began_at,
    count = CASE WHEN known.began_at = excluded.began_at THEN known.count + 1 ELSE 1 END
RETURNING count
"""


@dataclass(frozen=True)
class Rate:
    """So many requests in each period; periods are fixed stretches of the clock."""

    name: str
    limit: int
    period: timedelta

    def count(self, who: str, at: datetime) -> "Used":
        """Count one request of `who`: one statement, right for any number of processes.

        :param at: aware
        """
        seconds = int(self.period.total_seconds())
        began = datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
        with connection.cursor() as cursor:
            cursor.execute(COUNT_UP, {"key": f"{self.name}:{who}", "began_at": began})
            (count,) = cursor.fetchone()
        return Used(self, count, began + self.period - at)


@dataclass(frozen=True)
class Used:
    """What is used up of a rate.

    :ivar left: until the next period begins
    """

    rate: Rate
    count: int
    left: timedelta

    @property
    def is_too_much(self) -> bool:
        return self.count > self.rate.limit

    @property
    def wait_seconds(self) -> int:
        return int(self.left.total_seconds()) + 1

    @property
    def headers(self) -> dict[str, str]:
        """As in the IETF draft on RateLimit header fields, in the form that programs know."""
        return {
            "RateLimit-Limit": str(self.rate.limit),
            "RateLimit-Remaining": str(max(self.rate.limit - self.count, 0)),
            "RateLimit-Reset": str(self.wait_seconds),
        }


READS = Rate("reads", settings.API_REQUESTS_PER_MINUTE, timedelta(minutes=1))
WRITES = Rate("writes", 120, timedelta(minutes=1))
#: Of a person, from the pages and from programs together.
EXPORTS = Rate("exports", settings.EXPORTS_PER_DAY, timedelta(days=1))
