"""Guessing slowed down: a few wrong tries are free, then each costs a longer wait, then none is taken for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import RateCount

#: Counts one try if one may be made now, and sets how long the next has to wait.
TAKE = """
INSERT INTO accounts_ratecount AS known (key, began_at, count, wait_until) VALUES (%(key)s, %(at)s, 1, %(at)s)
ON CONFLICT (key) DO UPDATE SET
    began_at = CASE WHEN known.began_at <= %(over)s THEN excluded.began_at ELSE known.began_at END,
    count = CASE WHEN known.began_at <= %(over)s THEN 1 ELSE known.count + 1 END,
    wait_until = CASE WHEN known.began_at <= %(over)s OR known.count + 1 < %(free)s THEN excluded.wait_until
                      ELSE excluded.began_at + %(first_wait)s * power(2, known.count + 1 - %(free)s) END
WHERE known.began_at <= %(over)s OR (known.count < %(limit)s AND known.wait_until <= %(at)s)
RETURNING count
"""


@dataclass(frozen=True)
class Tries:
    """Tries of one thing; each stretch of `period` begins with its first try, so nothing is locked for good.

    :ivar free: so many without a wait; then `first_wait`, doubled with each
    :ivar limit: no more than so many in a period
    """

    name: str
    free: int
    limit: int
    period: timedelta
    first_wait: timedelta

    def may_try(self, who: str, at: datetime) -> bool:
        """Count a try and say whether it may be made: two at the same moment cannot both be the last one.

        It is counted before it is known to be wrong; `forget` after a right one.
        """
        values: dict[str, Any] = {
            "key": self._key(who),
            "at": at,
            "over": at - self.period,
            "free": self.free,
            "limit": self.limit,
            "first_wait": self.first_wait,
        }
        with connection.cursor() as cursor:
            cursor.execute(TAKE, values)
            return cursor.fetchone() is not None

    def forget(self, who: str) -> None:
        RateCount.objects.filter(key=self._key(who)).delete()

    def _key(self, who: str) -> str:
        return f"{self.name}:{who}"


#: Passwords tried on one address, whoever has it or nobody.
PASSWORDS = Tries("password", free=5, limit=10, period=timedelta(minutes=5), first_wait=timedelta(seconds=5))
#: Codes of the second factor tried on one account.
CODES = Tries("code", free=5, limit=10, period=timedelta(minutes=5), first_wait=timedelta(seconds=5))
