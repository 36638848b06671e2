"""Fifteen channels through which one item could leak, and nothing of it in any of them for whom it is hidden.

Every part of five lessons holds a word that is nowhere else (`hiding.py`).  Thirteen people get all that they can
reach: none is told a word that is not for them, and each word is found by somebody for whom it is, in each channel.
To outsiders the site reads, to the letter, as it did before the lessons came: that is counts, pages and suggestions.
"""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.template import Template
from django.test import Client
from django.test.client import ClientHandler
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import TokenScope, User
from jol.logs import LineFormatter
from lessons.actions.moves import move_lesson
from lessons.models import Move, Publication
from notifications.models import Delivery
from tests.calling import token_of
from tests.crawling import Crawl
from tests.factories import SubscriptionFactory
from tests.hiding import OUTSIDERS, SHARED, World, hide, world
from tests.personas import client_of
from tests.test_access_matrix import ROWS, arguments_of
from tests.test_digests import TOMORROW, announce, run_digests
from tests.test_notifications_mails import written

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: The same for everybody and of no content; or the way out.
NOT_CRAWLED = {"account_logout", "openid_connect_callback", "socialaccount_login_cancelled", "api-schema", "api-docs"}
NOT_CRAWLED |= {
    "health",
    "ready",
    "live",
    "lesson_schema",
    "lesson_vocabulary",
    "submit_sheet_template",
    "submit_paper",
    "quarters",
}
#: Which channel an address belongs to: the first that fits.
CHANNELS = {
    "12 attachments": r"^/attachments/|/attachments/$",
    "10 exports": r"/download/|\.(csv|xlsx|ndjson)",
    "13 trail": r"/audit/|^/accounts/access/",
    "9 statistics": r"statistics|^/recurring/|^/risks/",
    "6 alike": r"similar|^POST /plan/",
    "8 API": r"^/api/",
    "5 look-alikes": r"^/submit/|^POST /subscriptions/|/debriefs/new/",
    "3 search": r"^/lessons/\?.*q=[^&]",
    "4 facets": r"^/lessons/\?",
    "7 links": r"/versions/|/merge/|^/records/\d+/partners",
    "2 lists": r"^/(lessons/|our-lessons/|review/|review/several/|debriefs/|)(\?.*)?$",
    "1 detail": r"^/(lessons/[LN]|records/\d|review/\d|debriefs/\d)",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks which templates were drawn, and to note it takes time; one handler serves all, as outside tests."""
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))


class Lines(logging.Handler):
    """What the product would log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.formatter = LineFormatter()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def logged() -> Iterator[Lines]:
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.INFO)
    yield lines
    root.removeHandler(lines)
    root.setLevel(level)


# -- the crawl -----------------------------------------------------------------------------------------
HANDLER = ClientHandler(enforce_csrf_checks=False)


def browser_of(user: User | None) -> Client:
    client = client_of(user)
    client.handler = HANDLER
    return client


def places() -> list[str]:
    """Return every address that needs no argument."""
    arguments = arguments_of()
    names = {row["route"] for row in ROWS if row["method"] == "GET"} - NOT_CRAWLED
    return sorted(reverse(name) for name in names if not arguments[name])


#: What is typed into searches: a plain word, the beginning of the first canary, and the second one misspelt.
ASKED = ["shelter", "zubobib", "zubobidaverix"]


def reach(world: World, name: str) -> Crawl:
    """Get all that somebody can get by following links, asking, and sending forms that only ask."""
    user = world.people[name]
    crawl = Crawl(browser_of(user), words=ASKED)
    api = ["/api/v1/lessons.csv", "/api/v1/lessons.ndjson", "/api/v1/lessons/?archived=include&page_size=2"]
    crawl.go(*places(), *api, "/lessons/?archived=include", "/no/such/page/", most_alike=2)
    for word in ASKED:
        crawl.get(f"/lessons/?q={word}")
        crawl.get(f"/api/v1/lessons/?q={word}")
    crawl.get("/lessons/?risk=surface-water-flooding")
    if user:
        for form in ("csv", "xlsx", "ndjson"):
            crawl.post("/lessons/download/", {"form": form, "sensitive": "on"})
        crawl.post("/plan/", {"text": f"Share the shelter list. {SHARED}"})
        crawl.post("/api/v1/similar/", {"text": SHARED}, content_type="application/json")
        crawl.post("/subscriptions/new/", {"frequency": "at_once", "decision": "preview", "words": "rest", "show": "1"})
    return crawl


def as_program(user: User, *scopes: str) -> Crawl:
    program = Client()
    program.handler = HANDLER
    crawl = Crawl(program, words=[], headers={"Authorization": f"Token {token_of(user, *scopes)}"})
    names = ("lessons", "events", "changes", "organisations")
    return crawl.go(
        *(f"/api/v1/{name}/?page_size=2" for name in names), "/api/v1/statistics/", "/api/v1/lessons.ndjson"
    )


