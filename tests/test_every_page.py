"""Every page, of everybody who has one: what axe, a keyboard, a screen reader, zoom and forced colours find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client
from django.test.signals import template_rendered
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page

from accounts.languages import API
from accounts.models import User
from tests.browsing import Visitor
from tests.inspecting import DESK, faults_of, faults_told, with_axe, zoom_faults
from tests.personas import client_of
from tests.site_world import SiteWorld
from tests.test_access_matrix import ROWS

TEMPLATES: Path = settings.BASE_DIR / "templates"
#: Routes that answer with something else than a page of their own.
NO_PAGES = re.compile(
    r"api:|api-(schema|export|statistics|similar)|lesson_(schema|vocabulary)$|(statistics_csv|quarter_pdf)$"
    r"|attachment(_by_link)?$"
    r"|submit_(sheet_template|beside)$|(health|live|ready|metrics|session)$|openid_connect_(login|callback)$"
    r"|(mail_replay|socialaccount_login_cancelled|mfa_authenticate)$"
)
#: Where there has to be a passkey: test_accounts_in_a_browser.py makes one, and looks.
WITH_A_PASSKEY = {"mfa_reauthenticate_webauthn"}, {"mfa/webauthn/reauthenticate.html"}
#: Pages for what goes wrong, which say the same whoever asked for whatever.
WENT_WRONG = ("400", "403_csrf", "405", "409", "429", "500", "503", "busy", "socialaccount/authentication_error")
#: Who is looked at together: about as many pages each.
GROUPS = (
    ("stranger", "analyst", "holder of a key", "spoc"),
    ("contributor",),
    ("reader", "strategic lead", "board member", "organisation administrator", "system administrator"),
    ("moderator",),
    ("secretariat", "auditor"),
)


@contextmanager
def noting_templates() -> Iterator[set[str]]:
    """Note which templates are rendered."""
    seen: set[str] = set()

    def note(template: Any, **_: Any) -> None:
        seen.add(template.name)

    template_rendered.connect(note)
    try:
        yield seen
    finally:
        template_rendered.disconnect(note)


def route_of(address: str) -> str:
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    return f"{found.namespace}:{found.url_name}" if found.namespace else str(found.url_name)


def templates_of_pages() -> set[str]:
    names = {str(one.relative_to(TEMPLATES)) for one in TEMPLATES.rglob("*.html")}
    pages = {name for name in names if "{% extends " in (TEMPLATES / name).read_text(encoding="utf-8")}
    return {name for name in pages - {"account/base.html"} if not name.startswith(("emails/", "look_up/"))}


def sent(client: Client, address: str, fields: dict[str, Any]) -> str:
    """Return the page that answers a form, with nothing changed; "" if there is none of its own."""
    with transaction.atomic():
        answer = client.post(address, fields)
        if answer.status_code == 302 and route_of(answer.url) == "mfa_authenticate":
            answer = client.get(answer.url)
        transaction.set_rollback(True)
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    return answer.content.decode() if is_page and answer.status_code not in {301, 302, 303} else ""


@pytest.mark.slow
@pytest.mark.django_db
def test_there_is_no_page_at_which_the_tests_below_do_not_look() -> None:
    world = SiteWorld()
    looked, wrong = set(), []
    with noting_templates() as rendered:
        clients = {who: client_of(user) for who, user in world.people.items()}
        for who, paths in world.pages().items():
            for path in paths:
                answer = clients[who].get(path)
                looked.add(route_of(path))
                is_page = answer.headers["Content-Type"].startswith("text/html") and answer.status_code != 302
                wrong += [] if is_page else [f"{who} {path}: {answer.status_code}"]
        wrong += [
            f"{who} {address}" for who, address, fields in world.answers() if not sent(clients[who], address, fields)
        ]
        for name in WENT_WRONG:
            render_to_string(f"{name}.html")
    routes, templates = WITH_A_PASSKEY
    pages = {row["route"] for row in ROWS if row["method"] == "GET" and not NO_PAGES.match(row["route"])}

    assert wrong == []
    assert pages - looked == routes
    assert templates_of_pages() - rendered == templates
    assert {who for group in GROUPS for who in group} == set(world.people)


class Window:
    """Somebody's browser, with the session of a client that signed in a moment ago."""

    def __init__(self, browser: Browser, url: str, user: User | None) -> None:
        self.visitor, self.client, self.url = Visitor(browser, url), client_of(user), url
        self.page: Page = self.visitor.page
        with_axe(self.visitor.context)
        self.page.set_viewport_size(DESK)
        self.visitor.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": url} for name, morsel in self.client.cookies.items()]
        )
        self.faults: list[str] = []
        self.forms: list[str] = []

    def look(self, path: str) -> None:
        is_first = self.page.url == "about:blank"
        self.visitor.go(path)
        self.forms += self.page.evaluate(
            """[...document.querySelectorAll("main form[method=post]")]
                .map((one) => one.getAttribute("action") || location.pathname).filter((one) => one.startsWith("/"))"""
        )
        self.faults += [f"{path}: {fault}" for fault in faults_of(self.page, whole=is_first)]

    def look_at_answer(self, address: str, fields: dict[str, Any]) -> None:
        if html := sent(self.client, address, fields):
            self.show(f"POST {address}", html)

    def show(self, name: str, html: str) -> None:
        """Look at a page that was asked for without the browser."""
        self.page.route("**/shown/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        self.page.goto("/shown/")
        self.page.unroute("**/shown/")
        self.faults += [f"{name}: {fault}" for fault in faults_told(self.page)]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_axe_the_keyboard_a_screen_reader_zoom_and_forced_colours_find_nothing(
    live_server: Any, browser: Browser, group: tuple[str, ...]
) -> None:
    world = SiteWorld()
    faults: list[str] = []
    for who in group:
        window = Window(browser, live_server.url, world.people[who])
        for path in world.pages()[who]:
            window.look(path)
        # A form in which nothing was entered says what is missing; one page of each kind is enough.
        for address in {route_of(address): address for address in window.forms}.values():
            window.look_at_answer(address, {})
        for by, address, fields in world.answers():
            if by == who:
                window.look_at_answer(address, fields)
        for name in WENT_WRONG if who == "stranger" else ():
            window.show(name, render_to_string(f"{name}.html"))
        faults += [f"{who} {fault}" for fault in [*window.faults, *window.visitor.complaints]]

    assert not faults, "\n".join(faults)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_in_welsh_nothing_is_lost_and_all_has_a_name(live_server: Any, browser: Browser) -> None:
    world = SiteWorld()
    User.objects.update(language="cy")
    faults: list[str] = []
    seen: set[str] = set()
    for who, paths in world.pages().items():
        window = Window(browser, live_server.url, world.people[who])
        language = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "cy", "url": live_server.url}
        window.visitor.context.add_cookies([language])  # for strangers; whoever signed in has it in the account
        for path in paths:
            if (route := route_of(path)) in seen:
                continue
            seen.add(route)
            window.visitor.go(path)
            page = window.page
            if page.locator("html").get_attribute("lang") != ("en-GB" if path.startswith(API) else "cy"):
                faults.append(f"{path}: not in Welsh")
            found = faults_told(page, words=True) + zoom_faults(page)
            faults += [f"{who} {path}: {fault}" for fault in found]
            page.set_viewport_size(DESK)
    window = Window(browser, live_server.url, world.people["reader"])
    window.visitor.go(f"/lessons/{world.published.reference}/")
    written = window.page.locator(".jol-key p").first

    assert not faults, "\n".join(faults)
    assert written.evaluate("(one) => one.closest('[lang]').lang") == "en-GB", "what was written is in English"
    assert window.page.locator("footer button[lang='en-gb']").is_visible()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_wrong_is_found(live_server: Any, browser: Browser) -> None:
    """The control: faults that were put there are reported."""
    window = Window(browser, live_server.url, None)
    window.visitor.go("/about/")
    window.page.evaluate(
        """() => {
            document.querySelector("main").insertAdjacentHTML("beforeend", `
                <img><h5>Deep</h5><button></button><span id="badge">Badge</span><p id="wide">Wide</p>
                <a id="last" href="/">Last</a><a id="dull" href="/">Dull</a>`);
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`#dull:focus { outline: 0 !important; box-shadow: none; background: none }
                #badge { display: inline-block; background: red; transition: color 1s } #wide { width: 900px }`);
            document.adoptedStyleSheets = [sheet];
            document.getElementById("last").tabIndex = 1;
        }"""
    )

    found = "\n".join(faults_of(window.page, whole=True))

    for fault in (
        "image-alt: <img>",
        "a heading 5 under a heading 2",
        "button without a name",
        'out of order: <a id="last"',
        'the focus is not seen: <a id="dull"',
        'the focus is not seen with forced colours: <a id="dull"',
        'has no edge with forced colours: <span id="badge"',
        'moves: <span id="badge"',
        "pixels too wide",
    ):
        assert fault in found, fault
    assert any(fault.startswith("button-name: <button>") for fault in faults_told(window.page, words=True))
