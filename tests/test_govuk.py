"""Forms, dates and messages in plain words; the page around them; the stylesheet."""

import datetime
import re
from collections.abc import Callable
from functools import partial

import pytest
from allauth.account import forms as account_forms
from django import forms
from django.conf import settings
from django.http import QueryDict
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import include, path

from govuk.fields import DateField, PartialDate, PartialDateField
from govuk.look import Look
from tests.govuk_fixtures import find, tree

#: The site serves some of the account pages only; here all of them can be drawn.
urlpatterns = [path("", include("allauth.account.urls")), path("", include("jol.urls"))]

SCSS = settings.BASE_DIR / "static" / "scss"
BUILT_CSS = settings.BASE_DIR / "static" / "build" / "app.css"


class DebriefForm(forms.Form):
    looks = {"summary": Look(called="what the debrief found")}

    title = forms.CharField(max_length=10)
    owner = forms.CharField(label="Organisation", min_length=3)
    national_risk = forms.ChoiceField(label="National Risk", choices=[("flood", "Flood")])
    themes = forms.MultipleChoiceField(choices=[("communicate", "Communicate")])
    happened = forms.CharField(label="What happened?", widget=forms.Textarea, max_length=20)
    summary = forms.CharField()
    people = forms.IntegerField(label="Number of people", min_value=1, max_value=9)
    mailbox = forms.EmailField(label="Email")
    password = forms.CharField(label="Current Password", widget=forms.PasswordInput)
    share = forms.CharField(label="Share in %", max_length=3)
    report = forms.FileField()
    agreed = forms.BooleanField(label="Names are removed")
    began = DateField(label="When did it start?")
    declared = forms.ChoiceField(label="Was a major incident declared?", choices=[("yes", "Yes")])
    own = forms.CharField(error_messages={"required": "Say it in your own words"})


