"""How often something may be asked, and what was asked so far: one table of counts for pages, API and sign-in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import RateCount

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
        began = self._began(at)
        with connection.cursor() as cursor:
            cursor.execute(COUNT_UP, {"key": f"{self.name}:{who}", "began_at": began})
            (count,) = cursor.fetchone()
        return Used(self, count, began + self.period - at)

    def is_used_up(self, who: str, at: datetime) -> bool:
        """Look without counting."""
        return self._now(who, at).filter(count__gte=self.limit).exists()

    def take_back(self, who: str, at: datetime) -> None:
        """Uncount one of this period, such as a try that turned out right."""
        self._now(who, at).filter(count__gt=0).update(count=F("count") - 1)

    def _began(self, at: datetime) -> datetime:
        seconds = int(self.period.total_seconds())
        return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)

    def _now(self, who: str, at: datetime) -> "models.QuerySet[RateCount]":
        return RateCount.objects.filter(key=f"{self.name}:{who}", began_at=self._began(at))


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
    def is_first_too_much(self) -> bool:
        return self.count == self.rate.limit + 1

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
#: What a person sends from pages: more than hands can, fewer than a script would.
PAGE_WRITES = Rate("page-writes", settings.PAGE_WRITES_PER_MINUTE, timedelta(minutes=1))
#: Of a person, from the pages and from programs together.
EXPORTS = Rate("exports", settings.EXPORTS_PER_DAY, timedelta(days=1))
#: Of one network address, with a password or a code that turned out wrong.
WRONG_SIGN_INS = Rate("wrong-sign-ins", 30, timedelta(minutes=5))
#: Of one network address: what makes us send a mail to somebody else, and what comes back from such a mail.
MAILS_ASKED_FOR = Rate("mails-asked-for", 20, timedelta(minutes=5))
KEYS_SHOWN = Rate("keys-shown", 60, timedelta(minutes=5))
#: Of one network address: what browsers report by themselves.
CSP_REPORTS = Rate("csp-reports", 30, timedelta(minutes=5))
#: To one mail address.
MAILS_TO_ADDRESS = Rate("mails-to-address", 5, timedelta(minutes=15))


def network_address_of(request: HttpRequest) -> str:
    """Return a code that stands for where `request` comes from; the address itself is not stored."""
    from allauth.core.internal.ratelimit import get_ip  # it knows which proxies to believe

    return coded(get_ip(request))


def coded(who: str) -> str:
    """Return a code that stands for an address in the table of counts."""
    return salted_hmac("accounts.rates", who).hexdigest()[:32]


View = Callable[..., HttpResponse]


def limited(rate: Rate) -> Callable[[View], View]:
    """Count what is posted to a view, by network address, and answer 429 above the rate."""

    def around(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                used = rate.count(network_address_of(request), timezone.now())
                if used.is_too_much:
                    return too_many(request, used.wait_seconds)
            return view(request, *args, **kwargs)

        return counted

    return around


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """Return the page for too many requests, with when to come again."""
    answer = render(request, "429.html", status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer
