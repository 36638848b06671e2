"""A language in which every message stands in brackets: what has none on a page was not marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from django.apps import apps
from django.conf import settings as configured
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real

from accounts.models import User
from devstack import messages
from tests.test_accessibility import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PLACEHOLDER = re.compile(r"(%\(\w+\)[sd]|%%|\{\w+\}|<[^>]*>)")
READ_OUT = ("aria-label", "title", "alt", "placeholder")
#: The same in every language: markings, initials, names of formats and of the product.
NAMES = (
    *("OFFICIAL-SENSITIVE", "OFFICIAL", "JESIP", "JOL", "BRAG", "METHANE", "ETHANE", "LRF", "SPoC"),
    *("API", "PDF", "CSV", "JSON", "Excel", "JavaScript", "English", "Cymraeg", "Joint Organisational Learning"),
    *("session", "csrf", "language", "nothing like this"),
)


def bracketed(message: str) -> str:
    """Put what a translator would translate into brackets; what is filled in stays outside."""
    return "".join(
        part if PLACEHOLDER.fullmatch(part) or not part.strip() else f"⟦{part}⟧" for part in PLACEHOLDER.split(message)
    )


def forget_translations() -> None:
    trans_real._translations.clear()
    trans_real._default = None
    translation.deactivate()


@pytest.fixture
def brackets(settings: Any, tmp_path: Path) -> Iterator[None]:
    catalogue = Catalog(locale="cy")
    for message in messages.template():
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            forms = tuple(bracketed(ids[-1]) for _ in range(catalogue.num_plurals))
            catalogue.add(message.id, forms if len(ids) > 1 else forms[0], context=message.context)
    folder = tmp_path / "cy" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(messages.compiled(catalogue))
    settings.LOCALE_PATHS = [tmp_path]
    forget_translations()
    yield
    forget_translations()


class Unmarked(HTMLParser):
    """What of a page stands outside brackets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.depth = 0
        self.found: list[str] = []
        self.attributes: list[str] = []
        self._hidden = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "code", "svg"}:
            self._hidden += 1
        self.attributes += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "code", "svg"}:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(self._outside(data))

    def _outside(self, text: str) -> str:
        outside = ""
        for letter in text:
            self.depth += {"⟦": 1, "⟧": -1}.get(letter, 0)
            outside += " " if letter in "⟦⟧" else "" if self.depth else letter
        return outside

    def words(self) -> list[str]:
        return [*self.found, *(re.sub("⟦.*?⟧", "", one) for one in self.attributes)]


def stored() -> list[str]:
    """Return every text in the database: what people wrote is translated by nobody."""
    texts: set[str] = set()

    def add(value: Any) -> None:
        if isinstance(value, str):
            texts.update([value, *value.split("\n"), value.replace("-", " ")])
        elif isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                add(one)

    for model in apps.get_models():
        if model._meta.managed and model._meta.app_label in {"accounts", "lessons", "notifications"}:
            for row in model._default_manager.all().values():
                add(row)
    return [text for text in texts if len(text) > 2]


def left_over(words: list[str], known: list[str]) -> list[str]:
    found = []
    for text in words:
        rest = " ".join(text.split())
        if not re.search(r"[A-Za-z]{3}", rest) or re.fullmatch(r"https?://\S+", rest):
            continue
        for one in known:  # the longest first
            rest = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", " ", rest, flags=re.IGNORECASE)
        if re.search(r"[A-Za-z]{3}", rest):
            found.append(text.strip())
    return found


def tour() -> Iterator[tuple[User | None, str]]:
    """Yield who looks at which page."""
    world = World()
    pages = world.pages()
    account = ["", "access/", "tokens/", "second-factor/", "password/change/"]
    own = [
        *(f"/accounts/{name}" for name in account),
        *("/d/", "/about/", "/accessibility/", "/privacy/", "/cookies/", "/lessons/download/"),
        *("/debriefs/", "/debriefs/new/", "/digests/", "/submit/sheet/", "/submit/paper/"),
        *(f"/records/{world.draft.pk}/{name}" for name in ("", "partners/", "attachments/")),
    ]
    yield from ((None, path) for path in pages["stranger"][1] if not path.startswith("/api/"))
    yield None, "/accounts/request/"
    yield from ((world.contributor, path) for path in [*pages["contributor"][1], *own])
    yield from ((user, path) for who in ("moderator", "secretariat") for user, path in of(pages[who]))
    claimed, published = f"/review/{world.claimed.pk}/", f"/lessons/{world.published.reference}/versions/"
    moves = ("preview/", "escalate/", "reassign/", "give-back/", "merge/")
    yield from ((world.moderator, path) for path in [published, *(f"{claimed}{name}" for name in moves)])
    yield world.moderator, f"/review/several/?lesson={world.claimed.pk}"
    yield from ((world.secretariat, path) for path in ("/review/", "/registers/"))
    yield from ((world.contributor, f"/statistics/{name}") for name in ("", "pace/"))


def of(who_and_pages: tuple[User | None, list[str]]) -> Iterator[tuple[User | None, str]]:
    user, paths = who_and_pages
    yield from ((user, path) for path in paths)


@pytest.mark.usefixtures("brackets")
def test_every_word_of_the_pages_is_marked_for_translation() -> None:
    visits = list(tour())
    with translation.override("cy"):
        dates = [str(one) for one in (*translation_of_dates(),)]
    known = sorted([*stored(), *NAMES, *dates, configured.SITE_NAME], key=len, reverse=True)
    faults: list[str] = []
    seen = 0
    for user, path in visits:
        client = Client()
        client.cookies["language"] = "cy"
        if user:
            User.objects.filter(pk=user.pk).update(language="cy")
            client.force_login(user)
        answer = client.get(path, follow=True)
        if answer.status_code == 404 and path != "/no/":
            faults.append(f"{path}: there is no such page")
            continue
        page = answer.content.decode()
        seen += page.count("⟦")
        faults += [f"{path}: {words}" for words in left_over(Unmarked(page).words(), known)]

    assert seen > 1000
    assert not faults, "\n".join(sorted(set(faults)))


def translation_of_dates() -> Iterator[Any]:
    from django.utils import dates

    yield from (*dates.MONTHS.values(), *dates.MONTHS_ALT.values(), *dates.WEEKDAYS.values(), *dates.MONTHS_3.values())


def test_the_parser_finds_what_has_no_brackets() -> None:
    """The control."""
    page = '<p>⟦Said by⟧ <b>Anna</b> ⟦and <i>more</i>⟧ but not this</p><a aria-label="Nor this">⟦x⟧</a>'

    assert left_over(Unmarked(page).words(), ["Anna"]) == ["but not this", "Nor this"]