def test_what_is_missing_is_asked_for_in_plain_words():
    errors = DebriefForm({}).errors

    assert {name: messages for name, [messages] in errors.items()} == {
        "title": "Enter a title",
        "owner": "Enter an organisation",
        "national_risk": "Select a National Risk",
        "themes": "Select themes",
        "happened": "Enter what happened",
        "summary": "Enter what the debrief found",
        "people": "Enter a number of people",
        "mailbox": "Enter an email address",
        "password": "Enter your current password",
        "share": "Enter a share in per cent",
        "report": "Select a report",
        "agreed": "Select “Names are removed” to continue",
        "began": "Enter the date",
        "declared": "Select an answer to “Was a major incident declared?”",
        "own": "Say it in your own words",
    }


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "x" * 11, "Title must be 10 characters or fewer"),
        ("title", "a\x00b", "Title has a character that cannot be read: type it again"),
        ("owner", "x", "Organisation must be 3 characters or more"),
        ("national_risk", "meteor", "Select a National Risk from the list"),
        ("themes", "chess", "Select themes from the list"),
        ("people", "many", "Number of people must be a whole number"),
        ("people", "10", "Number of people must be 9 or less"),
        ("people", "0", "Number of people must be 1 or more"),
        ("mailbox", "nobody", "Enter an email address in the correct format, like name@example.com"),
        ("share", "1000", "Share in per cent must be 3 characters or fewer"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(field: str, value: str, message: str):
    form = DebriefForm(QueryDict(f"{field}={value}"))

    assert form.errors[field] == [message]


def test_a_new_line_counts_as_one_character():
    sent = "x" * 9 + "\r\n" + "y" * 10

    form = DebriefForm({"happened": sent})

    assert "happened" not in form.errors
    assert form.cleaned_data["happened"] == "x" * 9 + "\n" + "y" * 10


def test_the_server_checks_not_the_browser():
    drawn = DebriefForm().render()

    attributes = {name for tag in re.findall(r"<[a-z]+ [^>]*>", drawn) for name in re.findall(r" ([a-z-]+)", tag)}
    assert not attributes & {
        "required",
        "maxlength",
        "minlength",
        "placeholder",
        "min",
        "max",
        "aria-invalid",
    }
    assert 'type="number"' not in drawn


def test_words_from_outside_are_never_html():
    class UnsafeForm(forms.Form):
        looks = {"kind": Look(hints={"<b>": "<i>hint</i>"})}
        title = forms.CharField(label="<b>label", help_text="<b>hint", max_length=1)
        kind = forms.ChoiceField(choices=[("<b>", "<b>choice")], widget=forms.RadioSelect)

    form = UnsafeForm({"title": '"><b>value', "kind": "<b>"})
    form.add_error("title", "<b>message")

    drawn = form.render() + Template("{% load govuk %}{% error_summary form %}").render(Context({"form": form}))

    assert "<b>" not in drawn
    assert "<i>" not in drawn


def test_a_page_may_draw_a_field_with_another_label_and_look():
    form = DebriefForm()
    page = Template(
        '{% load govuk %}{% field form.title label="Headline" hint="Short" width=20 %}{{ form.title.label }}'
    )

    drawn = page.render(Context({"form": form}))

    assert "Headline</label>" in drawn
    assert '<div id="id_title-hint" class="govuk-hint">Short</div>' in drawn
    assert "govuk-input--width-20" in drawn
    assert drawn.endswith("Title")


def test_a_revealed_field_is_drawn_once():
    class SourceForm(forms.Form):
        looks = {"kind": Look(reveals={"other": "which"})}
        kind = forms.ChoiceField(choices=[("exercise", "Exercise"), ("other", "Other")], widget=forms.RadioSelect)
        which = forms.CharField(required=False)

    drawn = SourceForm(initial={"kind": "other"}).render()

    assert drawn.count('name="which"') == 1
    [revealed] = find(tree(drawn), "govuk-radios__conditional")
    assert "govuk-radios__conditional--hidden" not in revealed[0][1]["class"]


# Dates


class PeriodForm(forms.Form):
    held_on = DateField(label="Date of the debrief", required=False)
    began = PartialDateField(label="Start of the event", required=False)


def sent(name: str, day: str = "", month: str = "", year: str = "") -> PeriodForm:
    return PeriodForm({f"{name}-day": day, f"{name}-month": month, f"{name}-year": year})


@pytest.mark.parametrize("month", ["3", "03", "March", "mar", " march "])
def test_a_month_may_be_a_number_or_a_word(month: str):
    form = sent("held_on", "31", month, "2024")

    assert form.is_valid()
    assert form.cleaned_data["held_on"] == datetime.date(2024, 3, 31)


@pytest.mark.parametrize(
    ("name", "day", "month", "year", "message", "leads_to"),
    [
        ("held_on", "31", "6", "2024", "Date of the debrief must be a real date", "day"),
        ("held_on", "29", "2", "2023", "Date of the debrief must be a real date", "day"),
        ("held_on", "1", "13", "2024", "Date of the debrief must be a real date", "month"),
        ("held_on", "one", "2", "2024", "Date of the debrief must be a real date", "day"),
        ("held_on", "²", "2", "2024", "Date of the debrief must be a real date", "day"),
        ("held_on", "1", "2", "24", "Year must include 4 numbers", "year"),
        ("held_on", "1", "2", "0001", "Year must be between 1900 and 2100", "year"),
        ("held_on", "1", "2", "9999", "Year must be between 1900 and 2100", "year"),
        ("held_on", "1", "", "2024", "Date of the debrief must include a month", "month"),
        ("held_on", "", "", "2024", "Date of the debrief must include a day and a month", "day"),
        ("began", "1", "", "2024", "Start of the event must include a month", "month"),
        ("began", "", "6", "", "Start of the event must include a year", "year"),
        ("began", "31", "6", "2024", "Start of the event must be a real date", "day"),
    ],
)
def test_a_wrong_date_says_what_is_wrong_and_leads_there(name, day, month, year, message, leads_to):
    form = sent(name, day, month, year)

    assert form.errors[name] == [message]
    assert form[name].target_id == f"id_{name}-{leads_to}"


@pytest.mark.parametrize(
    ("day", "month", "year", "expected", "words"),
    [
        ("3", "6", "2024", PartialDate(datetime.date(2024, 6, 3), "day"), "3 June 2024"),
        ("", "June", "2024", PartialDate(datetime.date(2024, 6, 1), "month"), "June 2024"),
        ("", "", "2024", PartialDate(datetime.date(2024, 1, 1), "year"), "2024"),
    ],
)
def test_as_much_of_a_date_as_is_known(day, month, year, expected, words):
    form = sent("began", day, month, year)

    assert form.is_valid()
    assert form.cleaned_data["began"] == expected
    assert str(expected) == words


def test_a_stored_date_is_shown_as_far_as_it_is_known():
    form = PeriodForm(initial={"began": PartialDate(datetime.date(2024, 6, 1), "month")})

    values = {part.name: part.value for part in form["began"].parts}

    assert values == {"began-day": "", "began-month": "6", "began-year": "2024"}


@pytest.mark.parametrize(
    ("query", "date", "is_valid"),
    [
        ("held_on=2024-03-31", datetime.date(2024, 3, 31), True),
        ("held_on=2024-03", None, False),
        ("held_on=2024-03-31T00:00", None, False),
        ("held_on=", None, True),
    ],
)
def test_a_query_may_give_a_date_as_one_value(query: str, date: datetime.date | None, is_valid: bool):
    form = PeriodForm(QueryDict(query))

    assert form.is_valid() is is_valid
    assert form.cleaned_data.get("held_on") == date


def test_a_date_that_stays_the_same_has_not_changed():
    form = PeriodForm(
        {"held_on-day": "31", "held_on-month": "3", "held_on-year": "2024"},
        initial={"held_on": datetime.date(2024, 3, 31)},
    )

    assert not form.has_changed()


def test_the_filter_panel_says_when_it_is_in_use():
    page = Template("{% load govuk %}{% filter_panel form action='/lessons/' %}")

    unused = page.render(Context({"form": PeriodForm(QueryDict(""))}))
    used = page.render(Context({"form": PeriodForm(QueryDict("held_on=2024-03-31"))}))

    assert "Clear filters" not in unused
    assert '<a class="govuk-link" href="/lessons/">Clear filters</a>' in used


# The page


@pytest.mark.urls(__name__)
def test_the_title_says_when_there_is_an_error():
    page = Template('{% extends "base.html" %}{% block title %}Submit{% endblock %}')

    right = page.render(Context({"form": PassedForm(), "site_name": "Our Lessons"}))
    wrong = page.render(Context({"form": DebriefForm({}), "site_name": "Our Lessons"}))

    assert "<title>Submit – Our Lessons</title>" in right
    assert "<title>Error: Submit – Our Lessons</title>" in wrong


class PassedForm(forms.Form):
    """A form that was not sent."""

    title = forms.CharField()


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503, "403_csrf"])
def test_an_error_page_needs_nothing_to_be_drawn(status: int | str):
    drawn = render_to_string(f"{status}.html")

    assert len(find(tree(drawn.replace("<!DOCTYPE html>", "")), "govuk-heading-l")) == 1
    assert "Joint Organisational Learning</title>" in drawn


