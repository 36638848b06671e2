"""Fields of the steps, with an example of a good answer or help with a choice."""

from django import template
from django.forms import BoundField

from lessons.forms.examples import HELP, example_of

register = template.Library()


@register.inclusion_tag("lessons/writing/asked.html")
def asked(field: BoundField, kind: str) -> dict[str, object]:
    """Draw a field, and below it what helps to answer."""
    guide = f"lessons/writing/help_{field.name}.html" if field.name in HELP else ""
    return {"field": field, "example": example_of(field.name, kind), "guide": guide}


@register.simple_tag
def example(name: str, kind: str) -> str:
    """Return a good answer to the field `name`, or ""."""
    return example_of(name, kind)
