"""Commands for databases, directories, shells and patterns, in every field and parameter: no fault, and no slower.

The forms are those of the pages that five people reach; the parameters of the API are those it describes.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from statistics import median
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from accounts.models import TokenScope
from lessons.models import Status
from tests.asking import draft_sent
from tests.calling import token_of
from tests.crawling import LEFT_ALONE, Page
from tests.factories import LessonFactory
from tests.scenes import scene_of
from tests.test_bad_input import quiet  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

SHORT, LONG = 80, 4_000
#: Slower is more than twice as slow, and more than this: a busy machine loses as much now and then.
NOISE_SECONDS = 0.05
AGAIN = 5
COMMANDS = (
    "'; SELECT pg_sleep(9)-- 1) OR (1=1 \" *)(uid=*))(|(uid=* $(sleep 9);`id`|cat &&ping {{7*7}} %00 <2> & !(a|b):* "
)
PLAIN = "flood shelter lists differ "
KINDS = {
    "commands": COMMANDS,
    "one letter": "a",
    "marks": "a.a-a@\t \n(a+)+$:0/",
}
#: What is sent to what somebody types, and to what only a program would fill in.
TYPED = ((SHORT, "commands"), *((LONG, kind) for kind in KINDS))
FORGED = ((LONG, "commands"), (LONG, "marks"))
#: What views read beside the fields of forms.
READ_FROM_ADDRESSES = [
    *("q", "page", "before", "after", "next", "then", "rows", "back", "more", "done", "clear", "show", "newest"),
    *("organisation", "risk_theme", "theme", "kind", "lesson", "event", "into", "text", "person", "item", "request"),
    *("since", "until", "code", "sort", "form"),
]
PEOPLE = {"P10": "/submit/", "P16": "/review/", "P19": "/manage/", "P15": "/manage/", "P22": "/accounts/audit/"}


def of_length(kind: str, length: int) -> str:
    return (kind * (length // len(kind) + 1))[: length - 1] + "!"


# -- what there is to fill in ------------------------------------------------------------------------
@dataclass
class Form:
    """One form of a page: what a browser would send, and which of it somebody types."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "text")
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._open)
        elif self._open is None or name == "csrfmiddlewaretoken":
            return
        elif tag == "option" and self._select and value:
            if "selected" in given or not self._open.values[self._select]:
                self._open.values[self._select] = value
        elif tag == "select":
            self._select = name
            self._open.values.setdefault(name, "")
        elif tag == "textarea" or (tag == "input" and kind not in {"checkbox", "radio", "hidden", "submit", "file"}):
            self._open.values[name] = value
            self._open.typed.add(name)
        elif tag in {"input", "button"} and name and kind != "file":
            self._open.values.setdefault(name, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""


@dataclass
class Ask:
    """One way to send a text: to a form or operation, in some of its fields."""

    name: str
    client: Client
    method: str
    url: str
    values: dict[str, Any]
    fields: list[str]
    kinds: tuple[tuple[int, str], ...]
    options: dict[str, Any] = field(default_factory=dict)

    def seconds(self, text: str) -> float:
        """Send `text` in the fields, undo what came of it, and return how long the answer took."""
        sent = dict(self.values)
        for outer, _, inner in (name.partition(".") for name in self.fields):
            sent[outer] = {**sent.get(outer, {}), inner: text} if inner else text
        url = self.url.replace("PLACE", text.replace("/", "").strip() or "x")
        with transaction.atomic():
            began = time.perf_counter()
            answer = getattr(self.client, self.method)(url, sent, **self.options)
            if answer.streaming:
                b"".join(answer.streaming_content)
            took = time.perf_counter() - began
            transaction.set_rollback(True)
        assert answer.status_code < 500, (self.name, self.fields, text[:60])
        return took


def asks_of_pages(client: Client, *starts: str, seen: Counter[str]) -> Iterator[Ask]:
    """Yield each form once, with what is typed and with all its fields, and each page with what its address may say.

    :param seen: how often a page of each kind was looked at, by whomever
    """
    waiting, known = list(starts), set[str]()
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address).path
        route = _route(path)
        if not route or seen[route] >= 2 or path in known:
            continue
        known.add(path)
        seen[route] += 1
        answer = client.get(address)
        if answer.status_code == 302:
            waiting.append(urljoin(address, answer.headers["Location"]))
        if answer.streaming or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        if seen[route] == 1:
            yield Ask(f"GET {route}", client, "get", path, {}, READ_FROM_ADDRESSES, FORGED)
        html = answer.content.decode()
        waiting += [urljoin(address, link.partition("#")[0]) for link in Page(html).links]
        for form in Forms(html).found:
            target = urljoin(address, form.action or path)
            name = f"{form.method} {_route(urlsplit(target).path)} {' '.join(sorted(form.values))}"
            if target.startswith(LEFT_ALONE) or not form.values or seen[name]:
                continue
            seen[name] += 1
            if form.typed:
                yield Ask(name, client, form.method, target, form.values, sorted(form.typed), TYPED)
            if form.typed != form.values.keys():
                yield Ask(name, client, form.method, target, form.values, sorted(form.values), FORGED)


