"""What the HTML part of mails needs of the template language."""

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def with_links(text: str) -> SafeString:
    """Return a paragraph with its line breaks and its addresses as links; everything else in it is inert."""
    return linebreaksbr(mark_safe(urlize(text, autoescape=True)))  # noqa: S308 - urlize has escaped it
