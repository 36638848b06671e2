"""Where somebody is signed in: what the page shows, and that a button ends what it names at once."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, OpenSession, User
from accounts.tasks import keep_accounts
from tests.factories import PASSWORD, person

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sessions/"
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
ODD = "<script>alert(1)</script>\x00"


def signed_in(user: User, browser: str) -> Client:
    client = Client(headers={"user-agent": browser})
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def titles(client: Client) -> list[str]:
    page = client.get(PAGE).content.decode()
    return [re.sub(r"<[^>]+>", "", title).strip() for title in re.findall(r'id="session-\d+">(.*?)</h2>', page)]


def is_in(client: Client) -> bool:
    return client.get("/lessons/").status_code == 200


def test_a_person_sees_where_they_are_signed_in_and_signs_one_place_out() -> None:
    user, now = person(), timezone.now()
    stranger = signed_in(person(), WINDOWS)
    with time_machine.travel(now, tick=False) as clock:
        here, phone, odd = signed_in(user, WINDOWS), signed_in(user, ANDROID), signed_in(user, ODD)
        clock.shift(timedelta(minutes=5))
        assert is_in(phone)
        assert titles(here) == ["Firefox on Windows This one", "Chrome on Android", "A browser we do not know"]
        page = here.get(PAGE).content.decode()
        assert ODD not in page
        used_at = timezone.localtime(timezone.now())
        assert f"Last used {used_at:%-d %B %Y, %H:%M}" in page

    its = OpenSession.objects.get(user=user, browser="Chrome")
    assert stranger.post(f"{PAGE}{its.pk}/end/").status_code == 404
    own = OpenSession.objects.get(user=user, browser="Firefox")
    assert here.post(f"{PAGE}{own.pk}/end/").status_code == 404, "this one has a button of its own"
    assert here.post(f"{PAGE}{its.pk}/end/", follow=True).status_code == 200

    assert not is_in(phone)
    assert is_in(here)
    assert is_in(odd)
    [row] = AuditEvent.objects.filter(action="session.end_one")
    assert (row.actor, row.object_id) == (user, str(user.pk))


def test_all_others_are_signed_out_and_this_one_stays_under_a_new_key() -> None:
    user = person()
    here, phone = signed_in(user, WINDOWS), signed_in(user, ANDROID)
    before = here.session.session_key

    assert here.post(f"{PAGE}others/end/", follow=True).status_code == 200

    assert titles(here) == ["Firefox on Windows This one"]
    assert here.session.session_key != before
    assert not is_in(phone)
    assert AuditEvent.objects.filter(action="session.end_all", reason="others, asked for").count() == 1


def test_a_screen_left_alone_signs_nobody_out_elsewhere() -> None:
    user, now = person(), timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        here, phone = signed_in(user, WINDOWS), signed_in(user, ANDROID)
        clock.shift(timedelta(minutes=11))
        its = OpenSession.objects.get(browser="Chrome")
        for path in (f"{PAGE}{its.pk}/end/", f"{PAGE}others/end/"):
            assert here.post(path).headers["Location"].startswith("/accounts/reauthenticate/?next=")
        assert is_in(phone)


def test_a_session_that_is_over_is_not_shown_and_nothing_of_it_stays() -> None:
    user, now = person(), timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        signed_in(user, ANDROID)
        clock.shift(timedelta(minutes=31))
        here = signed_in(user, WINDOWS)
        assert titles(here) == ["Firefox on Windows This one"]
        here.post("/accounts/logout/")
        assert OpenSession.objects.count() == 1, "signing out takes the row with it"
        clock.shift(timedelta(hours=8))
        OpenSession.objects.create(user=user, session_id="ended-by-an-older-release")
        last = signed_in(user, WINDOWS)
        keep_accounts()
        assert list(OpenSession.objects.values_list("session", flat=True)) == [last.session.session_key]
        assert Session.objects.filter(expire_date__lt=timezone.now()).count() == 0


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (WINDOWS.replace("Firefox", "Edg"), "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "A browser we do not know"),
        ("Windows", "Windows"),
        ("", "A browser we do not know"),
    ],
)
def test_a_browser_is_called_what_its_person_calls_it(said: str, title: str) -> None:
    assert titles(signed_in(person(), said)) == [f"{title} This one"]
