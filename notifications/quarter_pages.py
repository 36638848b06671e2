"""The lessons digest of a quarter as one reader sees it, on a page and as a PDF."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from accounts.models import User
from lessons.models import Publication
from notifications.digest_mail import Line, line_of
from notifications.models import QuarterDigest
from notifications.words import paragraphs_of

LAYOUT = Path(__file__).parent / "quarter.typ"


@dataclass(frozen=True)
class QuarterPage:
    """:ivar words: paragraphs of the Secretariat"""

    quarter: QuarterDigest
    words: list[str]
    lines: list[Line]
    is_sensitive: bool

    @property
    def title(self) -> str:
        return gettext("Lessons of %(quarter)s") % {"quarter": self.quarter.name}

    @property
    def marking(self) -> str:
        return "OFFICIAL-SENSITIVE" if self.is_sensitive else "OFFICIAL"


def page_for(user: User, quarter: QuarterDigest, *, as_edited: bool = False) -> QuarterPage:
    """Return what `user` may read of it.

    :param as_edited: as the Secretariat has it now, approved or not; else as it goes
    """
    words, lessons = (quarter.words, quarter.chosen) if as_edited else (quarter.words_sent, quarter.lessons_sent)
    texts = in_order(lessons, Publication.objects.readable_by(user).filter(lesson__in=lessons).for_list())
    return QuarterPage(
        quarter, paragraphs_of(words), [line_of(text) for text in texts], any(text.is_sensitive for text in texts)
    )


def in_order(lessons: list[int], texts: Iterable[Publication]) -> list[Publication]:
    """Return the texts of these lessons in the order of their keys in `lessons`."""
    found = {text.lesson_id: text for text in texts}
    return [found[lesson] for lesson in lessons if lesson in found]


def pdf_of(page: QuarterPage) -> bytes:
    """Return the page as a tagged PDF (PDF/UA-1).  The layout is a file; what people wrote is data, never source."""
    content = {
        "title": page.title,
        "marking": page.marking,
        "lang": (translation.get_language() or "en").partition("-")[0],
        "said": {
            "page": gettext("Page"),
            "chosen": gettext("Chosen by the JOL Secretariat"),
            "sensitive": gettext("OFFICIAL-SENSITIVE. Sign in to read it:"),
            "portal": gettext("On the portal:"),
            "none": gettext("There is no lesson in it that you may read."),
        },
        "site": settings.SITE_NAME,
        "url": settings.SITE_URL + page.quarter.get_absolute_url(),
        "words": page.words,
        "lessons": [
            {
                "reference": line.reference,
                "kind": line.kind,
                "url": line.url,
                "title": line.title,
                "statement": line.statement,
            }
            for line in page.lines
        ],
    }
    try:
        return _compiled(page.quarter, content, is_strict=True)
    except typst.TypstError:
        # A sign that our font lacks, such as a picture in a title, breaks that standard: better a box than no paper.
        return _compiled(page.quarter, content, is_strict=False)


def _compiled(quarter: QuarterDigest, content: dict[str, Any], *, is_strict: bool) -> bytes:
    return typst.compile(
        LAYOUT,
        format="pdf",
        sys_inputs={"content": json.dumps(content)},
        ignore_system_fonts=True,
        timestamp=int((quarter.closed_at or quarter.made_at).timestamp()),
        pdf_standards=["ua-1"] if is_strict else [],
    )
