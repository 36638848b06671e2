"""What mails, and the pages about them, need of the template language."""

import re

from django import template
from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html, urlize
from django.utils.safestring import SafeString, mark_safe

from notifications.models import MailHold

register = template.Library()
#: A sentence of its own that names what to do, and below it where on this site.
STEP = re.compile(r"(?P<words>[^\n.]+):\n(?P<url>https?://\S+)")


@register.simple_tag
def mail_hold() -> MailHold | None:
    """Return why outgoing mail is off, if it is."""
    return MailHold.objects.in_force().first()


@register.filter
def with_links(text: str) -> SafeString:
    """Return a paragraph with its line breaks and its addresses as links; everything else in it is inert.

    Where all of it is what to do, and an address of ours, it is a button.
    """
    step = STEP.fullmatch(text.strip())
    if step and step["url"].startswith(f"{settings.SITE_URL}/"):
        return format_html('<a class="button" href="{}">{}</a>', step["url"], step["words"])
    return linebreaksbr(mark_safe(urlize(text, autoescape=True)))  # noqa: S308 - urlize has escaped it
