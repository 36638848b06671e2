"""Somebody who follows every link and sends every form that only asks."""

from __future__ import annotations

import difflib
import io
import re
import zipfile
from collections import Counter
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.test import Client

#: What differs from one answer to the next for reasons of its own.
CHANGES = re.compile(
    r'name="(?:csrfmiddlewaretoken|draft_key)"[^>]*value="[^"]*"|value="[^"]{40,}"|\d\d:\d\d:\d\d'
    r'|signed out at <time[^>]*>[^<]*|Last signed in on [^<]*|data-token="[^"]*"'
)
#: Leads out of the session.
LEFT_ALONE = ("/accounts/logout/", "/static/")


class Page(HTMLParser):
    """The links of a page, and its forms that are sent with GET: address -> fields with values to send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._form: dict[str, str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "data-url", "data-source", "hx-get"):
            if given.get(name):
                self.links.append(given[name])
        if tag == "form":
            self._form = {} if given.get("method", "get").lower() == "get" else None
            if self._form is not None:
                self.forms.append((given.get("action", ""), self._form))
        elif tag == "input" and self._form is not None and given.get("name"):
            kind = given.get("type", "text")
            if kind not in {"checkbox", "radio", "submit"} or "checked" in given:
                self._form[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


class Crawl:
    """:ivar pages: what was got, by address; :ivar left_out: addresses beyond `most_alike` of one path"""

    def __init__(self, client: Client, *, words: list[str], headers: dict[str, str] | None = None) -> None:
        self.client, self.words, self.headers = client, words, headers or {}
        self.pages: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.left_out = 0
        self._of_path: Counter[str] = Counter()

    def go(self, *starts: str, most_alike: int = 12) -> Crawl:
        """Get `starts` and all they lead to, at most `most_alike` queries to one path."""
        waiting = list(starts)
        while waiting:
            address = waiting.pop(0)
            if address in self.pages:
                continue
            path = urlsplit(address).path
            self._of_path[path] += 1
            if self._of_path[path] > most_alike:
                self.left_out += 1
                continue
            waiting += self._found_in(address, self.get(address))
        return self

    def get(self, address: str) -> str:
        return self._note(address, self.client.get(address, headers=self.headers))

    def post(self, address: str, body: dict[str, Any], **options: Any) -> str:
        sent = self.client.post(address, body, headers=self.headers, **options)
        return self._note(f"POST {address} {sorted(map(str, body.values()))}", sent)

    def _note(self, address: str, answer: Any) -> str:
        self.statuses[answer.status_code] += 1
        self.pages[address] = told = told_by(answer)
        return told

    def _found_in(self, address: str, told: str) -> list[str]:
        head, _, body = told.partition("\n\n")
        found = re.findall(r"^Location: (\S+)", head, re.MULTILINE)
        if "text/html" in head:
            page = Page(body)
            found += page.links
            found += [link for action, fields in page.forms for link in self._sent(action, fields)]
        elif "json" in head:
            found += re.findall(r'"(?:next|previous|url)":"([^"]+)"', body)
        addresses = [urljoin(address, link.partition("#")[0]) for link in found if link]
        addresses = [re.sub(r"^https?://testserver", "", link) for link in addresses]
        return [link for link in addresses if link.startswith("/") and not link.startswith(LEFT_ALONE)]

    def _sent(self, action: str, fields: dict[str, str]) -> list[str]:
        searched = [name for name in ("q", "text", "words") if name in fields]
        if not searched:
            return [f"{action}?{urlencode(fields)}"]
        return [f"{action}?{urlencode(fields | {searched[0]: words})}" for words in self.words]

    def hits(self, canaries: dict[str, str]) -> dict[str, list[str]]:
        """Return where which canary was told: what it stands for -> addresses."""
        found: dict[str, list[str]] = {}
        for address, told in self.pages.items():
            folded = told.lower()
            for canary, what in canaries.items():
                if canary.lower() in folded:
                    found.setdefault(what, []).append(address)
        return found

    def changed_since(self, earlier: Crawl) -> dict[str, list[str]]:
        """Return what reads otherwise than in an earlier crawl, as far as both asked for it: address -> lines."""
        changed = {}
        for address in sorted(self.pages.keys() & earlier.pages.keys()):
            before, now = _plain(earlier.pages[address]).splitlines(), _plain(self.pages[address]).splitlines()
            if before != now:
                lines = difflib.unified_diff(before, now, lineterm="", n=0)
                changed[address] = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
        return changed


def _plain(told: str) -> str:
    return CHANGES.sub("", told.partition("\n\n")[2])


def told_by(answer: Any) -> str:
    """Return all that an answer tells: status, headers, body, and what is packed in a workbook."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join(archive.read(name) for name in archive.namelist())
    # Cookies hold the session and nothing of the content.
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{answer.status_code}\n{head}\n\n{content.decode(errors='replace')}"