def _route(path: str) -> str:
    if not path.startswith("/") or path.startswith((*LEFT_ALONE, "/api/")):
        return ""
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def asks_of_api(token: str, bodies: dict[str, dict[str, Any]], draft: int) -> Iterator[Ask]:
    """Yield each parameter and each field of each operation: filters together, as one form reads them, the rest alone.

    :param bodies: what is sent beside that field, by the operation
    """
    description = SchemaGenerator().get_schema(request=None, public=True)
    options: dict[str, Any] = {"headers": {"Authorization": f"Token {token}"}}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            name, is_get, parameters = f"{method} {path}", method == "get", operation.get("parameters", [])
            named = [one["name"] for one in parameters if one["in"] == "query"]
            fields = [[one] for one in ("q", "cursor", "page_size", "since") if one in named] + [named]
            if not is_get:
                inside = _fields_of(operation["requestBody"], description["components"]["schemas"])
                fields = [[one] for one in inside]
            url = path.replace("{form}", "csv").replace("{id}", str(draft))
            url = re.sub(r"\{\w+\}", "PLACE", url)
            more = options if is_get else options | {"content_type": "application/json"}
            for some in fields:
                yield Ask(name, Client(), method, url, bodies.get(name, {}), some, TYPED if is_get else FORGED, more)


def _fields_of(body: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """Return the names of what a body may hold; of an object in it, what is in that, after a point."""
    found = []
    for name, given in _resolved(body["content"]["application/json"]["schema"], schemas)["properties"].items():
        inner = _resolved(given, schemas).get("properties", {})
        found += [name, *(f"{name}.{within}" for within in inner)]
    return found


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    named = (schema.get("allOf") or [schema])[0].get("$ref", "")
    return schemas[named.rpartition("/")[2]] if named else schema


# -- what it takes -----------------------------------------------------------------------------------
def slower(ask: Ask) -> list[str]:
    """Return of which texts the answer takes longer than of harmless words of the same length."""
    found = []
    quick = {length: ask.seconds(of_length(PLAIN, length)) for length in {length for length, _ in ask.kinds}}
    for length, kind in ask.kinds:
        text, harmless = of_length(KINDS[kind], length), of_length(PLAIN, length)
        if is_slower(ask.seconds(text), quick[length]):
            pairs = [(ask.seconds(text), ask.seconds(harmless)) for _ in range(AGAIN)]
            took, against = (median(times) for times in zip(*pairs, strict=True))
            if is_slower(took, against):
                found.append(f"{kind}, {length}: {took * 1000:.0f} ms, not {against * 1000:.0f}")
    return found


def is_slower(took: float, against: float) -> bool:
    return took > 2 * against and took > against + NOISE_SECONDS


@pytest.mark.usefixtures("quiet")
def test_no_field_or_parameter_takes_longer_for_commands_and_patterns_than_for_words() -> None:
    scene = scene_of("published_to_area")
    people = scene.everybody
    own = {"author": people.people["P10"], "organisation": people.owner, "area": people.area}
    draft = LessonFactory(**own)
    LessonFactory(status=Status.IN_REVIEW, moderator=people.people["P16"], at=timezone.now(), **own)
    LessonFactory(status=Status.SUBMITTED, at=timezone.now(), **own)
    bodies = {
        "post /api/v1/drafts/": draft_sent(scene, "P10"),
        "patch /api/v1/drafts/{id}/": {"row_version": draft.row_version},
    }
    seen: Counter[str] = Counter()
    began, asked, wrong = time.monotonic(), 0, dict[str, list[str]]()

    def asks() -> Iterator[Ask]:
        yield from asks_of_api(token_of(people.people["P10"], *TokenScope.values), bodies, draft.pk)
        yield from asks_of_pages(Client(), "/", "/accounts/login/", "/accounts/password/reset/", seen=seen)
        yield from asks_of_pages(people.client("P10"), f"/submit/{draft.pk}/check/", "/accounts/tokens/", seen=seen)
        for name, start in PEOPLE.items():
            yield from asks_of_pages(people.client(name), start, "/", "/lessons/", "/statistics/", seen=seen)

    forms = set[str]()
    for ask in asks():
        asked, forms = asked + 1, forms | {ask.name}
        if found := slower(ask):
            wrong[f"{ask.name} {' '.join(ask.fields)[:60]}"] = found

    print(f"{asked} asks of {len(forms)} forms, pages and operations in {time.monotonic() - began:.0f} s")
    assert len(forms) > 100
    assert wrong == {}


def test_what_is_slow_would_be_found() -> None:
    class Slow:
        """A view with a pattern that takes for ever, as it were."""

        streaming, status_code = False, 200

        def get(self, url: str, sent: dict[str, str]) -> Slow:
            time.sleep(0.12 if set(sent["q"]) == {"a", "!"} else 0.001)
            return self

    (found,) = {told.partition(",")[0] for told in slower(Ask("slow", Slow(), "get", "/", {}, ["q"], TYPED))}
    assert found == "one letter"
