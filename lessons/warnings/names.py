"""Names of people, as far as rules can tell: after a title or a rank, or a common given name and a surname.

A list of given names misses many names, above all those of people whose families came from elsewhere, and some given
names are words or places.  So this finds some names, not all; the checklist asks a person about the rest.
`benchmarks/personal_data.py` says how many.
"""

import re
from collections.abc import Iterator

from lessons.models.warnings import WarningKind
from lessons.warnings.found import Found
from lessons.warnings.words import word_list

TITLES = word_list("titles")
GIVEN = word_list("given_names")
NOT_PEOPLE = word_list("no_surnames")
SURNAME = r"(?:(?:O['’]|Mac|Mc|[Dd]e |[Vv]an |[Aa]l-|[Ee]l-)?[A-Z][a-zà-ÿ]+(?:[-’'][A-Z][a-zà-ÿ]+)*)"
#: Only what is cut short has a full stop that ends no sentence: "Supt. Naylor", but "the Captain. After that".
CUT_SHORT = {title for title in TITLES if len(title) <= 4 and not title.isupper()}
TITLE = rf"(?:(?:{'|'.join(sorted(TITLES))})|(?:{'|'.join(sorted(CUT_SHORT))})\.)"
AFTER_TITLE = re.compile(rf"\b{TITLE}[ \t]+(?:[A-Z]\.?[ \t]+){{0,2}}({SURNAME}(?:[ \t]+{SURNAME})?)")
GIVEN_AND_SURNAME = re.compile(
    rf"\b(?:(?:{'|'.join(sorted(GIVEN))})[ \t]+){{1,3}}(?:[A-Z]\.?[ \t]+){{0,2}}({SURNAME})\b"
)
#: A rank is a role too: "Commander of the cordon", "Inspector Training".
ROLES = word_list("roles")


def names(text: str) -> Iterator[Found]:
    for match in AFTER_TITLE.finditer(text):
        words = match[1].split()
        if words[0] not in ROLES and not _is_no_person(words[0]):
            end = match.end() if len(words) == 1 or not _is_no_person(words[-1]) else match.start(1) + len(words[0])
            yield Found(WarningKind.NAME, match.start(), end, text[match.start() : end])
    for match in GIVEN_AND_SURNAME.finditer(text):
        following = text[match.end() : match.end() + 20].split()
        is_place = bool(following) and following[0].strip(".,;") in NOT_PEOPLE
        if not _is_no_person(match[1]) and not is_place:
            yield Found(WarningKind.NAME, match.start(), match.end(), match[0])


def _is_no_person(word: str) -> bool:
    return word in NOT_PEOPLE
