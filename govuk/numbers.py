"""Numbers that a page sends back."""

import re


def number_sent(text: str | None) -> int | None:
    """Return the number, if a row could have it as its key.  Python itself fails at more than 4,300 digits."""
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None