ACCOUNT_PAGES = sorted(path.stem for path in (settings.BASE_DIR / "templates" / "account").glob("*.html"))
ACCOUNT_FORMS: dict[str, Callable[..., forms.Form]] = {
    "login": account_forms.LoginForm,
    "password_change": account_forms.ChangePasswordForm,
    "password_reset": account_forms.ResetPasswordForm,
    "password_reset_from_key": account_forms.ResetPasswordKeyForm,
    "reauthenticate": partial(account_forms.ReauthenticateForm, user=None),
}


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("name", [name for name in ACCOUNT_PAGES if name not in ("base", "password_rules")])
def test_an_account_page_has_a_heading_and_a_form_that_works_without_scripts(name: str):
    request = RequestFactory().get("/")
    form = ACCOUNT_FORMS[name](data={}) if name in ACCOUNT_FORMS else None

    drawn = render_to_string(f"account/{name}.html", {"form": form, "request": request})

    content = find(tree(drawn.replace("<!DOCTYPE html>", "")), "govuk-main-wrapper")[0]
    assert len(find(content, "govuk-heading-l")) == 1
    if form:
        assert len(find(content, "govuk-error-summary")) == 1
        assert len(find(content, "govuk-form-group")) == len(form.visible_fields())
        assert "novalidate" in drawn


def test_pages_hold_no_script_or_style_of_their_own():
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        if "emails" in template.parts:  # a mail has its styles in it
            continue
        words = template.read_text()

        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:|<script(?![^>]*\ssrc=)", words), template


# The stylesheet


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, by WCAG 2.2."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


BRAND = dict(re.findall(r"\$([\w-]+): (#[0-9a-f]{6});", (SCSS / "_brand.scss").read_text())) | {"white": "#ffffff"}


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *(("ink", ground) for ground in ("white", "sand", "teal-pale", "amber-pale")),
        *(("ink-soft", ground) for ground in ("white", "sand")),
        *(("teal", ground) for ground in ("white", "sand")),
        *(("teal-dark", ground) for ground in ("white", "teal-pale")),
        *(("white", ground) for ground in ("teal", "teal-dark", "petrol")),
    ],
)
def test_text_can_be_read_on_its_ground(text: str, ground: str):
    assert contrast(BRAND[text], BRAND[ground]) >= 4.5


def test_brag_ratings_can_be_read():
    ratings = re.findall(
        r'"(\w+)": \((#[0-9a-f]{6}), (#[0-9a-f]{6}), (#[0-9a-f]{6})\)', (SCSS / "_brand.scss").read_text()
    )

    assert [name for name, *_ in ratings] == ["blue", "green", "amber", "red"]
    for _, ground, text, edge in ratings:
        assert contrast(text, ground) >= 4.5
        assert contrast(edge, "#ffffff") >= 3  # WCAG 1.4.11: more than text


def test_the_stylesheet_has_nothing_that_is_licensed_for_gov_uk_only():
    if not BUILT_CSS.exists():
        pytest.skip("the stylesheet is not built: run npm run build")
    css = BUILT_CSS.read_text().lower()

    assert ".govuk-button" in css
    for licensed in ("gds transport", "@font-face", "crown", "crest", "url("):
        assert licensed not in css
