"""Each person in their own language: pages, mails, the choice in the footer; the catalogue is whole."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django import forms
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from accounts import upkeep
from accounts.models import Membership, User
from accounts.roles import Role
from govuk.fields import DateField, PartialDate
from notifications import rendering
from notifications.backend import content_from
from notifications.sending.checks import Verdict
from tests.factories import AnnouncementFactory, DeliveryFactory, OrganisationFactory, person

pytestmark = pytest.mark.django_db

CHOOSE = "/accounts/language/"
WELSH, ENGLISH = '<html lang="cy"', '<html lang="en-GB"'


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def html(client: Client, path: str) -> str:
    return str(client.get(path).content.decode())


def test_a_stranger_chooses_in_the_footer_and_the_browser_remembers() -> None:
    client = Client()
    assert ENGLISH in html(client, "/about/")
    answer = client.post(CHOOSE, {"language": "cy", "next": "/about/?a=1"})

    assert answer.status_code == 302
    assert answer["Location"] == "/about/?a=1"
    page = client.get("/about/")
    assert page["Content-Language"] == "cy"
    assert "Cookie" in page["Vary"]
    assert WELSH in page.content.decode()
    assert ENGLISH in html(Client(), "/about/"), "nobody else's language changed, nor that of this process"


def test_a_person_takes_the_language_along_whatever_the_browser_remembers() -> None:
    user = person()
    signed_in(user).post(CHOOSE, {"language": "cy", "next": "/"})
    user.refresh_from_db()
    assert user.language == "cy"

    elsewhere = signed_in(user)
    elsewhere.cookies["language"] = "en-gb"
    assert WELSH in html(elsewhere, "/lessons/")


@pytest.mark.parametrize("language", ["", "de", "cy\r\nSet-Cookie: a=b", "../../etc", "CY"])
def test_a_language_we_do_not_speak_is_refused(language: str) -> None:
    answer = Client().post(CHOOSE, {"language": language, "next": "/"})

    assert answer.status_code == 400
    assert "language" not in answer.cookies


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example/",
        "https:evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "%2F",
        "",
    ],
)
def test_the_choice_leads_to_our_own_pages_only(back: str) -> None:
    assert Client().post(CHOOSE, {"language": "cy", "next": back})["Location"] == "/"


def test_without_a_page_to_go_to_the_choice_leads_back_to_where_it_was_made() -> None:
    client = Client()
    back = client.post(CHOOSE, {"language": "cy"}, headers={"referer": "http://testserver/no/such/page/"})
    elsewhere = client.post(CHOOSE, {"language": "cy"}, headers={"referer": "http://evil.example/about/"})

    assert back["Location"] == "/no/such/page/"
    assert elsewhere["Location"] == "/"
    assert client.post(CHOOSE, {"language": "cy"}, headers={"referer": "http://["})["Location"] == "/"


def test_a_form_elsewhere_changes_nobody_s_language_and_a_stranger_needs_no_cookie_to_choose() -> None:
    user = person()
    strict = Client(enforce_csrf_checks=True)
    assert not strict.get("/about/").cookies
    assert strict.post(CHOOSE, {"language": "cy"}).status_code == 302

    strict.force_login(user)
    assert strict.post(CHOOSE, {"language": "cy"}).status_code == 403
    user.refresh_from_db()
    assert user.language == "en-gb"


def test_an_unknown_cookie_and_an_unknown_language_of_a_person_mean_english() -> None:
    stranger = Client()
    stranger.cookies["language"] = "tlh"
    assert ENGLISH in html(stranger, "/about/")
    user = person()
    User.objects.filter(pk=user.pk).update(language="tlh")
    assert ENGLISH in html(signed_in(user), "/about/")


def test_the_api_speaks_english_to_everybody() -> None:
    user = person()
    path = "/api/v1/lessons/?kind=nothing"
    said = signed_in(user).get(path)
    User.objects.filter(pk=user.pk).update(language="cy")

    again = signed_in(user).get(path)

    assert said.status_code == again.status_code == 400
    assert again.json() == said.json()


def test_a_mail_is_drawn_once_per_language_whoever_gets_it() -> None:
    announcement = AnnouncementFactory()
    mails = []
    for language in ("en-gb", "cy", "en-gb", "cy"):
        reader = person(language=language)
        notice = [{"subscription": 1, "matched": ["kind:lesson_identified"]}]
        mails.append((DeliveryFactory(kind="new_lesson", announcement=announcement, person=reader, body=None), notice))
    mailbox = OrganisationFactory(language="cy")
    mails.append((DeliveryFactory(kind="new_lesson", announcement=announcement, organisation=mailbox, body=None), []))
    rendering._kept.clear()
    rendering.load([delivery for delivery, _ in mails])

    drawn = [
        rendering.content_of(delivery, Verdict(reasons=reasons, current=announcement.publication_id)).decode()
        for delivery, reasons in mails
    ]

    spoken = ["cy" if "Nid yw" in one or 'lang=3D"cy"' in one else "en" for one in drawn]
    assert spoken == ["en", "cy", "en", "cy", "cy"]
    assert ["Cyhoeddwyd gwers newydd" in one for one in drawn] == [False, True, False, True, True]
    assert len(rendering._kept) == 2
    assert translation.get_language() == "en-gb"


def test_a_mail_about_an_account_is_drawn_in_the_language_in_which_it_was_written() -> None:
    with translation.override("cy"):
        delivery = DeliveryFactory(body=content_from("Pwnc", "Testun"))

    assert 'lang=3D"cy"' in rendering.content_of(delivery, Verdict()).decode()


def test_forms_speak_and_read_welsh() -> None:
    class Asked(forms.Form):
        day = DateField(label="Dyddiad")
        title = forms.CharField(label="Teitl")

    with translation.override("cy"):
        form = Asked({"day-day": "3", "day-month": "Mawrth", "day-year": "2026"})
        page = form.as_p()

        assert form.cleaned_data["day"] == date(2026, 3, 3)
        assert form.errors["title"] == ["Rhowch: Teitl"]
        assert str(PartialDate(date(2026, 3, 3), "month")) == "Mawrth 2026"
        assert "Diwrnod" in page
    with translation.override("en-gb"):
        assert Asked({"day-day": "3", "day-month": "March", "day-year": "2026", "title": "x"}).is_valid()


def test_a_reminder_is_written_in_the_language_of_each_reader() -> None:
    place = OrganisationFactory()
    for language in ("en-gb", "cy"):
        person(Role.ORGANISATION_ADMIN, place, language=language)
    leaver = person(Role.JOL_LEAD, place)
    Membership.objects.filter(user=leaver).update(ends_on=timezone.localdate() + timedelta(days=20))

    assert upkeep.remind(timezone.now()) == 3

    subjects = sorted(message.subject for message in mail.outbox)
    assert subjects.count("Something of your account ends soon") == 2
    assert subjects.count("Mae rhywbeth yn eich cyfrif yn dod i ben cyn hir") == 1
