"""What mails, and the pages about them, need of the template language."""

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe

from notifications.models import MailHold

register = template.Library()


@register.simple_tag
def mail_hold() -> MailHold | None:
    """Return why outgoing mail is off, if it is."""
    return MailHold.objects.in_force().first()


@register.filter
def with_links(text: str) -> SafeString:
    """Return a paragraph with its line breaks and its addresses as links; everything else in it is inert."""
    return linebreaksbr(mark_safe(urlize(text, autoescape=True)))  # noqa: S308 - urlize has escaped it
