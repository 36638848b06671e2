"""Days in words, of which a page shows dozens and the site the same again and again."""

from datetime import date
from functools import lru_cache

from django.utils import dateformat
from django.utils.translation import get_language


def in_words(day: date, pattern: str) -> str:
    """Return `day` as Django's `date` filter writes it with this pattern, in the language that is spoken."""
    return _in_words(day, pattern, get_language())


@lru_cache(maxsize=4096)
def _in_words(day: date, pattern: str, language: str | None) -> str:
    return dateformat.format(day, pattern)
