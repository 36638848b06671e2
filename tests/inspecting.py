"""What is looked at on a page: axe, the tree of a screen reader, the keyboard, zoom, forced colours, motion.

Each function looks at a page that is open, and returns what is wrong, in words.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

AXE = (Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js").read_text()
#: govuk-frontend itself sets aria-expanded on radios that reveal a field.
NOT_OURS = {"aria-allowed-attr": "aria-expanded"}
#: Groups of axe's rules that are about names and languages.
OF_WORDS = ("cat.language", "cat.name-role-value", "cat.text-alternatives", "cat.forms")
DESK = {"width": 1280, "height": 900}
#: 1280 pixels at 200 %; and at 400 %, which is as wide as a phone.
AT_200, PHONE = {"width": 640, "height": 512}, {"width": 320, "height": 640}
#: Text alone twice as large, as some browsers and phones let people have it.
TWICE = "html { font-size: 200% !important } body, body * { line-height: 1.5 !important }"


def faults_of(page: Page, *, whole: bool = False) -> list[str]:
    """Return all that is wrong with the page that was opened just now, at the size of a desk.

    :param whole: try the keyboard in header and footer, too, which are alike on all pages of somebody
    """
    found = keyboard_faults(page, whole=whole) + faults_told(page) + forced_faults(page) + zoom_faults(page)
    page.set_viewport_size(DESK)
    return found


def faults_told(page: Page, *, words: bool = False) -> list[str]:
    """Return what a checker and a screen reader find on a page that is open, with all that is folded away.

    :param words: look at names and languages only, which are what a translation changes
    """
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    return violations(page, only=OF_WORDS if words else ()) + Tree(page).faults()


def with_axe(context: BrowserContext) -> None:
    """Have the checker on each page that is opened from now on."""
    context.add_init_script(AXE)


def violations(page: Page, *, only: tuple[str, ...] = ()) -> list[str]:
    """Return what axe finds, without what the design system does by itself.

    :param only: groups of rules, as axe names them; without one, all that it asks by itself and the size of targets
    """
    if not page.evaluate("'axe' in window"):  # `with_axe` has it there already, in a tenth of the time
        page.evaluate(AXE)
    found = page.evaluate(
        """(only) => axe.run(document, { resultTypes: ["violations"],
                ...(only.length ? { runOnly: only } : { rules: { "target-size": { enabled: true } } }) })
            .then((result) => result.violations)""",
        list(only),
    )
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for rule in found
        for node in rule["nodes"]
        if NOT_OURS.get(rule["id"], "\0") not in node["html"] + node["failureSummary"]
    ]


# -- zoom --------------------
def zoom_faults(page: Page) -> list[str]:
    """Look at 200 % and 400 %, and with text alone twice as large; the page keeps the large text."""
    found = []
    for name, size, style in (("400 %", PHONE, ""), ("200 %", AT_200, ""), ("text at 200 %", AT_200, TWICE)):
        page.set_viewport_size(size)
        if style:
            page.evaluate(
                "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
                " document.adoptedStyleSheets = [sheet] }",
                style,
            )
        found += [f"{name}: {one}" for one in page.evaluate(LOST)]
    return found


#: What runs out of the window, and headings, labels, buttons and cells whose text is cut off by their own box.
LOST = """() => {
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const cut = [...document.querySelectorAll("h1, h2, h3, label, legend, button, a, th, td, dt, dd")]
        .filter((one) => one.checkVisibility() && !one.closest(".govuk-visually-hidden, .govuk-skip-link"))
        .filter((one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX))
        .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
        .map((one) => `cut off: ${one.textContent.trim().slice(0, 60)}`);
    return over > 0 ? [`${over} pixels too wide`, ...cut] : cut;
}"""


# -- forced colours, and no motion --------------------
def forced_faults(page: Page) -> list[str]:
    """Look at the page of somebody with colours of their own who wants nothing to move."""
    page.evaluate(MARK_GROUNDS)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    found: list[str] = page.evaluate(UNSEEN)
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    return found


#: Words in a line that are set apart by a ground of their own; <mark> has a pair of system colours.
MARK_GROUNDS = """() => {
    const clear = (colour) => colour === "rgba(0, 0, 0, 0)";
    for (const one of document.querySelectorAll("body :not(mark)")) {
        const style = getComputedStyle(one);
        const apart = !clear(style.backgroundColor) || style.boxShadow !== "none";
        if (apart && style.display.startsWith("inline") && one.checkVisibility() && one.textContent.trim())
            one.setAttribute("data-has-ground", "");
    }
}"""
UNSEEN = """() => {
    const edge = (style) => ["Top", "Bottom", "Left"].some((side) =>
        parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Style`] !== "none");
    const line = (style) => style.textDecorationLine !== "none"
        || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
    const shown = (one) => one.checkVisibility({ opacityProperty: true }) && one.type !== "hidden"
        && !one.closest("[aria-hidden=true]");
    const lost = [...document.querySelectorAll("button, input, select, textarea, [data-has-ground]")]
        .filter((one) => shown(one) && !edge(getComputedStyle(one)) && !line(getComputedStyle(one)))
        .map((one) => `has no edge with forced colours: ${one.outerHTML.slice(0, 100)}`);
    const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0.01);
    const moves = (style) => (style.animationName !== "none" && lasts(style.animationDuration))
        || lasts(style.transitionDuration) || style.scrollBehavior === "smooth";
    const moving = [...document.querySelectorAll("*")].filter((one) => moves(getComputedStyle(one)))
        .map((one) => `moves: ${one.outerHTML.slice(0, 80)}`);
    return [...lost, ...moving];
}"""


# -- the keyboard --------------------
def keyboard_faults(page: Page, *, whole: bool) -> list[str]:
    """Press Tab through the page: all that can be pressed comes once, in the order of the page, and is seen.

    :param whole: begin at the top; else where the skip link leads, and end with what follows the main part
    """
    wanted: int = page.evaluate(LISTEN, whole)
    for pressed in range(wanted + MORE):  # what comes in sight with the focus is passed, too
        if pressed >= wanted and page.evaluate("window.tabbedThrough()"):
            break
        page.keyboard.press("Tab")
    found: list[str] = page.evaluate("window.tabbed()")
    return found


MORE = 60
#: Writes down what gets the focus; `tabbed()` says what was wrong with that.
LISTEN = """(whole) => {
    const open = (one) => {
        const folded = one.parentElement.closest("details:not([open])");
        return !folded || (one.localName === "summary" && one.parentElement === folded
            && !folded.parentElement.closest("details:not([open])"));
    };
    const groups = new Map();
    for (const one of document.querySelectorAll("input[type=radio]:not(:disabled)")) {
        const group = `${one.name} ${one.form?.action}`;
        if (!groups.has(group) || one.checked) groups.set(group, one);
    }
    const radios = new Set(groups.values());
    const all = "a[href], button, input, select, textarea, summary, [tabindex]";
    const tabbable = [...document.querySelectorAll(all)].filter((one) => one.tabIndex >= 0 && !one.disabled
        && one.type !== "hidden" && one.checkVisibility({ visibilityProperty: true }) && open(one)
        && (one.type !== "radio" || radios.has(one)));
    const main = document.querySelector("main");
    const after = (one) => main.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
    const end = tabbable.findIndex((one) => after(one) && !main.contains(one));
    const wanted = whole ? tabbable : tabbable.slice(0, end + 1).filter(after);
    if (!whole) location.hash = main.id;
    const name = (one) => one.outerHTML.slice(0, 120);
    const looks = (one, of) => {
        const style = getComputedStyle(one, of);
        const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        const clear = style.outlineColor.endsWith(", 0)");
        return [`${style.boxShadow} ${style.backgroundColor} ${style.borderColor} ${style.stroke}`
            + (outline && !clear ? style.outlineColor : ""), outline];
    };
    const labels = (one) => [...(one.labels ?? [])];
    const parts = (one) => [[one, null], [one, "::before"], ...labels(one).map((label) => [label, "::before"]),
        ...[...one.querySelectorAll("rect")].map((part) => [part, null])];
    const look = (one) => parts(one).map(([part, of]) => looks(part, of));
    const before = new Map(wanted.map((one) => [one, look(one)]));
    const came = [], faults = [];
    const covered = (one) => {
        const box = [...one.getClientRects()].find((rect) => rect.width && rect.height);
        if (!box) return true;
        const middle = (start, size) => start + Math.min(size / 2, 12);
        const top = document.elementFromPoint(middle(box.left, box.width), middle(box.top, box.height));
        return !top || !(one.contains(top) || top.contains(one) || labels(one).some((label) => label.contains(top)));
    };
    document.addEventListener("keydown", () => {
        const now = document.activeElement;
        if (now && now !== document.body && covered(now)) faults.push(`is covered with the focus: ${name(now)}`);
    }, true);
    document.addEventListener("focusin", ({ target }) => {
        came.push(target);
        if (!before.has(target)) return;
        const now = look(target), then = before.get(target);
        const unseen = now.every(([shown], part) => shown === then[part][0]);
        if (unseen) faults.push(`the focus is not seen: ${name(target)}`);
        const unlined = !now.some(([, outline]) => outline);
        if (unlined) faults.push(`the focus is not seen with forced colours: ${name(target)}`);
    });
    window.tabbedThrough = () => wanted.every((one) => came.includes(one));
    window.tabbed = () => {
        const ours = came.filter((one) => before.has(one));
        const missed = wanted.filter((one) => !ours.includes(one));
        const first = ours.findIndex((one, place) => one !== wanted[place]);
        return [...new Set(faults), ...missed.map((one) => `Tab does not reach ${name(one)}`),
            ...(first >= 0 && !missed.length ? [`out of order: ${name(ours[first])}`] : [])];
    };
    return wanted.length;
}"""


# -- the tree --------------------
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
        session.detach()

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
