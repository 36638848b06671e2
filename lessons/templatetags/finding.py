"""What can be chosen on the search page: hundreds of links, too many for a template to loop over in time."""

from collections.abc import Iterable
from html import escape
from typing import Protocol

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

CHOICE = (
    '<li><a class="jol-facet__link" href="{}"><span class="jol-facet__name">{}</span> '
    '<span class="jol-facet__count"><span class="govuk-visually-hidden">, </span>{}{}</span></a></li>'
)
CHOSEN = (
    '<li><a class="jol-facet__link jol-facet__link--chosen" href="{}" aria-current="true">'
    '<span class="govuk-visually-hidden">Remove filter: </span><span class="jol-facet__name">{}</span> '
    '<span class="jol-facet__count"><span class="govuk-visually-hidden">, </span>{}{}</span></a></li>'
)


class Link(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def count(self) -> int | None: ...
    @property
    def is_chosen(self) -> bool: ...


@register.simple_tag
def choices(links: Iterable[Link], is_about: bool) -> SafeString:
    """Return the items of a list of choices.

    :param is_about: their counts are reckoned from a sample
    """
    about = "about " if is_about else ""
    items = (
        (CHOSEN if link.is_chosen else CHOICE).format(escape(link.url), escape(str(link.text)), about, link.count)
        for link in links
    )
    return mark_safe("".join(items))  # noqa: S308 - what is not ours is escaped, at half the cost of format_html
