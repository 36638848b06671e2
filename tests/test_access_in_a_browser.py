"""Large text, a narrow window, no motion, forced colours, and what a screen reader is told: in English and in Welsh."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import User
from tests.browsing import Visitor
from tests.test_accessibility import World, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: 1280 pixels at 400 %, and at 200 %.
AT_400, AT_200 = {"width": 320, "height": 256}, {"width": 640, "height": 512}
#: Text alone twice as large, as some browsers and phones let people have it.
TWICE = "html { font-size: 200% !important } body, body * { line-height: 1.5 !important }"


def tour(world: World) -> list[str]:
    return [
        "/",
        "/lessons/",
        f"/lessons/{world.published.reference}/",
        "/risks/",
        "/plan/",
        "/submit/",
        f"/submit/{world.draft.pk}/event/",
        f"/submit/{world.draft.pk}/learning/",
        f"/submit/{world.draft.pk}/sharing/",
        f"/submit/{world.draft.pk}/check/",
        "/our-lessons/",
        f"/records/{world.published.pk}/",
        "/subscriptions/new/",
        "/debriefs/",
        "/accounts/",
        "/accessibility/",
    ]


def too_wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def hidden_text(page: Page) -> list[str]:
    """Return headings, labels, buttons and links whose text is cut off by their own box."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, h3, label, legend, button, a, th, td, dt, dd")]
            .filter((one) => one.checkVisibility() && !one.closest(".govuk-visually-hidden, .govuk-skip-link"))
            .filter((one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX))
            .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
            .map((one) => one.textContent.trim().slice(0, 60))"""
    )
    return found


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_nothing_is_lost_with_large_text_in_a_narrow_window_in_either_language(
    live_server: Any, browser: Browser, language: str
) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url).sign_in(world.contributor)
    User.objects.filter(pk=world.contributor.pk).update(language=language)

    faults = []
    for path in tour(world):
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        visitor.go(path)
        for name, size, style in (("400 %", AT_400, ""), ("200 %", AT_200, ""), ("text at 200 %", AT_200, TWICE)):
            visitor.page.set_viewport_size(size)
            if style:
                visitor.page.evaluate(
                    "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
                    " document.adoptedStyleSheets = [sheet] }",
                    style,
                )
            if (over := too_wide(visitor.page)) > 0:
                faults.append(f"{path} {name}: {over} pixels too wide")
            faults += [f"{path} {name}: cut off: {words}" for words in hidden_text(visitor.page)]

    assert not faults, "\n".join(faults)


def test_welsh_pages_say_that_they_are_welsh_and_axe_finds_nothing(live_server: Any, browser: Browser) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url).sign_in(world.contributor)
    User.objects.filter(pk=world.contributor.pk).update(language="cy")

    faults = []
    for path in tour(world):
        visitor.go(path)
        assert visitor.page.locator("html").get_attribute("lang") == "cy"
        faults += [f"{path} {fault}" for fault in violations(visitor.page)]
    visitor.go(f"/lessons/{world.published.reference}/")
    written = visitor.page.locator(".jol-key p").first

    assert not faults, "\n".join(faults)
    assert not visitor.complaints
    assert written.evaluate("(one) => one.closest('[lang]').lang") == "en-GB", "what was written is in English"
    assert visitor.page.locator("footer button[lang='en-gb']").is_visible()


def test_nothing_moves_for_those_who_want_no_motion(live_server: Any, browser: Browser) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url, reduced_motion="reduce").sign_in(world.contributor)

    moving = []
    for path in tour(world):
        visitor.go(path)
        moving += [
            f"{path} {words}"
            for words in visitor.page.evaluate(
                """() => [...document.querySelectorAll("*")].filter((one) => {
                    const style = getComputedStyle(one);
                    const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0.01);
                    return (style.animationName !== "none" && lasts(style.animationDuration))
                        || lasts(style.transitionDuration) || style.scrollBehavior === "smooth";
                }).map((one) => one.outerHTML.slice(0, 80))"""
            )
        ]

    assert not moving, "\n".join(moving)


def test_what_can_be_pressed_and_what_has_the_focus_is_seen_with_forced_colours(
    live_server: Any, browser: Browser
) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url, forced_colors="active").sign_in(world.contributor)

    faults = []
    for path in tour(world):
        visitor.go(path)
        faults += [
            f"{path} {words}"
            for words in visitor.page.evaluate(
                """() => {
                    const edge = (style) => ["Top", "Bottom"].some((side) =>
                        parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Style`] !== "none");
                    const line = (style) => style.textDecorationLine !== "none" || style.outlineStyle !== "none";
                    const shown = [...document.querySelectorAll("main button, main input, main select, main textarea")]
                        .filter((one) => one.checkVisibility({ opacityProperty: true }) && one.type !== "hidden"
                            && !one.closest("[aria-hidden=true]"));
                    return shown.map((one) => [one, getComputedStyle(one)])
                        .filter(([one, style]) => !edge(style) && !line(style))
                        .map(([one]) => one.outerHTML.slice(0, 100));
                }"""
            )
        ]
        visitor.page.keyboard.press("Tab")
        visitor.page.keyboard.press("Tab")
        outlined = visitor.page.evaluate(
            """() => { const style = getComputedStyle(document.activeElement);
                return parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none"; }"""
        )
        faults += [] if outlined else [f"{path}: the focus is not seen"]

    assert not faults, "\n".join(faults)


#: Roles that are of no use without a name.
NAMED = (
    *("heading", "link", "button", "textbox", "searchbox", "checkbox", "radio", "combobox"),
    *("table", "navigation", "image", "radiogroup", "region"),
)


class Tree:
    """What Chromium hands to a screen reader."""

    def __init__(self, page: Page) -> None:
        # <details> is a group as well, and has no name: fieldsets are looked at by themselves.
        self.fieldsets = page.evaluate(
            """[...document.querySelectorAll("fieldset")].filter((one) =>
                !one.querySelector("legend")?.textContent.trim() && !one.getAttribute("aria-label")).length"""
        )
        session = page.context.new_cdp_session(page)
        self.nodes = [
            {
                "role": node["role"]["value"],
                "name": node.get("name", {}).get("value", "").strip(),
                "level": next((p["value"]["value"] for p in node.get("properties", []) if p["name"] == "level"), 0),
            }
            for node in session.send("Accessibility.getFullAXTree")["nodes"]
            if not node.get("ignored") and "role" in node
        ]

    def of(self, *roles: str) -> list[dict[str, Any]]:
        return [node for node in self.nodes if node["role"] in roles]

    def faults(self) -> list[str]:
        found = [
            f"{len(self.of(role))} landmarks {role}"
            for role in ("main", "banner", "contentinfo")
            if len(self.of(role)) != 1
        ]
        found += [f"{self.fieldsets} fieldsets without a legend"] if self.fieldsets else []
        headings = self.of("heading")
        levels = [heading["level"] for heading in headings]
        if levels.count(1) != 1:
            found.append(f"{levels.count(1)} headings of the first level")
        inside = levels[levels.index(1) :] if 1 in levels else []
        found += [f"a heading {one} under a heading {before}" for before, one in pairwise(inside) if one > before + 1]
        found += [f"{node['role']} without a name" for node in self.of(*NAMED) if not node["name"]]
        return found


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_a_screen_reader_is_told_landmarks_headings_and_the_name_of_everything(
    live_server: Any, browser: Browser, language: str
) -> None:
    world = World()
    visitor = Visitor(browser, live_server.url).sign_in(world.contributor)
    User.objects.filter(pk=world.contributor.pk).update(language=language)

    faults = []
    for path in tour(world):
        visitor.go(path)
        visitor.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        faults += [f"{path}: {fault}" for fault in Tree(visitor.page).faults()]

    assert not faults, "\n".join(sorted(set(faults)))


def test_the_tree_shows_what_has_no_name(live_server: Any, browser: Browser) -> None:
    """The control: faults that were put there are reported."""
    visitor = Visitor(browser, live_server.url)
    visitor.go("/about/")
    visitor.page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<h5>Deep</h5><button></button>')"
    )

    assert set(Tree(visitor.page).faults()) >= {"button without a name", "a heading 5 under a heading 2"}
