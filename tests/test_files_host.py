"""Attachments from a host of their own (FILES_URL): what it answers, to whom, for how long; it knows no cookie."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.urls import get_resolver, reverse, set_urlconf
from django.utils import timezone

from accounts.models import AuditEvent, Membership, User
from accounts.roles import Role
from jol.logs import LineFormatter
from lessons.actions.moves import move_lesson
from lessons.attachments import links, store
from lessons.models import Attachment, Lesson, Move, Scan, Status
from tests.calling import token_of
from tests.factories import LessonFactory, moderator_of, person
from tests.test_access_matrix import FILES_ROWS, methods_of, patterns
from tests.test_attachments import attached
from tests.test_headers import ALWAYS

pytestmark = pytest.mark.django_db

SITE, FILES = "testserver", "files.example.org"


@pytest.fixture(autouse=True)
def _two_hosts(settings: Any, tmp_path: Path) -> None:
    options = {"location": tmp_path, "directory_permissions_mode": 0o700}
    settings.STORAGES = settings.STORAGES | {"attachments": settings.STORAGES["attachments"] | {"OPTIONS": options}}
    settings.SITE_URL, settings.FILES_URL = f"https://{SITE}", f"https://{FILES}"
    settings.ALLOWED_HOSTS = [SITE, FILES]
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


@pytest.fixture
def lesson() -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, marking="official_sensitive")


@pytest.fixture
def reader() -> User:
    return person(Role.READER, cleared=True)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(address: str, host: str = FILES, client: Client | None = None, method: str = "GET", **headers: str) -> Any:
    """Ask one of the two hosts, as a stranger unless a browser is given."""
    path = address.removeprefix(f"https://{host}")
    answer = (client or Client()).generic(method, path, headers={"host": host, **headers}, secure=True)
    set_urlconf(None)  # as the next request does
    return answer


def led_to(user: User, attachment: Attachment) -> str:
    """Return the link that the site hands to somebody."""
    answer = ask(attachment.get_absolute_url(), SITE, browser_of(user))
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_the_site_checks_writes_the_row_and_leads_to_the_other_host_which_hands_the_file_out(
    lesson: Lesson, reader: User
) -> None:
    attachment = attached(lesson, published=True)

    led = ask(attachment.get_absolute_url(), SITE, browser_of(reader))
    rows = AuditEvent.objects.filter(action="attachment.read", actor=reader)
    written = rows.count()
    answer = ask(led.headers["Location"])

    assert led.status_code == 302
    assert led.headers["Location"].startswith(f"https://{FILES}/attachments/")
    assert led.headers["Referrer-Policy"] == "no-referrer"
    assert led.headers["Cache-Control"] == "no-store, private"
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"Rest centres")
    assert (written, rows.count()) == (1, 1), "read once, when the site was asked"
    wanted = ALWAYS | {
        "Content-Disposition": 'attachment; filename="notes.txt"',
        "Content-Type": "text/plain",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store, private",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    assert {name: answer.headers.get(name) for name in wanted} == wanted


def test_whom_the_site_lets_have_no_file_gets_no_link(lesson: Lesson, reader: User) -> None:
    hidden, refused = attached(lesson), attached(lesson, scan=Scan.REFUSED, reason="It held macros")
    waiting = attached(lesson, scan=Scan.WAITING)
    open_one = attached(lesson, published=True)

    for attachment in (hidden, refused, waiting):
        assert ask(attachment.get_absolute_url(), SITE, browser_of(reader)).status_code == 404
    assert ask(open_one.get_absolute_url(), SITE, browser_of(person(Role.READER))).status_code == 404
    assert ask(open_one.get_absolute_url(), SITE).headers["Location"].startswith("/accounts/login/")
    assert not AuditEvent.objects.filter(action="attachment.read").exists()


def test_a_link_works_for_whoever_holds_it_for_a_minute_and_for_one_file(lesson: Lesson, reader: User) -> None:
    """As documented: it is not bound to a browser, since the host of files knows none."""
    one, other = attached(lesson, published=True), attached(lesson, b"Another", published=True)
    link = led_to(reader, one)

    assert ask(link, client=browser_of(person(Role.READER))).status_code == 200
    assert ask(link).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=59)):
        assert ask(link).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=62)):
        assert ask(link).status_code == 404

    signed = link.rpartition("/")[2]
    words, *rest = signed.split(":")
    for forged in (
        other.key,
        one.key,
        signed[:-1],
        f"{signed}x",
        signed.upper(),
        ":".join([words[::-1], *rest]),
        signing.dumps([one.key, reader.pk]),  # no salt of its own
        signing.dumps([one.key, reader.pk], salt="lessons.draft-key"),
        signing.dumps([one.key, reader.pk], salt=links.SALT, key="another" * 9),
        signing.dumps([one.key, 0], salt=links.SALT),
        signing.dumps(["", reader.pk], salt=links.SALT),
        "x" * 3_000,
        "%00",
        "..%2f" + one.key,
    ):
        assert ask(f"/attachments/{forged}").status_code == 404, forged


def _suspended(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    move_lesson(lesson=lesson, move=Move.SUSPEND, by=moderator_of(lesson.area), at=timezone.now(), note="It is wrong")


def _role_ended(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    Membership.objects.filter(user=reader).update(ends_on=timezone.localdate() - timedelta(days=1))


def _clearance_ended(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    Membership.objects.filter(user=reader).update(cleared=False, cleared_at=None)


def _closed(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    User.objects.filter(pk=reader.pk).update(is_active=False)


def _quarantined(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    Attachment.objects.filter(pk=attachment.pk).update(scan=Scan.REFUSED, reason="Malware", published=False)


def _kept_from_readers(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    Attachment.objects.filter(pk=attachment.pk).update(published=False)


def _lost(lesson: Lesson, reader: User, attachment: Attachment) -> None:
    store.delete(attachment.key)


@pytest.mark.parametrize(
    "happens", [_suspended, _role_ended, _clearance_ended, _closed, _quarantined, _kept_from_readers, _lost]
)
def test_what_happened_since_the_link_was_given_closes_it(
    lesson: Lesson, reader: User, happens: Callable[[Lesson, User, Attachment], None]
) -> None:
    attachment = attached(lesson, published=True)
    link = led_to(reader, attachment)
    assert ask(link).status_code == 200

    happens(lesson, reader, attachment)

    assert ask(link).status_code == 404


def test_cookies_are_neither_read_nor_set(lesson: Lesson, reader: User, django_assert_num_queries: Any) -> None:
    link = led_to(reader, attached(lesson, published=True))
    cookies = "session=x; csrf=x; language=cy; __Host-session=x"

    for address in (link, "/", "/lessons/", "/accounts/login/", f"{link}x"):
        signed_in = browser_of(reader)
        answer = ask(address, client=signed_in, cookie=f"session={signed_in.cookies['session'].value}; {cookies}")
        assert not answer.cookies, address
        assert "Set-Cookie" not in answer.headers
        assert "csrfmiddlewaretoken" not in (answer.text if not answer.streaming else "")
        assert reader.email not in (answer.text if not answer.streaming else "")
    signed_in = browser_of(reader)
    with django_assert_num_queries(0):
        ask("/lessons/", client=signed_in)


def test_every_other_address_of_that_host_is_not_there(lesson: Lesson, reader: User) -> None:
    attachment = attached(lesson, published=True)
    link = led_to(reader, attachment)
    token = token_of(reader)
    named = [name for name, pattern in patterns(get_resolver()) if not pattern.pattern.regex.groupindex]
    addresses = {reverse(name) for name in named if re.fullmatch(r"[\w:-]+", name)}
    addresses |= {
        attachment.get_absolute_url(),
        f"/lessons/{lesson.reference}/",
        f"/records/{lesson.pk}/attachments/",
        "/static/js/queue.js",
        "/static/img/mark.svg",
        "/robots.txt",
        "/.well-known/change-password",
        "/attachments/",
        link.removeprefix(f"https://{FILES}") + "/",
    }

    wrong = {}
    client = browser_of(reader)
    for address in sorted(addresses):
        answer = ask(address, client=client, authorization=f"Token {token}")
        if answer.status_code != 404 or answer.headers["Cache-Control"] != "no-store, private":
            wrong[address] = answer.status_code
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for address in (link, "/lessons/", "/accounts/login/", "/attachments/x"):
            answer = ask(address, method=method, client=Client(enforce_csrf_checks=True))
            if answer.status_code != 404:
                wrong[f"{method} {address}"] = answer.status_code

    assert len(addresses) > 60
    assert wrong == {}
    page = ask("/lessons/")
    assert f"https://{SITE}/" in page.text
    assert "gweithio" in page.text, "whose language is not known reads both"
    assert ask(link, method="HEAD").status_code == 200
    assert ask(link, method="TRACE").status_code == 405


@pytest.mark.parametrize("host", [FILES.upper(), f"{FILES}:443", f"{FILES}:8443", f"{FILES}."])
def test_no_way_to_write_the_name_of_that_host_opens_the_site(reader: User, host: str) -> None:
    assert ask("/lessons/", host, browser_of(reader)).status_code == 404


def test_the_site_does_not_answer_links_and_hosts_of_neither_name_are_refused(lesson: Lesson, reader: User) -> None:
    attachment = attached(lesson, published=True)
    path = led_to(reader, attachment).removeprefix(f"https://{FILES}")

    assert ask(path, SITE, browser_of(reader)).status_code == 404
    assert ask(f"{path}/", SITE, browser_of(reader)).status_code == 404
    assert ask(path, SITE).status_code == 404
    for host in ("elsewhere.example", f"x.{FILES}", f"{FILES}.elsewhere.example", f"{FILES}@{SITE}", "", "files"):
        assert ask(path, host).status_code == 400, host
    assert ask(path, SITE, **{"x-forwarded-host": FILES}).status_code == 404


def test_without_the_setting_the_site_hands_files_out_and_knows_no_links(
    settings: Any, lesson: Lesson, reader: User
) -> None:
    attachment = attached(lesson, published=True)
    path = led_to(reader, attachment).removeprefix(f"https://{FILES}")
    settings.FILES_URL = ""

    assert ask(attachment.get_absolute_url(), SITE, browser_of(reader)).status_code == 200
    for host in (SITE, FILES):
        assert ask(path, host, browser_of(reader)).status_code == 404
    assert ask("/about/").status_code == 200, "a name of the site like any other"


def test_no_log_line_holds_a_link(lesson: Lesson, reader: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        link = led_to(reader, attached(lesson, published=True))
        ask(link)
        ask(f"{link}x")

    lines = [json.loads(LineFormatter().format(record)) for record in caplog.records]
    signed = link.rpartition("/")[2]
    assert [line["status"] for line in lines if line.get("route") == links.ROUTE] == [200, 404]
    assert not [line for line in lines if signed[:20] in json.dumps(line)]


def test_that_host_has_one_address_and_the_table_names_it() -> None:
    served = {
        (name, method)
        for name, pattern in patterns(get_resolver(links.URLCONF))
        for method in methods_of(pattern.callback)
    }

    assert served == {(row["route"], row["method"]) for row in FILES_ROWS} == {(links.ROUTE, "GET")}
