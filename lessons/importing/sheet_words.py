"""What is wrong in a cell of a debrief sheet, for people who see no column map: in plain words, with what would fit."""

from collections.abc import Callable
from difflib import get_close_matches

from lessons.importing.drafts import Problem

#: Of columns that take more names than this, those are offered that look like what was written.
MOST_LISTED = 7
SUGGESTED = 3


def plain_words(
    problem: Problem, column: str, cell: str, choices: Callable[[], dict[str, list[str]]]
) -> tuple[str, str]:
    """Return what is wrong and what to do about it.

    :param choices: what can be written, by column; asked only where it is needed
    """
    written = problem.value or cell
    if problem.field == "event.started_on":
        return f"“{written}” is not a date.", "Write it like 14 January 2026 or 14/01/2026."
    if problem.field != column and (offered := choices().get(column)):  # of `column` itself: how it is written
        return f"“{written}” is not one of the choices.", _what_fits(written, offered)
    return problem.what, "Shorten it." if problem.what.startswith("It has ") else problem.to_do


def _what_fits(written: str, offered: list[str]) -> str:
    if len(offered) <= MOST_LISTED:
        return f"Write one of: {', '.join(offered)}."
    by_small_letters = {one.casefold(): one for one in offered}
    alike = get_close_matches(written.casefold(), by_small_letters, n=SUGGESTED, cutoff=0.5)
    alike += [one for one in by_small_letters if written.casefold() in one and one not in alike]
    if alike:
        return f"Did you mean {' or '.join(by_small_letters[one] for one in alike[:SUGGESTED])}?"
    return "The second page of the empty sheet lists all."
