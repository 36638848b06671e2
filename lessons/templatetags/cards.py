"""Publications in a list, as cards: twenty on a page, which a template took a third of the page's time to loop over."""

from collections.abc import Iterable
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext

from govuk.dates import in_words
from lessons.models import Kind, Publication

register = template.Library()

WORDS_SHOWN = 40
CARD = """<li><article class="jol-card jol-card--{brag}">
  {signs}
  <h3 class="jol-card__title"><a class="govuk-link jol-stretched" lang="en-GB" href="{url}">{title}</a></h3>
  <p class="jol-card__text" lang="en-GB">{text}</p>
  <ul class="jol-card__facts">
    <li lang="en-GB">{event}</li>
    {risk}<li>{published}</li>
  </ul>
</article></li>"""
SIGNS = """<p class="jol-card__signs">
  <span class="jol-kind jol-kind--{look}">{kind}</span>
  {sensitive}{archived}<span class="jol-reference">{reference}</span>
</p>"""
SENSITIVE = '<span class="jol-sign jol-sign--sensitive">OFFICIAL-SENSITIVE</span>\n  '
ARCHIVED = '<span class="jol-sign">{}</span>\n  '
RISK = '<li lang="en-GB">{}</li>\n    '


@register.simple_tag
def cards(publications: Iterable[Publication]) -> SafeString:
    """Return a list of publications that have names (lessons/named.py) and, after a search, where its words stand."""
    items = "\n".join(_card(publication) for publication in publications)
    return mark_safe(f'<ul class="jol-cards">{items}</ul>')  # noqa: S308 - `_card` escapes what is not ours


@register.simple_tag
def marking_of(*lists: Iterable[Any] | None, name: str = "") -> SafeString:
    """Return the marking of a page of lists: the highest of what is in them.

    :param name: of the attribute or key of each item that is its text; else the item is
    """
    texts = [_text(item, name) for items in lists for item in items or ()]
    if any(text is not None and text.is_sensitive for text in texts):
        return mark_safe('<p class="jol-marking jol-marking--sensitive">OFFICIAL-SENSITIVE</p>')
    return mark_safe('<p class="jol-marking">OFFICIAL</p>')


def _text(item: Any, name: str) -> Any:
    if not name:
        return item
    return item.get(name) if isinstance(item, dict) else getattr(item, name)


@register.simple_tag
def signs(publication: Publication) -> SafeString:
    """Return the kind, marking and reference of a publication."""
    return mark_safe(_signs(publication))  # noqa: S308 - escaped there


def _card(publication: Publication) -> str:
    shown = vars(publication)  # what of the words of a search stands where, as safe HTML
    when = publication.when
    event = f"{publication.event_name}, {when}" if when else publication.event_name
    risks = shown.get("risks", ())
    published_at = in_words(localtime(publication.published_at).date(), "j F Y") if publication.published_at else ""
    return CARD.format(
        brag=escape(publication.brag),
        signs=_signs(publication),
        url=escape(publication.get_absolute_url()),
        title=shown.get("headline_html") or escape(publication.title),
        text=shown.get("snippet_html") or escape(Truncator(publication.statement).words(WORDS_SHOWN)),
        event=escape(event),
        risk=RISK.format(escape(risks[0].name)) if risks else "",
        published=escape(gettext("Published %(published_at)s") % {"published_at": published_at}),
    )


def _signs(publication: Publication) -> str:
    kind = publication.kind
    return SIGNS.format(
        look="notable-practice" if kind == Kind.NOTABLE_PRACTICE else "lesson-identified",
        kind=escape(str(KINDS.get(kind, kind))),
        sensitive=SENSITIVE if publication.is_sensitive else "",
        archived=ARCHIVED.format(escape(gettext("Archived"))) if publication.archived_at else "",
        reference=escape(publication.reference),
    )


KINDS = dict(Kind.choices)
