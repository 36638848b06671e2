"""The components that pages use, drawn by the templates in templates/govuk.

{% error_summary form other_form formset %}    {% field form.name label="Event" width=20 %}
{% button "Save and continue" %}    {% button "Cancel" href=url secondary=True %}
{% button "Suspend" warning=True name="move" value="suspend" %}
{% tag "In review" "blue" %}        {% back_link url %}
{% breadcrumbs "Home" home_url "Lessons" lessons_url "LI-2026-00042" %}
{% pagination page %}               {% steps 2 of=6 title="What happened" %}
{% summary_list rows %}  {% task_list tasks %}  {% timeline entries %}  rows of govuk.rows
{% table "Lessons by area" head rows %}         cells are text; numbers go to the right
{% filter_panel filters action=url %}           a GET form of filters, folded away on a phone
{% warning_text %}…{% end_warning_text %}  {% inset_text %}…{% end_inset_text %}
{% details "Help with themes" %}…{% end_details %}  {% phase_banner "Beta" %}…{% end_phase_banner %}
"""

from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from govuk.boundfield import GovukBoundField
from govuk.rows import SummaryRow, Task, TimelineEntry
from govuk.summary import problems_of

register = template.Library()


# Forms


@register.inclusion_tag("govuk/error_summary.html")
def error_summary(*sources: object) -> dict[str, Any]:
    """All errors of forms and formsets, each linked to its field; nothing if there are none."""
    return {"problems": [problem for source in sources for problem in problems_of(source)]}


@register.simple_tag
def field(bound: GovukBoundField, **changes: Any) -> SafeString:
    """Draw a field with another label, hint or look than its form gives it.

    :param changes: `label`, `hint`, or any part of `govuk.look.Look`
    """
    return bound.changed(**changes).as_field_group()


@register.inclusion_tag("govuk/button.html")
def button(
    text: str,
    *,
    href: str = "",
    secondary: bool = False,
    warning: bool = False,
    inverse: bool = False,
    start: bool = False,
    name: str = "",
    value: str = "",
) -> dict[str, Any]:
    """A button, or a link that looks like one if it has an `href`; it takes one press only."""
    kinds = {"secondary": secondary, "warning": warning, "inverse": inverse, "start": start}
    classes = "".join(f" govuk-button--{kind}" for kind, is_wanted in kinds.items() if is_wanted)
    return {"text": text, "href": href, "classes": classes, "name": name, "value": value, "start": start}


@register.inclusion_tag("govuk/filter_panel.html")
def filter_panel(form: forms.BaseForm, *, action: str = "", title: str = "", clear: str = "") -> dict[str, Any]:
    """A form of filters sent by GET.

    :param action: the page it filters, by default this one
    :param clear: where nothing is filtered, if that is another address
    """
    return {
        "form": form,
        "action": action,
        "title": title or translation.gettext("Filter"),
        "clear": clear or action,
        "is_used": form.has_changed(),
    }


@register.simple_tag
def language_tag() -> str:
    """Return the language in which the page speaks, as `lang` has it: en-GB."""
    return translation.to_locale(translation.get_language() or "").replace("_", "-")


# Finding the way


@register.inclusion_tag("govuk/back_link.html")
def back_link(url: str, text: str = "") -> dict[str, str]:
    return {"url": url, "text": text or translation.gettext("Back")}


@register.inclusion_tag("govuk/breadcrumbs.html")
def breadcrumbs(*texts_and_urls: str) -> dict[str, Any]:
    """Text and address in turn; a text without address at the end is the page itself."""
    texts, urls = texts_and_urls[::2], texts_and_urls[1::2]
    return {"crumbs": [(text, urls[i] if i < len(urls) else "") for i, text in enumerate(texts)]}


@register.inclusion_tag("govuk/pagination.html", takes_context=True)
def pagination(context: RequestContext, page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Links to the pages of a list, keeping the rest of the query; nothing for a single page."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    query = context["request"].GET.copy()

    def address(number: int) -> str:
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    return {
        "is_needed": page.paginator.num_pages > 1,
        "items": [
            {"number": n, "url": address(n) if isinstance(n, int) else "", "is_current": n == page.number}
            for n in numbers
        ],
        "previous_url": address(page.previous_page_number()) if page.has_previous() else "",
        "next_url": address(page.next_page_number()) if page.has_next() else "",
    }


@register.inclusion_tag("govuk/steps.html")
def steps(number: int, *, of: int, title: str = "") -> dict[str, Any]:
    """How far one has come: "Step 2 of 6"."""
    return {"number": number, "of": of, "title": title, "all": range(1, of + 1)}


# Facts


@register.inclusion_tag("govuk/tag.html")
def tag(text: str, colour: str = "") -> dict[str, str]:
    """:param colour: grey, turquoise, green, purple, pink, red, orange, yellow or, without, blue"""
    return {"text": text, "colour": colour}


@register.inclusion_tag("govuk/summary_list.html")
def summary_list(rows: list[SummaryRow]) -> dict[str, Any]:
    return {"rows": rows, "has_actions": any(row.change_url for row in rows)}


@register.inclusion_tag("govuk/task_list.html")
def task_list(tasks: list[Task], id_prefix: str = "task-list") -> dict[str, Any]:
    return {"tasks": tasks, "id_prefix": id_prefix}


@register.inclusion_tag("govuk/timeline.html")
def timeline(entries: list[TimelineEntry]) -> dict[str, Any]:
    """Newest or oldest first: as the entries come."""
    return {"entries": entries}


@register.inclusion_tag("govuk/table.html")
def table(caption: str, head: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    """A plain table; a column whose first cell is a number is set to the right."""
    first = rows[0] if rows else []
    numeric = [isinstance(cell, int | float) for cell in first] + [False] * len(head)
    return {
        "caption": caption,
        "head": list(zip(head, numeric, strict=False)),
        "rows": [list(zip(row, numeric, strict=False)) for row in rows],
    }


# Words set apart: the content is written in the page


@register.simple_block_tag(end_name="end_warning_text")
def warning_text(content: str) -> SafeString:
    return render_to_string("govuk/warning_text.html", {"content": content})


@register.simple_block_tag(end_name="end_inset_text")
def inset_text(content: str) -> SafeString:
    return render_to_string("govuk/inset_text.html", {"content": content})


@register.simple_block_tag(end_name="end_details")
def details(content: str, summary: str, is_open: bool = False) -> SafeString:
    return render_to_string("govuk/details.html", {"content": content, "summary": summary, "is_open": is_open})


@register.simple_block_tag(end_name="end_phase_banner")
def phase_banner(content: str, phase: str) -> SafeString:
    return render_to_string("govuk/phase_banner.html", {"content": content, "phase": phase})