def knock(world: World, name: str) -> Crawl:
    """Ask for addresses of what is hidden as somebody who was told the numbers: each kind of address once."""
    crawl, lessons = Crawl(browser_of(world.people[name]), words=[]), list(world.lessons.items())
    for turn, (route, names) in enumerate(arguments_of().items()):
        which, lesson = lessons[turn % len(lessons)]
        known = {"pk": lesson.pk, "reference": lesson.reference or "LI-2026-89999", "step": "what-happened"}
        known |= {"key": world.files[which].key, "event": lesson.event_id, "point": world.points[0].pk, "form": "csv"}
        if names and set(names) <= set(known):
            crawl.get(_address(route, {one: known[one] for one in names}))
    for file in world.files.values():
        crawl.get(file.get_absolute_url())
    for _, lesson in lessons:
        if lesson.reference:
            crawl.get(reverse("lesson", args=[lesson.reference]))
            crawl.get(f"/api/v1/lessons/{lesson.reference}/")
            crawl.get(f"/subscriptions/new/?like={lesson.reference}")
            crawl.get(reverse("lesson", args=[lesson.mergers.get().reference]))
    for route in ("debrief", "debrief_share", "debrief_note"):
        crawl.get(reverse(route, args=[world.debrief.pk]))
    return crawl


def _address(route: str, given: dict[str, Any]) -> str:
    try:
        return reverse(route, kwargs=given)
    except NoReverseMatch:  # an argument of another shape
        return "/"


def channel_of(address: str) -> str:
    return next((name for name, pattern in CHANNELS.items() if re.search(pattern, address)), "others")


# -- the question --------------------------------------------------------------------------------------
def test_nobody_is_told_what_is_not_for_them_through_any_channel(logged: Lines, settings: Any) -> None:
    settings.METRICS_TOKEN = "figures"
    began, around = time.monotonic(), world()
    before = {name: reach(around, name) for name in ("reader elsewhere", "moderator elsewhere")}
    hide(around)

    crawls = {name: reach(around, name) for name in reversed(around.people)}
    knocked = {name: knock(around, name) for name in (*sorted(OUTSIDERS), "contributor of the owner")}
    reader = around.people["cleared reader of the area"]
    published, sensitive = TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE
    statistics = TokenScope.READ_STATISTICS
    programs = {
        "reader of the area": as_program(reader, published, statistics),  # what a token without the scope may read
        "cleared reader of the area": as_program(reader, published, sensitive, statistics),
        "reader elsewhere": as_program(around.people["reader elsewhere"], published, sensitive, statistics),
    }

    asked = 0
    hits: dict[str, list[str]] = {}
    sightings: dict[str, set[str]] = defaultdict(set)
    for kind, each in {"found": crawls, "knocked": knocked, "program": programs}.items():
        for name, crawl in each.items():
            asked += len(crawl.pages)
            print(name, kind, len(crawl.pages), crawl.statuses)
            # A reference that somebody knocked with is in the answer.
            hidden = {word: what for word, what in around.not_for(name).items() if kind == "found" or word[:2] == "zu"}
            hits |= {f"{name}, {kind}: {what}": where for what, where in crawl.hits(hidden).items()}
            for what, where in crawl.hits(around.for_(name)).items():
                sightings[what] |= {channel_of(address) for address in where}
            assert max(crawl.statuses) < 500, (name, crawl.statuses)
    assert not hits, "\n".join(f"{who}: {where[:4]}" for who, where in hits.items())

    _assert_each_was_found(around, sightings)
    _assert_read_as_before(before, crawls)
    _assert_marked_and_not_kept(around, crawls)
    _assert_no_address_tells(around, crawls)
    told = {**_mails(around), **_traces(), **_figures(), "logs": "\n".join(logged.lines).lower()}
    left = {f"{where}: {one.what}" for where, text in told.items() for word, one in around.canaries.items()
            if word.startswith("zu") and word in text}  # fmt: skip
    assert not left
    assert sum('"jol.requests"' in line for line in logged.lines) > 100
    print(f"{len(around.canaries)} canaries, {asked} answers to {len(crawls)} people, {time.monotonic() - began:.0f} s")
    print({channel: sum(channel in where for where in sightings.values()) for channel in CHANNELS})


def _assert_each_was_found(around: World, sightings: dict[str, set[str]]) -> None:
    """A crawl that could not find a word would prove nothing."""
    all_of_them = {one.what for one in around.canaries.values()}
    assert all_of_them - set(sightings) <= NOT_ON_PAGES
    assert set().union(*sightings.values()) >= set(CHANNELS) - COUNTS_ONLY


#: Nothing but numbers is told there: see `_assert_read_as_before`.
COUNTS_ONLY = {"9 statistics"}
#: Shown beside what is published only, and beside what is sensitive only.
NOT_ON_PAGES = {"contact of the suspended one", "contact of the one in review", "handling of the suspended one"}


#: Keys that are made anew, a clock, and what tells programs to pull the first version of the narrowed one, that was
#: for everybody.
OTHERWISE_EACH_TIME = ("/accounts/second-factor/", "/accounts/session/", "/accounts/sessions/", "/api/v1/changes/")


