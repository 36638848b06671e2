"""Whether a recommendation can be acted on: a hint for its writer, which nobody has to answer."""

import re

from django.utils.translation import gettext

#: Words that say a direction and no deed.
VAGUE = re.compile(
    r"^(?:to |please |we (?:should|need to|must) |there (?:should|needs to|must) be )?"
    r"(?:be aware|better|be more|consider|continue|encourage|enhance|ensure|explore|greater|improve|increase|learn|"
    r"look at|look into|more|promote|raise|remember|review|strengthen|think about|try)\b",
    re.IGNORECASE,
)
#: A vague beginning is mended by saying what exactly; it takes about so many words.
ENOUGH_WORDS = 9
NOBODY = re.compile(
    r"^(?:all|all (?:agencies|organisations|partners|responders|services|staff)|any|anyone|agencies|everybody|everyone|"
    r"n/?a|none|organisations|partners|responders|services|someone|staff|tbc|tbd|them|us|various|we)\.?$",
    re.IGNORECASE,
)


def hint_on(text: str, by_whom: str) -> str:
    """Return what would make the recommendation clearer, or "" if it says what and by whom."""
    words = text.split()
    if not words:
        return ""
    is_vague = len(words) < 3 or (VAGUE.match(text.strip()) is not None and len(words) < ENOUGH_WORDS)
    is_nobodys = not by_whom.strip() or NOBODY.match(by_whom.strip()) is not None
    if is_vague and is_nobodys:
        return gettext(
            "It says neither what to do nor who does it. Name one thing to do, and the role or service that does it."
        )
    if is_vague:
        return gettext(
            "It names a direction. Say what exactly should be done, so that others can tell when it is done."
        )
    if is_nobodys:
        return gettext("It names nobody. What everybody should do is often done by nobody: name a role or service.")
    return ""
