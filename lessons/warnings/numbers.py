"""Numbers that belong to one person or one vehicle, and dates of birth."""

import re
from collections.abc import Iterator

from lessons.models.warnings import WarningKind
from lessons.warnings.found import Found
from lessons.warnings.words import word_list

#: Ten digits in one piece, or 3-3-4 as the NHS writes them.
NHS = re.compile(r"(?<![\w+-])(?<!\d[ .])\d{3}([ -]?)\d{3}\1\d{4}(?![\w-]|[ .]\d)")
#: Prefixes without D, F, I, Q, U, V (and O second), and those never given (HM Revenue & Customs, NIM39110).
NATIONAL_INSURANCE = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b",
    re.IGNORECASE,
)

#: Since 2001 ("AB12 CDE"): two letters, the half-year, three letters; Q is not used, I only within the first two.
PLATE_NOW = re.compile(r"\b[A-PR-Y][A-PR-Y](?:0[1-9]|[12]\d|5[1-9]|[67]\d)[ ]?[A-HJ-PR-Z]{3}\b", re.IGNORECASE)
#: 1983 to 2001 ("K123 ABC") and 1963 to 1983 ("ABC 123K").
PLATE_PREFIX = re.compile(r"\b[A-HJ-NPR-TV-Y]\d{1,3}[ ]?[A-HJ-PR-Y]{3}\b")
PLATE_SUFFIX = re.compile(r"\b[A-HJ-PR-Y]{3}[ ]?\d{1,3}[A-HJ-NPR-TV-Y]\b")
#: Northern Ireland ("ABZ 1234"): a serial letter, then a county's two, which hold an I or a Z.
PLATE_NORTHERN_IRELAND = re.compile(r"\b[A-Z](?:[A-HJ-OR-Y]Z|I[ABGJLW]|[JOUX]I)[ ]?\d{1,4}\b")
#: Older and personal ones look like much else: only where the text says that it is one.
PLATE_NAMED = re.compile(
    r"\b(?i:registration|reg|number plate|plate|VRM|index)(?: mark| number| no)?\.?:?(?: was| is)? "
    r"([A-Z]{1,3} ?\d{1,4}|\d{1,4} ?[A-Z]{1,3})\b"
)
#: Capitals that end like a plate: "the A14 AND the M11".
WORDS = word_list("no_plates")

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DAY = (
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH},? \d{{4}})"
)
BORN = re.compile(
    rf"\b(?:born|d\.?o\.?b\.?|dates? of birth|birth ?date|birthday)\W{{1,4}}(?:(?:on|is|was|of|the)\s+){{0,3}}({DAY})",
    re.IGNORECASE,
)


def nhs_numbers(text: str) -> Iterator[Found]:
    for match in NHS.finditer(text):
        if has_nhs_check_digit(re.sub(r"\D", "", match[0])):
            yield Found(WarningKind.NHS_NUMBER, match.start(), match.end(), match[0])


def has_nhs_check_digit(digits: str) -> bool:
    """Whether the tenth digit is right: modulus 11 with weights 10 to 2 (NHS Data Dictionary, NHS NUMBER)."""
    if len(set(digits)) == 1:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(digits[9])  # 10 is no digit, so such numbers are never right


def national_insurance_numbers(text: str) -> Iterator[Found]:
    for match in NATIONAL_INSURANCE.finditer(text):
        yield Found(WarningKind.NI_NUMBER, match.start(), match.end(), match[0])


def number_plates(text: str) -> Iterator[Found]:
    for pattern in (PLATE_NOW, PLATE_PREFIX, PLATE_SUFFIX, PLATE_NORTHERN_IRELAND):
        for match in pattern.finditer(text):
            if match[0][-3:].upper() not in WORDS:
                yield Found(WarningKind.PLATE, match.start(), match.end(), match[0])
    for match in PLATE_NAMED.finditer(text):
        yield Found(WarningKind.PLATE, match.start(1), match.end(1), match[1])


def dates_of_birth(text: str) -> Iterator[Found]:
    for match in BORN.finditer(text):
        yield Found(WarningKind.DATE_OF_BIRTH, match.start(1), match.end(1), match[1])
