"""What is wrong in a cell of a debrief sheet, for people who see no column map: in plain words, with what would fit."""

from collections.abc import Callable
from difflib import get_close_matches

from django.utils.translation import gettext

from lessons.importing.drafts import Problem
from lessons.importing.fields import longest

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
        what = gettext("“%(written)s” is not a date.") % {"written": written}
        return what, gettext("Write it like 14 January 2026 or 14/01/2026.")
    if problem.field != column and (offered := choices().get(column)):  # of `column` itself: how it is written
        return gettext("“%(written)s” is not one of the choices.") % {"written": written}, _what_fits(written, offered)
    if problem.what.startswith("It has "):
        said = gettext("It has %(number)s characters; %(limit)s is the most.")
        return said % {"number": len(cell), "limit": longest(problem.field)}, gettext("Shorten it.")
    return gettext(problem.what), gettext(problem.to_do)


def _what_fits(written: str, offered: list[str]) -> str:
    if len(offered) <= MOST_LISTED:
        return gettext("Write one of: %(choices)s.") % {"choices": ", ".join(offered)}
    by_small_letters = {one.casefold(): one for one in offered}
    alike = get_close_matches(written.casefold(), by_small_letters, n=SUGGESTED, cutoff=0.5)
    alike += [one for one in by_small_letters if written.casefold() in one and one not in alike]
    if alike:
        likely = gettext(" or ").join(by_small_letters[one] for one in alike[:SUGGESTED])
        return gettext("Did you mean %(likely)s?") % {"likely": likely}
    return gettext("The second page of the empty sheet lists all.")
