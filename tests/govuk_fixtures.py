"""The fixtures of govuk-frontend: what its components are drawn from, and the HTML that comes of it."""

import json
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.conf import settings

from govuk.fields import DateField
from govuk.look import Look

COMPONENTS = settings.BASE_DIR / "node_modules" / "govuk-frontend" / "dist" / "govuk" / "components"
VOID = {"br", "hr", "img", "input", "link", "meta", "path", "circle"}


@cache
def _fixtures(component: str) -> dict[str, dict[str, Any]]:
    path = COMPONENTS / component / "fixtures.json"
    if not path.exists():
        pytest.skip("govuk-frontend is not installed: run npm install")
    return {fixture["name"]: fixture for fixture in json.loads(path.read_text())["fixtures"]}


def options_of(component: str, name: str) -> dict[str, Any]:
    """What a fixture is drawn from."""
    return _fixtures(component)[name]["options"]


def html_of(component: str, name: str) -> str:
    """The HTML of a fixture."""
    return _fixtures(component)[name]["html"]


class _Tree(HTMLParser):
    """Reads HTML into nested lists: (tag, attributes) first, then the content."""

    def __init__(self) -> None:
        super().__init__()
        self.root: list[Any] = [("", {})]
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: " ".join((value or "").split()) for name, value in attrs}
        if "class" in attributes:
            attributes["class"] = " ".join(sorted(attributes["class"].split()))
        node = [(tag, attributes)]
        self.open[-1].append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1][0][0] == tag, f"</{tag}> closes <{self.open[-1][0][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if words := " ".join(data.split()):
            if isinstance(self.open[-1][-1], str):
                words = f"{self.open[-1].pop()} {words}"
            self.open[-1].append(words)


def tree(html: str) -> list[Any]:
    """Read HTML so that neither white space nor the order of attributes and classes matters."""
    reader = _Tree()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], "an element is not closed"
    return reader.root


def find(node: list[Any], css_class: str) -> list[list[Any]]:
    """Return the elements with a class, in order, wherever they are."""
    found = [node] if css_class in node[0][1].get("class", "").split() else []
    for child in node[1:]:
        if isinstance(child, list):
            found += find(child, css_class)
    return found


def control_html_of(component: str, name: str) -> str:
    """The HTML of a form control, its name made equal to its id: ours have one word for both."""
    options, html = options_of(component, name), html_of(component, name)
    shown = _id_of(options)
    for part in ("day", "month", "year"):
        html = html.replace(f'name="{part}"', f'name="{shown}-{part}"')
    return html.replace(f'name="{options.get("name")}"', f'name="{shown}"')


def draw_field(component: str, name: str) -> str:
    """Draw a form control of a fixture with a plain form; what a form cannot say is an error."""
    options = dict(options_of(component, name))
    shown = _id_of(options)
    label, look = _label_and_look(options)
    error = options.pop("errorMessage", {}).get("text")
    help_text = options.pop("hint", {}).get("text", "")
    wrong = [part for part in ("day", "month", "year") if options.pop(part, {}).get("error")]
    field, value = _field(component, options, look)
    assert not set(options) - {"id", "idPrefix", "name"}, f"not understood: {options}"
    field.label, field.help_text, field.required = label, help_text, False

    plain_form = type("PlainForm", (forms.Form,), {shown: field, "looks": {shown: Look(**look)}})
    form = plain_form({} if error else None, initial={shown: value}, auto_id="%s")
    if error:
        form.data = (
            {f"{shown}-{part}": text for part, text in value.items()} if isinstance(value, dict) else {shown: value}
        )
        form.errors.clear()
        form.add_error(shown, forms.ValidationError(error, params={"wrong": wrong}))
    return form[shown].as_field_group()


def _id_of(options: dict[str, Any]) -> str:
    return str(options.get("id") or options.get("idPrefix") or options["name"])


def _label_and_look(options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    label = options.pop("label", None) or options.pop("fieldset")["legend"]
    look: dict[str, Any] = {"is_heading": label.get("isPageHeading", False)}
    if "classes" in label:
        look["label_size"] = label["classes"].rpartition("--")[2]
    for key in ("prefix", "suffix"):
        look[key] = options.pop(key, {}).get("text", "")
    classes = options.pop("classes", "").split()
    for css_class in list(classes):
        modifier = css_class.rpartition("--")[2]
        if modifier in ("small", "inline"):
            look[modifier] = True
        elif "-width-" in css_class:
            width = css_class.rpartition("-width-")[2]
            look["width"] = int(width) if width.isdigit() else width
        else:
            options["classes"] = css_class
    return label["text"], look


def _field(component: str, options: dict[str, Any], look: dict[str, Any]) -> tuple[forms.Field, Any]:
    attrs = {"class": options.pop("classes")} if "classes" in options else {}
    attrs |= {key: options.pop(key) for key in ("rows", "autocomplete", "inputmode") if key in options}
    if "spellcheck" in options:
        attrs["spellcheck"] = str(options.pop("spellcheck")).lower()
    options.pop("type", None)
    value, max_length = options.pop("value", None), options.pop("maxlength", None)
    match component:
        case "input":
            return forms.CharField(disabled=options.pop("disabled", False), widget=forms.TextInput(attrs)), value
        case "textarea" | "character-count":
            return forms.CharField(max_length=max_length, widget=forms.Textarea(attrs)), value
        case "password-input":
            return forms.CharField(widget=forms.PasswordInput(attrs)), None
        case "file-upload":
            return forms.FileField(widget=forms.FileInput(attrs)), None
        case "date-input":
            return DateField(), {part: str(number) for part, number in options.pop("values", {}).items()}
    choices, chosen = _choices(options, look)
    widgets = {
        "select": forms.Select,
        "radios": forms.RadioSelect,
        "checkboxes": forms.CheckboxSelectMultiple,
    }
    return forms.ChoiceField(choices=choices, widget=widgets[component](attrs)), value or chosen


def _choices(options: dict[str, Any], look: dict[str, Any]) -> tuple[list[tuple[Any, str]], Any]:
    """Read the items of radios, checkboxes or a select, and what is chosen."""
    choices, hints, chosen = [], {}, None
    items = options.pop("items")
    for index, item in enumerate(items):
        if "divider" in item:
            look["alternative"] = items[index + 1]["value"]
            continue
        assert set(item) <= {"value", "text", "hint", "checked", "selected", "behaviour"}, item
        choices.append((item["value"], item["text"]))
        if "hint" in item:
            hints[item["value"]] = item["hint"]["text"]
        if item.get("checked") or item.get("selected"):
            chosen = item["value"]
    look["hints"] = hints
    return choices, chosen
