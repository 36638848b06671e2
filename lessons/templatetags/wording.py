"""The words of a lesson or publication, as sections of a page (`lessons/_wording.html`)."""

import re
from dataclasses import dataclass
from typing import Any

from django import template
from django.template.defaultfilters import linebreaks_filter
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from lessons.labels import label_of
from lessons.models import Wording

register = template.Library()

#: In reading order; the lesson itself stands before them.
SECTIONS = (
    "what_happened",
    "context",
    "impact",
    "why",
    "benefit",
    "evidence",
    "to_copy_it",
    "recommendations",
    "no_recommendation_because",
    "action_taken",
)
#: What a moderator leaves in place of what was taken out (DOMAIN, section 5).
REMOVED = re.compile(r"\[removed: [a-z ]{1,40}\]")


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    value: Any

    @property
    def is_list(self) -> bool:
        return self.name == "recommendations"


@register.simple_tag
def sections(text: Wording, kind: str) -> list[Section]:
    """Return what `text` says, part by part, without the parts that are empty."""
    found = [Section(name, label_of(name, kind), getattr(text, name)) for name in SECTIONS]
    return [section for section in found if section.value]


@register.simple_tag
def field_label(name: str, kind: str) -> str:
    """Return what a field is called in a lesson of `kind`."""
    return label_of(name, kind)


@register.filter
def prose(text: str) -> SafeString:
    """Return running text as paragraphs, with what was removed set apart."""
    paragraphs = linebreaks_filter(escape(text), autoescape=False)
    marked = REMOVED.sub(lambda found: f'<span class="jol-removed">{found[0]}</span>', paragraphs)
    return mark_safe(marked)  # noqa: S308 - escaped above


@register.filter
def marked_removals(text: str) -> SafeString:
    """Return one line of text with what was removed set apart."""
    marked = REMOVED.sub(lambda found: f'<span class="jol-removed">{found[0]}</span>', str(escape(text)))
    return mark_safe(marked)  # noqa: S308 - escaped above
