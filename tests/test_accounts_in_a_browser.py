"""Account pages in Chromium: passkeys, and the warning before a session ends."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts import sessions
from accounts.models import User
from accounts.roles import Role
from tests.authenticator import App
from tests.browsing import Visitor
from tests.factories import (
    PASSWORD,
    person,
)
from tests.inspecting import DESK, PHONE, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin() -> User:
    return person(Role.ORGANISATION_ADMIN)


def here(url: str) -> str:
    """Return the address of the server by name: passkeys know no numbers."""
    return url.replace("127.0.0.1", "localhost")


def looked_at(visitor: Visitor, path: str, folder: Path) -> list[str]:
    """Return what is wrong with a page, and leave pictures of it."""
    page = visitor.page
    if path:
        visitor.go(path)
    name = re.sub(r"\W+", "-", page.url.split("/", 3)[3]) or "home"
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
    page.set_viewport_size(DESK)
    faults = violations(page)
    page.screenshot(path=folder / f"{name}-desk.png", full_page=True)
    page.set_viewport_size(PHONE)
    page.screenshot(path=folder / f"{name}-phone.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    page.set_viewport_size(DESK)
    return [f"{path} {fault}" for fault in faults] + ([f"{path} {overflow} pixels too wide"] if overflow > 0 else [])


def test_the_banner_takes_two_lines_of_a_phone_at_most(live_server: Any, browser: Browser) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.page.set_viewport_size(PHONE)
    visitor.go(reverse("account_login"))

    assert visitor.page.locator(".govuk-phase-banner").evaluate("one => one.offsetHeight") < 70


def test_a_second_factor_is_set_up_and_used_with_app_codes_and_passkey(
    live_server: Any, browser: Browser, admin: User, settings: Any, tmp_path: Path
) -> None:
    settings.MFA_REQUIRED = True
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    visitor = Visitor(browser, here(live_server.url))
    page = visitor.page
    tool = visitor.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True}
    device = {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}}
    tool.send("WebAuthn.addVirtualAuthenticator", device)

    visitor.sign_in(admin)
    assert visitor.sees("Set up a second factor")
    assert page.get_by_role("navigation", name="Menu").count() == 0
    faults = looked_at(visitor, "", tmp_path)
    page.get_by_role("button", name="Add a passkey").click()
    visitor.fill(name="Blue key")
    visitor.press("Add the passkey")
    page.get_by_role("heading", name="One more step: recovery codes").wait_for()
    faults += looked_at(visitor, "", tmp_path)
    visitor.press("Show my recovery codes")
    assert page.locator(".jol-recovery li").count() == 10
    faults += looked_at(visitor, "", tmp_path)
    codes = page.locator(".jol-recovery li").all_inner_texts()
    visitor.press("I have kept them")
    assert visitor.go(reverse("people")).status == 200
    visitor.go(reverse("second_factor"))
    assert visitor.sees("Blue key")
    page.get_by_role("button", name="Set up an app").click()
    page.locator("details").evaluate("one => { one.open = true }")
    app = App(page.locator(".jol-secret").inner_text().replace(" ", ""))
    visitor.fill(code=app.code())
    visitor.press("Finish")
    faults += looked_at(visitor, reverse("second_factor"), tmp_path)
    faults += looked_at(visitor, reverse("mfa_reauthenticate_webauthn"), tmp_path)

    visitor.sign_out()
    _password(visitor, admin)
    page.get_by_role("heading", name="One more step").wait_for()
    faults += looked_at(visitor, "", tmp_path)
    expect(page.get_by_text("The passkey did not answer")).to_be_hidden()
    visitor.press("Use a passkey")
    page.get_by_role("button", name="Sign out").wait_for()
    visitor.sign_out()
    _password(visitor, admin)
    visitor.fill(code=codes[3])
    visitor.press("Sign in")
    page.get_by_role("button", name="Sign out").wait_for()

    assert faults == []
    assert visitor.complaints == []


def _password(visitor: Visitor, user: User) -> None:
    visitor.go(reverse("account_login"))
    visitor.fill(login=user.email, password=PASSWORD)
    visitor.press("Sign in")


def test_who_does_nothing_is_warned_and_stays_with_one_key(live_server: Any, browser: Browser, tmp_path: Path) -> None:
    visitor = Visitor(browser, live_server.url)
    page = visitor.page
    page.clock.install()
    visitor.sign_in(person(Role.READER))
    _go_and_let_the_page_ask(visitor, "security")
    due = page.locator(".jol-session--due")
    expect(due).to_have_count(0)
    assert re.search(r"signed out at \d\d:\d\d", page.locator("[data-session-text]").inner_text())

    _let_pass(timedelta(minutes=29))
    page.clock.run_for(29 * 60 * 1000)

    expect(due).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    assert "since nothing happened" in page.get_by_role("alert").inner_text()
    assert looked_at(visitor, "", tmp_path) == []
    page.keyboard.press("Enter")
    expect(due).to_have_count(0)
    _go_and_let_the_page_ask(visitor, "access")

    _let_pass(timedelta(minutes=31))
    page.clock.run_for(31 * 60 * 1000)
    page.wait_for_url("**/accounts/login/**", timeout=120_000)  # a page that was not answered asks again after 30 s
    assert visitor.sees("You were signed out, since nothing happened for a while")
    assert visitor.complaints == []


def _go_and_let_the_page_ask(visitor: Visitor, name: str) -> None:
    """Go to a page and wait until it knows how long the session lasts: before that it waits for nothing."""
    asks, asker = reverse("session"), reverse(name)  # the page before may be asking as well
    with visitor.page.expect_response(
        lambda answer: answer.url.endswith(asks) and answer.request.headers["referer"].endswith(asker)
    ) as asked:
        assert visitor.go(asker).status == 200
    asked.value.finished()
    visitor.page.evaluate("fetch(location.href).then((answer) => answer.text())")  # is answered after it in any case


def _let_pass(time: timedelta) -> None:
    """Let the last use of the session be longer ago, as the server sees it."""
    for row in Session.objects.all():
        held = row.get_decoded()
        if sessions.USED in held:
            used = timezone.now().timestamp() - time.total_seconds()
            row.session_data = Session.objects.encode(held | {sessions.USED: used})
            row.save()
