"""The portal as it is served: what the web server makes of crooked requests, and what a browser keeps and asks for."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Browser

from accounts.roles import Role
from devstack.waiting import LOOPBACK
from lessons.models import Status
from tests.browsing import Visitor, set_password
from tests.factories import LessonFactory, person
from tests.log_lines import read_lines
from tests.portal import Portal, wait_until

pytestmark = pytest.mark.slow

HIDDEN = b"GET /smuggled/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"0\r\n\r\n"
#: Headers of a POST whose length two servers could read differently; what follows would be a second request.
CROOKED: dict[str, bytes] = {
    "both lengths": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "both lengths, the other way round": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 44\r\n",
    "a list of lengths": b"Content-Length: 0, 44\r\n",
    "a length with a sign": b"Content-Length: +5\r\n",
    "a negative length": b"Content-Length: -1\r\n",
    "a length that is none": b"Content-Length: 5x\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n",
    "an unknown encoding": b"Transfer-Encoding: xchunked\r\n",
    "chunked in the middle": b"Transfer-Encoding: chunked, identity\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "a folded line": b"X-Folded: a\r\n Transfer-Encoding: chunked\r\nContent-Length: +0\r\n",
    "a header without a name": b": x\r\nContent-Length: 5\r\n",
    "a NUL in a value": b"X-Nul: a\x00b\r\nContent-Length: 0\r\n",
    "a bare return in a value": b"X-Return: a\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n",
}
CROOKED_CHUNKS: dict[str, bytes] = {
    "a size with a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-1\r\nhello\r\n0\r\n\r\n",
    "a size that is none": b"zz\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than it says": b"1\r\nhello\r\n0\r\n\r\n",
}
CROOKED_LINES: dict[str, bytes] = {
    "no version": b"GET /lessons/\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no host of ours": b"GET /lessons/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    "an absolute address of another host": b"GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    "a method of letters and signs": b"G@T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a very long line": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


def answers(port: int, sent: bytes) -> list[bytes]:
    """Send bytes and return every answer that comes until the other side closes or is silent."""
    with socket.create_connection((LOOPBACK, port), timeout=20) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        heard = b""
        try:
            while piece := line.recv(65536):
                heard += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return [one for one in re.split(rb"(?=HTTP/1\.[01] \d{3} )", heard) if one]


def test_crooked_requests_are_refused_and_nothing_is_smuggled_behind_them(portal: Portal) -> None:
    head = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n"
    sent = {name: head + crooked + b"\r\n" + CHUNKED + HIDDEN for name, crooked in CROOKED.items()}
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    sent |= {name: chunked + body + HIDDEN for name, body in CROOKED_CHUNKS.items()}
    sent |= CROOKED_LINES
    found = {name: answers(portal.port, one) for name, one in sent.items()}

    straight = answers(portal.port, b"GET /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert straight[0].startswith(b"HTTP/1.1 200")
    for name, heard in found.items():
        # Nothing at all is a refusal, too: the line was cut.  404 would be the answer to what is hidden behind it.
        refused = [one.split(b" ", 2)[1] for one in heard]
        assert set(refused[:1]) <= {b"400", b"403", b"414", b"431", b"501", b"505"}, (name, refused)
        assert set(refused[1:]) <= {b"400"}, (name, refused)
        assert b"elsewhere.example" not in b"".join(heard), name
    for one in [*straight, *(answer for heard in found.values() for answer in heard)]:
        head, _, _ = one.partition(b"\r\n\r\n")
        servers = [line for line in head.split(b"\r\n") if line.lower().startswith((b"server:", b"x-powered-by:"))]
        assert not any(letter.isdigit() for line in servers for letter in line.decode()), servers
    lines = read_lines((portal.folder / "web.log").read_text())
    assert "smuggled" not in str(lines)


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """Listen on loopback and note every request: a canary for what the portal or a browser fetches."""
    heard: list[str] = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_GET  # noqa: N815 - names of the base class

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Note)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{LOOPBACK}:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.browser
def test_a_tour_fetches_nothing_from_elsewhere_and_leaves_nothing_in_the_browser(
    portal: Portal, browser: Browser
) -> None:
    with listener() as (canary, heard), override_settings(SITE_URL=portal.url):
        addresses = [f"http://{canary}/{n}" for n in range(3)] + [
            f"http://[::1]:{canary.split(':')[1]}/",
            f"//{canary}/x",
        ]
        text = " ".join(
            [*addresses, "http://169.254.169.254/latest", "file:///etc/passwd", "gopher://x/", "javascript:go()"]
        )
        html = (
            f'<img src="http://{canary}/img"><script src="http://{canary}/js"></script><a href="javascript:go()">x</a>'
        )
        reader = person(Role.SECRETARIAT, name=f'<img src="http://{canary}/name">')
        set_password(reader)
        lesson = LessonFactory(
            status=Status.PUBLISHED,
            title="Secretcanary of a radio",
            what_happened=text + html,
            why=html,
            statement=html,
        )
        visitor = Visitor(browser, portal.url).sign_in(reader)
        asked: list[str] = []
        visitor.page.on("request", lambda request: asked.append(request.url))
        places = [
            "/",
            "/lessons/",
            f"/lessons/{lesson.reference}/",
            f"/records/{lesson.pk}/",
            "/review/",
            "/statistics/",
        ]
        places += ["/subscriptions/", "/accounts/", "/accounts/access/", "/manage/", "/submit/", "/api/v1/docs/"]
        for place in places:
            assert visitor.go(place).status == 200, place
            assert not visitor.page.locator("a[href^='javascript:']").count(), place
        wait_until(lambda: visitor.page.evaluate("document.readyState") == "complete", seconds=30, what="the page")
        kept = visitor.page.evaluate("JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])")

        assert {url for url in asked if not url.startswith((portal.url, "data:"))} == set()
        assert heard == []
        assert visitor.complaints == []
        for word in ("Secretcanary", reader.email, "csrf", "token"):
            assert word not in kept
        assert sum(len(part) for part in json.loads(kept)) <= 1
        session = [one for one in visitor.context.cookies() if one["name"].endswith("session")]
        assert [one["httpOnly"] for one in session] == [True]