def _assert_read_as_before(before: dict[str, Crawl], crawls: dict[str, Crawl]) -> None:
    """To outsiders no number, order, suggestion or page changed; to somebody entitled each kind of page did."""
    told = {"2 lists", "3 search", "4 facets", "8 API", "9 statistics", "10 exports"}
    for name, earlier in before.items():
        changed = crawls[name].changed_since(earlier)
        changed = {address: lines for address, lines in changed.items() if not address.startswith(OTHERWISE_EACH_TIME)}
        assert not changed, "\n".join(f"{name} {address} {lines[:6]}" for address, lines in changed.items())
        assert {channel_of(address) for address in crawls[name].pages.keys() & earlier.pages.keys()} >= told
    differs = crawls["Board member"].changed_since(before["reader elsewhere"])
    assert {channel_of(address) for address in differs} >= told


def _assert_marked_and_not_kept(around: World, crawls: dict[str, Crawl]) -> None:
    """Whatever tells of the sensitive lesson is marked, and nobody may keep it."""
    # An event has a marking of its own: this one is OFFICIAL.
    words = [word for word, one in around.canaries.items() if one.what.endswith("of the sensitive one")]
    words = [word for word in words if word.startswith("zu") and not around.canaries[word].what.startswith("event")]
    wrong, told_of = [], 0
    for name, crawl in crawls.items():
        for address, told in crawl.pages.items():
            head, _, body = told.partition("\n\n")
            if not any(word in body.lower() for word in words):
                continue
            told_of += 1
            # A file is as its owner made it.  What is like a text is told by reference and title, to be asked for.
            is_file = address.startswith(("/attachments/", "POST /api/v1/similar/"))
            if "no-store" not in head:
                wrong.append(f"{name} {address} may be kept")
            if not (is_file or re.search("OFFICIAL-SENSITIVE|official_sensitive", body)):
                said = [around.canaries[word].what for word in words if word in body.lower()]
                wrong.append(f"{name} {address} says {said} unmarked")
    assert not wrong, "\n".join(wrong)
    assert told_of > 20


def _assert_no_address_tells(around: World, crawls: dict[str, Crawl]) -> None:
    """Addresses are in logs and histories: they hold no words but those somebody typed."""
    typed = re.compile(r"([?&](q|text|words)=)[^&]*")
    addresses = {typed.sub(r"\1", address) for crawl in crawls.values() for address in crawl.pages}
    assert not [address for address in addresses for word in around.canaries if word[:2] == "zu" and word in address]


def _mails(around: World) -> dict[str, str]:
    """Announce, digest and suspend, to everybody; return what nobody may be told by mail, having looked at the rest."""
    for user in around.people.values():
        if user:
            SubscriptionFactory(person=user)
            SubscriptionFactory(person=user, frequency="daily", words="rest centres")
    for lesson in around.lessons.values():
        for publication in Publication.objects.live().filter(lesson=lesson):
            announce(publication)
    run_digests(TOMORROW)
    narrowed, sensitive = around.lessons["the narrowed one"], around.lessons["the sensitive one"]
    mails = list(_written(Delivery.objects.filter(kind__in=["new_lesson", "digest"])))
    with_words = {address for address, text in mails if str(narrowed.reference).lower() in text and "zu" in text}
    with_reference = {address for address, text in mails if str(sensitive.reference).lower() in text}
    names = {user.email: name for name, user in around.people.items() if user}
    assert with_reference, "somebody entitled hears of the sensitive one"
    assert with_words
    for address, text in mails:
        for word, what in around.not_for(names.get(address, "")).items():
            assert word.lower() not in text, (names.get(address), what)
    move_lesson(
        lesson=narrowed,
        move=Move.SUSPEND,
        by=around.people["Secretariat"],
        at=timezone.now(),
        note="A person could be recognised",
    )
    late = list(_written(Delivery.objects.exclude(kind__in=["new_lesson", "digest"])))
    assert late, "those who had it are told to stop using it"
    for address, text in late:
        for word, what in around.not_for(names.get(address, "SPoC")).items():
            assert word.lower() not in text, (address, what)
    secret = [word for word in around.for_("Board member") if around.canaries[word].what.endswith("the sensitive one")]
    return {
        f"mail to {address}": " ".join(word for word in secret if word.startswith("zu") and word in text)
        for address, text in [*mails, *late]
    }


def _written(deliveries: Any) -> Iterator[tuple[str, str]]:
    for delivery in deliveries:
        mail = written(delivery)
        yield delivery.address, f"{mail.message['Subject']}\n{mail.text}\n{mail.html}".lower()


def _traces() -> dict[str, str]:
    """Return what tables of traces hold, each as text."""
    tables = ["accounts_auditevent", "accounts_ratecount", "lessons_exportrecord", "django_session"]
    told = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(row::text, E'\\n'), '') FROM {table} AS row")  # noqa: S608
            told[f"table {table}"] = cursor.fetchone()[0].lower()
    assert told["table accounts_auditevent"]
    return told


def _figures() -> dict[str, str]:
    client = Client()
    answers = {
        "metrics": client.get("/metrics", headers={"Authorization": "Bearer figures"}),
        "health": client.get("/health/"),
    }
    assert answers["metrics"].status_code == 200
    return {name: answer.content.decode().lower() for name, answer in answers.items()}
