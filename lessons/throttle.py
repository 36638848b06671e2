"""Counting how often something was tried, in the cache that all processes share."""

from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def address_key(request: HttpRequest) -> str:
    """Return a code that stands for where `request` comes from; the address itself is not stored."""
    from allauth.core.internal.ratelimit import get_ip  # it knows which proxies to believe

    return salted_hmac("lessons.throttle", get_ip(request)).hexdigest()[:32]


class Throttle:
    """At most `limit` in a period, by key.  Periods are fixed stretches of the clock.

    Two requests at the very same time may count as one: it slows down, it does not account.
    """

    def __init__(self, name: str, *, limit: int, seconds: int) -> None:
        self.name, self.limit, self.seconds = name, limit, seconds

    def is_used_up(self, key: str, at: datetime) -> bool:
        return int(cache.get(self._key(key, at), 0)) >= self.limit

    def count(self, key: str, at: datetime) -> None:
        name = self._key(key, at)
        cache.set(name, int(cache.get(name, 0)) + 1, timeout=self.seconds)

    def _key(self, key: str, at: datetime) -> str:
        return f"throttle:{self.name}:{int(at.timestamp()) // self.seconds}:{key}"
