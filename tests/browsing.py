"""People in front of a browser."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from playwright.sync_api import Browser, Page, Response, expect

from accounts.models import User
from tests.factories import PASSWORD

expect.set_options(timeout=30_000)  # milliseconds, as for all else that is waited for: 5,000 are few on a busy machine


def set_password(*people: User) -> None:
    """Give `PASSWORD` to people who sign in to real processes: these know no other hasher than Argon2."""
    hasher = Argon2PasswordHasher()
    for user in people:
        user.password = hasher.encode(PASSWORD, hasher.salt())
        user.save(update_fields=["password"])


class Visitor:
    """Somebody with a browser window of their own."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.context = browser.new_context(base_url=url, viewport={"width": 1200, "height": 900}, **context)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.presses = 0
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def sign_in(self, user: User) -> Visitor:
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Email").fill(user.email)
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()
        return self

    def go(self, path: str) -> Response:
        response = self.page.goto(path)
        assert response is not None
        return response

    def sign_out(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign out").click()

    def press(self, name: str) -> None:
        """Press the button in the page that is called `name`, and wait for the next page."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("button", name=name, exact=True).click()
        self.presses += 1

    def check(self, label: str) -> None:
        """Tick the box called `label`."""
        self.page.get_by_label(label).check(force=True)
        self.presses += 1

    def tick(self, name: str, value: str) -> None:
        """Choose a radio or tick a box, as its form sends it, opening what folds it away."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        self.page.locator(f"main input[name={name}][value={value}]").check(force=True)

    def fill(self, **fields: str) -> None:
        """Type into the inputs with these names; `__` stands for a hyphen."""
        for name, value in fields.items():
            self.page.locator(f"main [name={name.replace('__', '-')}]").fill(value)

    def sees(self, words: str) -> bool:
        return words in self.page.locator("main").inner_text() or words in self.page.locator("body").inner_text()
