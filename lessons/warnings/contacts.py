"""How to reach somebody: telephone numbers, email addresses, postcodes."""

import re
from collections.abc import Iterator

from lessons.models.warnings import WarningKind
from lessons.warnings.found import Found
from lessons.warnings.words import word_list

#: It begins where such letters begin, or a long word would be looked at once from each of them.
EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")

#: Digits with what people put between them; where it begins says which country's it is.
PHONE = re.compile(
    r"(?<![\w.,/£$-])(?:(?:\+|\b00)\(?\d|\(?0\d)"
    r"(?:[ \t\u00a0\u2009\u202f.()\u2010-\u2013-]{0,3}\d){6,14}(?![\w/]|[.,]\d)"
)
#: North American, its area set apart by a slash or brackets: with spaces or hyphens alone it looks like an NHS number.
PHONE_AMERICAN = re.compile(
    r"(?<![\w.,/£$-])(?:\([2-9]\d{2}\)[ \t]?|[2-9]\d{2}/)[2-9]\d{2}[ .\u2010-\u2013-]\d{4}(?![\w/]|[.,-]\d)"
)
#: Not one number but dates or times that happen to stand together.
DATE = re.compile(r"(?<!\d)\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?!\d)")
#: Ofcom's national numbering plan: what a number can begin with after the 0.
UK_BEGINS = re.compile(r"0(?:1[1-9]|2[0-9]|3[0347]|5[56]|7[0-9]|8[0-9]|9[01])")

POSTCODE_AREAS = sorted(word_list("postcode_areas"), key=len, reverse=True)
POSTCODE = re.compile(
    rf"\b(?:{'|'.join(POSTCODE_AREAS)})\d[A-Z\d]?[ \t]{{0,2}}\d[ABD-HJLNP-UW-Z]{{2}}\b",
    re.IGNORECASE,
)
#: "M6 1st exit": a road and an ordinal.
ORDINAL = re.compile(r"(?:1st|2nd|3rd|\dth)$")


def emails(text: str) -> Iterator[Found]:
    for match in EMAIL.finditer(text):
        yield Found(WarningKind.EMAIL, match.start(), match.end(), match[0])


def phones(text: str) -> Iterator[Found]:
    for match in PHONE.finditer(text):
        if _can_be_called(match[0]):
            start = match.start() + (match[0][0] == "(" and ")" not in match[0])  # the bracket belongs to the sentence
            yield Found(WarningKind.PHONE, start, match.end(), text[start : match.end()])
    for match in PHONE_AMERICAN.finditer(text):
        yield Found(WarningKind.PHONE, match.start(), match.end(), match[0])


def _can_be_called(number: str) -> bool:
    """Whether it has the length and the beginning of a telephone number."""
    if DATE.search(number):
        return False
    digits, number = re.sub(r"\D", "", number), number.removeprefix("(")
    if number.startswith(("+", "00")):
        digits = digits.removeprefix("00") if number.startswith("00") else digits
        if not digits.startswith("44"):
            return 8 <= len(digits) <= 15
        digits = "0" + digits[2:].removeprefix("0")
    return len(digits) in {10, 11} and UK_BEGINS.match(digits) is not None


def postcodes(text: str) -> Iterator[Found]:
    for match in POSTCODE.finditer(text):
        if not ORDINAL.search(match[0]):
            yield Found(WarningKind.POSTCODE, match.start(), match.end(), match[0])
