"""Where the words of a search stand in a publication, as safe HTML."""

import re
from typing import Any

from django.db.models import F, Func, TextField, Value
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from lessons.models import Publication, PublicationQuerySet
from lessons.search.ranking import Lexemes

#: Signs around a word that was found: for private use, so nobody types them; whoever does loses them here.
START, STOP = "\ue000", "\ue001"
GAP = " … "
SEAM = "\n"
#: Where words are looked for, in the order in which they are shown.
FIELDS = ("statement", "what_happened", "why", "context", "impact", "action_taken", "benefit", "evidence", "to_copy_it")
OPTIONS = (
    f"StartSel={START}, StopSel={STOP}, MaxFragments=2, MinWords=12, MaxWords=30, ShortWord=2, "
    f'FragmentDelimiter="{GAP}"'
)
WHOLE = f"StartSel={START}, StopSel={STOP}, HighlightAll=true"


def with_snippets(publications: PublicationQuerySet, query: str | None) -> PublicationQuerySet:
    """Add `headline` and `snippet`, with signs around what was found; nothing if no words were looked for.

    :param query: `Search.query`, a tsquery of lexemes
    """
    if not query:
        return publications
    text = Func(Value(SEAM), *FIELDS, function="concat_ws", output_field=TextField())
    return publications.annotate(headline=_headline(F("title"), query, WHOLE), snippet=_headline(text, query, OPTIONS))


def _headline(text: Any, query: str, options: str) -> Func:
    unsigned = Func(text, Value(START + STOP), Value(""), function="translate", output_field=TextField())
    return Func(
        Value("english"),
        unsigned,
        Lexemes(query),
        Value(options),
        function="ts_headline",
        template="%(function)s(%(expressions)s)",
        output_field=TextField(),
    )


def show(publication: Publication) -> None:
    """Give a publication that has them `headline_html` and `snippet_html`; no snippet where its words are elsewhere."""
    found = vars(publication)
    if START in found.get("headline", ""):
        publication.headline_html = as_html(found["headline"])  # type: ignore[attr-defined]
    if START in found.get("snippet", ""):
        begins = found["snippet"].replace(START, "")[:20].strip()
        gap = "" if publication.statement.startswith(begins) else GAP.lstrip()
        publication.snippet_html = as_html(gap + found["snippet"])  # type: ignore[attr-defined]


def as_html(text: str) -> SafeString:
    """Return text of the database as HTML, with `<mark>` around what was found."""
    marked = escape(text).replace(START, "<mark>").replace(STOP, "</mark>")
    return mark_safe(re.sub(r"\s*\n\s*", " ", marked))  # noqa: S308 - escaped above
