"""Our HTML against the fixtures of the components of govuk-frontend."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.contrib.messages.constants import INFO, SUCCESS, WARNING
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from govuk.look import Look
from govuk.rows import SummaryRow, Task, TimelineEntry
from tests.govuk_fixtures import control_html_of, draw_field, find, html_of, options_of, tree

TWO_ERRORS = ["The date your passport was issued must be in the past", "Enter a postcode, like AA1 1AA"]
ONE_PRESS = ('data-module="govuk-button"', 'data-module="govuk-button" data-prevent-double-click="true"')

CONTROLS = {
    "input": [
        *("default", "with hint text", "with error message", "with error and hint", "with width-2 class"),
        *(
            "with width-30 class",
            "with label as page heading",
            "with prefix",
            "with suffix",
            "value",
            "zero value",
        ),
        *("with prefix and suffix", "with prefix and suffix and error", "inputmode", "disabled"),
        *("with autocomplete attribute", "with spellcheck disabled"),
    ],
    "textarea": [
        *("default", "with hint", "with error message", "with default value", "with custom rows"),
        *("with label as page heading", "with hint and error message", "classes"),
    ],
    "character-count": [
        *("default", "with hint", "with hint and error", "with default value", "with custom rows"),
        *(
            "with default value exceeding limit",
            "with label as page heading",
            "custom classes with error message",
        ),
    ],
    "select": ["with hint text and error message", "error"],
    "radios": [
        *("default", "with hint", "inline", "with a divider", "with fieldset and error message"),
        *(
            "small inline",
            "small with a divider",
            "with hints on parent and items",
            "with hint and error message",
        ),
    ],
    "checkboxes": [
        *("default", "with hint", "with divider and None", "with legend as a page heading", "small"),
        *(
            "small with error",
            "small with hint",
            "small with divider and None",
            "with error message and hint",
        ),
    ],
    "date-input": [
        *("default", "with values", "with error message and hint", "with error on day input"),
        *("with error on month input", "with error on year input", "with error on single field"),
    ],
    "file-upload": [
        "default",
        "with hint text",
        "with error message and hint",
        "with label as page heading",
        "error",
    ],
    "password-input": [
        *("default", "with hint text", "with error message", "with label as page heading"),
        *("with new-password autocomplete", "with input width class"),
    ],
}


@pytest.mark.parametrize(
    ("component", "name"), [(component, name) for component, names in CONTROLS.items() for name in names]
)
def test_a_form_draws_the_control_as_the_fixture_has_it(component: str, name: str):
    assert tree(draw_field(component, name)) == tree(control_html_of(component, name))


CONTACT = [("email", "Email"), ("phone", "Phone"), ("text", "Text message")]


class ContactForm(forms.Form):
    looks = {"contacted": Look(reveals={"email": "address", "phone": "number", "text": "mobile"})}
    contacted = forms.ChoiceField(
        choices=CONTACT, widget=forms.RadioSelect, label="How do you want to be contacted?", required=False
    )
    address = forms.CharField()
    number = forms.CharField()
    mobile = forms.CharField()


class SeveralWaysForm(ContactForm):
    contacted = forms.MultipleChoiceField(
        choices=CONTACT, widget=forms.CheckboxSelectMultiple, label="How do you want to be contacted?"
    )


@pytest.mark.parametrize(("component", "form_class"), [("radios", ContactForm), ("checkboxes", SeveralWaysForm)])
@pytest.mark.parametrize("chosen", ["", "email"])
def test_a_choice_reveals_its_field_as_the_fixture_has_it(component: str, form_class: type[forms.Form], chosen: str):
    initial = {"contacted": [chosen] if component == "checkboxes" else chosen}
    drawn = tree(form_class(initial=initial, auto_id="%s")["contacted"].as_field_group())

    name = "with conditional item checked" if chosen else "with conditional items"
    html = html_of(component, name).replace('name="with-conditional-items"', 'name="contacted"')
    expected = tree(html.replace("how-contacted-checked", "contacted").replace("how-contacted", "contacted"))
    for revealed in (node for root in (drawn, expected) for node in find(root, f"govuk-{component}__conditional")):
        del revealed[1:]  # what is revealed is up to the form
    assert drawn == expected


def test_a_single_checkbox_is_drawn_as_one_item_of_the_fixture():
    class TermsForm(forms.Form):
        nationality = forms.BooleanField(
            label="British",
            help_text="Hint for british option here",
            widget=forms.CheckboxInput({"value": "british"}),
        )

    [drawn] = find(tree(TermsForm(auto_id="%s")["nationality"].as_field_group()), "govuk-checkboxes__item")

    html = html_of("checkboxes", "multiple hints").replace("example-multiple-hints", "nationality")
    expected = find(tree(html.replace("nationality-hint ", "")), "govuk-checkboxes__item")[0]
    assert drawn == expected


@pytest.mark.parametrize(("name", "width"), [("with selected value", ""), ("with full width override", "full")])
def test_a_select_is_drawn_as_the_fixture_has_it(name: str, width: str):
    items = [(item["value"], item["text"]) for item in options_of("select", name)["items"]]

    field = forms.ChoiceField(choices=items, label="Label text goes here")
    place_form = type("PlaceForm", (forms.Form,), {"select-1": field, "looks": {"select-1": Look(width=width)}})

    drawn = place_form(initial={"select-1": 2}, auto_id="%s")["select-1"].as_field_group()

    # Django's select has no way to disable an option.
    assert tree(drawn) == tree(html_of("select", name).replace(" disabled", ""))


def draw(source: str, **context: Any) -> list[Any]:
    """Draw a piece of a page."""
    return tree(Template("{% load govuk %}" + source).render(Context(context)))


def fixture(component: str, name: str, *changes: tuple[str, str]) -> list[Any]:
    """Read a fixture, after the changes that make its example ours."""
    html = html_of(component, name)
    for old, new in changes:
        assert old in html, f"the fixture has no {old}"
        html = html.replace(old, new)
    return tree(html)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("default", '{% button "Save and continue" %}'),
        ("start", '{% button "Start now button" start=True %}'),
        ("secondary", '{% button "Secondary button" secondary=True name="secondary" %}'),
        ("warning", '{% button "Warning button" warning=True name="Warning" %}'),
        ("inverse", '{% button "Inverse button" inverse=True name="Inverse" %}'),
        ("value", '{% button "Submit" value="start" %}'),
    ],
)
def test_buttons_take_one_press_and_are_otherwise_as_the_fixtures_have_them(name: str, source: str):
    assert draw(source) == fixture("button", name, ONE_PRESS)


@pytest.mark.parametrize(
    ("component", "name", "source"),
    [
        ("button", "prevent double click", '{% button "Submit" %}'),
        ("button", "link", '{% button "Link button" href="/" %}'),
        ("button", "start link", '{% button "Start now link button" href="/" start=True %}'),
        ("tag", "default", '{% tag "Alpha" %}'),
        ("tag", "grey", '{% tag "Grey" "grey" %}'),
        ("tag", "green", '{% tag "Green" "green" %}'),
        ("tag", "html as text", "{% tag text %}"),
        ("back-link", "default", '{% back_link "#" %}'),
        ("back-link", "with custom text and link", '{% back_link "/home" "Back to home" %}'),
        ("inset-text", "default", "{% inset_text %}{{ text }}{% end_inset_text %}"),
        ("inset-text", "html as text", "{% inset_text %}{{ text }}{% end_inset_text %}"),
        ("warning-text", "default", "{% warning_text %}{{ text }}{% end_warning_text %}"),
        ("warning-text", "html as text", "{% warning_text %}{{ text }}{% end_warning_text %}"),
        ("details", "default", "{% details summaryText %}{{ text }}{% end_details %}"),
        ("details", "html as text", "{% details summaryText %}{{ text }}{% end_details %}"),
        ("details", "summary html as text", "{% details summaryText %}{{ text }}{% end_details %}"),
        (
            "details",
            "html",
            '{% details "Expand this section" %}More about <b>bold text</b>{% end_details %}',
        ),
    ],
)
def test_a_tag_draws_its_component_as_the_fixture_has_it(component: str, name: str, source: str):
    assert draw(source, **options_of(component, name)) == fixture(component, name)


def test_the_phase_banner_holds_what_the_page_writes():
    html = options_of("phase-banner", "default")["html"]

    drawn = draw('{% phase_banner "Alpha" %}' + html + "{% end_phase_banner %}")

    assert drawn == fixture("phase-banner", "default")


def test_breadcrumbs_fold_on_a_phone_and_end_with_the_page():
    drawn = draw('{% breadcrumbs "Home" "/" "Passports, travel and living abroad" "/browse/abroad" "Travel abroad" %}')

    folded = ('class="govuk-breadcrumbs"', 'class="govuk-breadcrumbs govuk-breadcrumbs--collapse-on-mobile"')
    assert drawn == fixture("breadcrumbs", "with last breadcrumb as current page", folded)


@pytest.mark.parametrize(
    ("name", "number", "pages"),
    [("default", 2, 3), ("with many pages", 10, 40), ("first page", 1, 3), ("last page", 3, 3)],
)
def test_pagination_is_drawn_as_the_fixture_has_it_and_keeps_the_query(name: str, number: int, pages: int):
    page = Paginator(range(pages), 1).page(number)
    request = RequestFactory().get("/lessons/", {"q": "flood & fire", "page": "7"})

    drawn = draw("{% pagination page %}", page=page, request=request)

    address = "?q=flood+%26+fire&amp;page="
    expected = html_of("pagination", name).replace("/page/", address)
    expected = expected.replace("/previous", f"{address}{number - 1}").replace("/next", f"{address}{number + 1}")
    assert drawn == tree(expected)


def test_a_single_page_has_no_pagination():
    page = Paginator(range(3), 10).page(1)

    assert draw("{% pagination page %}", page=page, request=RequestFactory().get("/")) == tree("")


class PassportForm(forms.Form):
    issued = forms.CharField(required=False)
    postcode = forms.CharField(required=False)


def test_the_error_summary_links_each_message_to_its_field():
    form = PassportForm({}, auto_id="%s")
    form.add_error("issued", TWO_ERRORS[0])
    form.add_error("postcode", TWO_ERRORS[1])

    drawn = draw("{% error_summary form %}", form=form)

    assert drawn == fixture(
        "error-summary", "default", ("#example-error-1", "#issued"), ("#example-error-2", "#postcode")
    )


def test_the_error_summary_begins_with_what_is_wrong_with_the_whole():
    form = PassportForm({}, auto_id="%s")
    form.add_error("issued", "Agree to the terms of service to log in")
    form.add_error(None, "Invalid username or password")

    drawn = draw("{% error_summary form %}", form=form)

    assert drawn == fixture("error-summary", "mixed with and without links", ("#example-error-1", "#issued"))


def test_the_error_summary_covers_several_forms_and_formsets():
    formset = forms.formset_factory(PassportForm, extra=2)(
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0"}, auto_id="%s"
    )
    formset.forms[1].add_error("postcode", "Second")
    first = PassportForm({}, prefix="first", auto_id="%s")
    first.add_error("issued", "First")

    drawn = draw("{% error_summary first formset %}", first=first, formset=formset)

    [items] = find(drawn, "govuk-error-summary__list")
    assert [(item[1][0][1]["href"], item[1][1]) for item in items[1:]] == [
        ("#first-issued", "First"),
        ("#form-1-postcode", "Second"),
    ]


def test_no_error_summary_without_errors():
    assert draw("{% error_summary form %}", form=PassportForm({})) == tree("")


def test_a_summary_list_is_drawn_as_the_fixture_has_it():
    rows = [SummaryRow("Name", "Firstname Lastname"), SummaryRow("Name 2", "Firstname2 Lastname2")]

    assert draw("{% summary_list rows %}", rows=rows) == fixture("summary-list", "with falsy values")


def test_a_summary_list_offers_to_change_what_can_be_changed():
    rows = [
        SummaryRow("Name", "Firstname Lastname"),
        SummaryRow("Date of birth", "13/08/1980", change_url="#"),
    ]

    drawn = find(draw("{% summary_list rows %}", rows=rows), "govuk-summary-list__row")

    expected = find(fixture("summary-list", "with actions"), "govuk-summary-list__row")
    assert drawn[1] == expected[1]
    assert "govuk-summary-list__row--no-actions" in drawn[0][0][1]["class"]


@pytest.mark.parametrize(
    ("key", "within"),
    [
        ("What happened", "what happened"),
        ("JESIP principles", "JESIP principles"),
        ("National Risks", "National Risks"),
    ],
)
def test_a_name_keeps_its_capitals_within_a_sentence(key: str, within: str) -> None:
    assert SummaryRow(key, "").key_within_a_sentence == within


def test_a_task_list_is_drawn_as_the_fixture_has_it():
    tasks = [
        Task(
            title=item["title"]["text"],
            url=item.get("href", ""),
            status=item["status"].get("text") or item["status"]["tag"]["text"],
            colour=item["status"].get("tag", {}).get("classes", "").rpartition("--")[2],
            hint=item.get("hint", {}).get("text", ""),
        )
        for item in options_of("task-list", "default")["items"]
    ]

    assert draw("{% task_list tasks %}", tasks=tasks) == fixture("task-list", "default")


def test_a_task_has_a_hint_and_perhaps_no_link():
    tasks = [
        Task("Company Directors", url="#", status="Completed"),
        Task("Business plan", hint="Ensure the plan covers everything", status="Cannot start yet"),
    ]

    drawn = find(draw("{% task_list tasks %}", tasks=tasks), "govuk-task-list__item")

    assert "govuk-task-list__item--with-link" in drawn[0][0][1]["class"]
    assert "govuk-task-list__item--with-link" not in drawn[1][0][1]["class"]
    assert find(drawn[1], "govuk-task-list__hint")[0][1:] == ["Ensure the plan covers everything"]


def test_a_table_sets_numbers_to_the_right():
    rows = [["January", 85, 95], ["February", 75, 55], ["March", 165, 125]]
    head = ["Month you apply", "Rate for bicycles", "Rate for vehicles"]

    drawn = draw('{% table "Caption 1: Months and rates" head rows %}', head=head, rows=rows)

    assert drawn == fixture("table", "with head and caption", ("£", ""))


@pytest.mark.parametrize(
    ("name", "level"), [("default", WARNING), ("with type as success", SUCCESS), ("html as text", INFO)]
)
def test_a_message_is_drawn_as_a_notification_banner(name: str, level: int):
    message = Message(level, options_of("notification-banner", name)["text"])

    drawn = render_to_string("govuk/notification_banner.html", {"messages": [message]})

    assert tree(drawn) == fixture("notification-banner", name)


def test_the_navigation_is_drawn_as_the_fixture_has_it():
    items = options_of("service-navigation", "with navigation with an active item")["navigation"]
    places = [{"label": item["text"], "url": item["href"], "active": item.get("active")} for item in items]

    drawn = render_to_string("govuk/service_navigation.html", {"navigation": places})

    assert tree(drawn) == fixture("service-navigation", "with navigation with an active item")


@pytest.mark.urls("allauth.account.urls")
def test_the_skip_link_is_the_first_thing_the_keyboard_reaches():
    drawn = find(tree(render_to_string("base.html")), "govuk-template__body")[0]

    assert drawn[1][0][0] == "script"
    assert [("", {}), drawn[2]] == fixture("skip-link", "default", ("#test-target-element", "#main-content"))


def test_a_timeline_says_what_happened_when_and_by_whom():
    entries = [TimelineEntry("Submitted", at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC), by="Cumbria", text="At <last>")]

    [item] = find(draw("{% timeline entries %}", entries=entries), "moj-timeline__item")

    assert find(item, "moj-timeline__title")[0][1:] == ["Submitted"]
    assert find(item, "moj-timeline__byline")[0][1:] == ["by Cumbria"]
    assert find(item, "moj-timeline__date")[0][1][1:] == ["1 March 2026 at 09:30"]
    assert find(item, "moj-timeline__description")[0][1][1:] == ["At <last>"]
