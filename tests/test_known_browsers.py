"""Strangers who guess do not keep a person out of a browser that person has used; its cookie opens nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import sessions
from accounts.known_browsers import LASTS, MOST_PEOPLE, TRIES, cookie_name
from accounts.models import RateCount, User
from accounts.roles import Role
from tests.authenticator import app_of
from tests.factories import PASSWORD, person

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def tries(user: User, password: str, client: Client | None = None, place: str = "198.51.100.7") -> Any:
    return (client or Client()).post(LOGIN, {"login": user.email, "password": password}, REMOTE_ADDR=place)


def browser_of(user: User) -> Client:
    """Return a browser in which somebody signed in and out again."""
    client = Client()
    assert tries(user, PASSWORD, client).status_code == 302
    client.post("/accounts/logout/")
    return client


def besiege(user: User, clock: Any, *, places: int = 4) -> None:
    """Use up all tries of an address, and of the network the person is in."""
    for number in range(40):
        tries(user, "wrong", place="198.51.100.7" if number % 2 else f"203.0.113.{number % places}")
        clock.shift(timedelta(seconds=1))
    assert "Too many" in tries(user, PASSWORD).text


def is_let_in(answer: Any) -> bool:
    return answer.status_code == 302


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def test_a_known_browser_is_let_in_while_strangers_guess_and_another_is_not() -> None:
    user, other = person(), person()
    with at(timezone.now()) as clock:
        mine, of_other = browser_of(user), browser_of(other)
        for _ in range(3):
            besiege(user, clock)
            assert not is_let_in(tries(user, PASSWORD, of_other)), "a cookie of somebody else is none"
            assert not is_let_in(tries(user, "wrong", mine)), "it opens nothing without the password"
            assert is_let_in(tries(user, PASSWORD, mine))
            mine.post("/accounts/logout/")
        assert "Too many" in tries(user, PASSWORD).text, "strangers gained nothing by it"


def test_a_stolen_cookie_gives_ten_guesses_a_day_and_each_waits_longer() -> None:
    user = person()
    with at(timezone.now()) as clock:
        cookie = browser_of(user).cookies[cookie_name()].value
        looked_at = 0
        for _ in range(60 * 8):
            besieged = RateCount.objects.filter(key__startswith="password:").first()
            if besieged is None or besieged.began_at + timedelta(minutes=5) <= timezone.now():
                RateCount.objects.filter(key__startswith="password:").delete()
                for _ in range(5):
                    tries(user, "wrong", place="203.0.113.9")
                RateCount.objects.filter(key__startswith="password:").update(
                    count=10, wait_until=timezone.now() + timedelta(minutes=5), began_at=timezone.now()
                )
            thief = Client()
            thief.cookies[cookie_name()] = cookie
            looked_at += "not correct" in tries(user, "wrong", thief, place="203.0.113.8").text
            clock.shift(timedelta(minutes=2))
        assert looked_at <= TRIES.limit
        assert looked_at > 1


def test_a_tampered_cookie_and_one_of_before_a_new_password_or_of_sessions_that_were_ended_are_none() -> None:
    user = person()
    with at(timezone.now()) as clock:
        tampered, ended, changed, old = (browser_of(user) for _ in range(4))
        value = tampered.cookies[cookie_name()].value
        tampered.cookies[cookie_name()] = value[:-3] + ("aaa" if value[-3:] != "aaa" else "bbb")
        besiege(user, clock)
        assert not is_let_in(tries(user, PASSWORD, tampered))

        sessions.end_sessions(user=user, by=user, at=timezone.now(), reason="asked for")
        assert not is_let_in(tries(user, PASSWORD, ended))

        user.refresh_from_db()
        user.set_password(PASSWORD)
        user.save()
        assert not is_let_in(tries(user, PASSWORD, changed))

        clock.shift(timedelta(minutes=6))
        fresh = browser_of(user)
        clock.shift(LASTS + timedelta(days=1))
        User.objects.update(dormant_at=None)
        besiege(user, clock)
        assert not is_let_in(tries(user, PASSWORD, old))
        assert not is_let_in(tries(user, PASSWORD, fresh)), "for ninety days only"


def test_the_cookie_comes_with_the_second_factor_and_is_locked_to_the_host(settings: Any) -> None:
    settings.MFA_REQUIRED, settings.SESSION_COOKIE_SECURE = True, True
    user, client = person(Role.SECRETARIAT), Client()
    app = app_of(user)
    before = tries(user, PASSWORD, client)
    answer = client.post("/accounts/login/code/", {"code": app.code()})

    assert cookie_name() not in before.cookies
    cookie = answer.cookies[cookie_name()]
    assert cookie_name().startswith("__Host-")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert not cookie["domain"]
    assert user.email not in cookie.value


def test_a_browser_of_a_control_room_knows_several_people_and_forgets_the_first() -> None:
    people, client = [person() for _ in range(MOST_PEOPLE + 1)], Client()
    with at(timezone.now()) as clock:
        for one in people:
            assert is_let_in(tries(one, PASSWORD, client))
            client.post("/accounts/logout/")
        for one, is_known in ((people[0], False), (people[1], True), (people[-1], True)):
            besiege(one, clock)
            assert is_let_in(tries(one, PASSWORD, client)) == is_known
            if is_known:
                client.post("/accounts/logout/")
            clock.shift(timedelta(minutes=6))
