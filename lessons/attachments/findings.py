"""What was found in a file, and why it was refused, in the language that is spoken.

Both are kept in English, as the process that looked said it.
"""

from django.utils.translation import gettext, gettext_noop

#: Before the colon of a finding that names somebody or something; what follows is of the file.
NAMES = (
    gettext_noop("Author"),
    gettext_noop("Last changed by"),
    gettext_noop("Company"),
    gettext_noop("Manager"),
    gettext_noop("Title"),
)
SENTENCES = (
    gettext_noop("It holds comments"),
    gettext_noop("It holds the speaker’s notes"),
    gettext_noop("It holds tracked changes"),
    gettext_noop("It holds hidden sheets"),
    gettext_noop("It holds hidden slides"),
    gettext_noop("It holds properties that somebody or some program added"),
)

MALWARE = gettext_noop("A virus scanner found {name} in the file. Do not open it; tell your IT security team")


def in_words(finding: str) -> str:
    name, colon, said = finding.partition(": ")
    if colon and name in NAMES:
        return f"{gettext(name)}: {said}"
    return gettext(finding) if finding in SENTENCES else finding


def refusal_in_words(reason: str) -> str:
    before, _, after = MALWARE.partition("{name}")
    if reason.startswith(before) and reason.endswith(after):
        return gettext(MALWARE).format(name=reason.removeprefix(before).removesuffix(after))
    return gettext(reason) if reason else ""
