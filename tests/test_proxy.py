"""nginx.conf in a real nginx: what it lets through, what it says of the client, and that it loses nothing."""

from __future__ import annotations

import http.server
import re
import shutil
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from devstack.privileges import dying_with_parent
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port
from tests.portal import wait_until
from tests.test_compose import NGINX, ROOT

BINARY = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BINARY, reason="there is no nginx here"),
]


class Portal(http.server.ThreadingHTTPServer):
    """Says of each request what reached it."""

    def __init__(self, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), Echo)
        self.seen: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class Echo(http.server.BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(dict(self.headers))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815 - a name of http.server

    def log_message(self, *_: object) -> None:
        pass


class Proxy:
    """nginx with the project's configuration, but for ports and places."""

    def __init__(self, folder: Path) -> None:
        self.portals = [Portal(), Portal()]
        self.http, self.https = find_free_port(), find_free_port()
        certificate = [
            "-addext",
            f"subjectAltName=IP:{LOOPBACK}",
            "-subj",
            "/CN=site",
            "-keyout",
            "site.key",
            "-out",
            "site.crt",
        ]
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *certificate]
        subprocess.run(request, cwd=folder, check=True, capture_output=True)
        shutil.copy(ROOT / "docker" / "nginx" / "away.html", folder)
        places = {
            "/tmp/": f"{folder}/",  # first: the folder may lie there
            "/etc/nginx/certificates": str(folder),
            "/etc/nginx/pages": str(folder),
            "/dev/stdout": f"{folder}/access.log",
            "/dev/stderr": f"{folder}/error.log",
            "listen 8080": f"listen {LOOPBACK}:{self.http}",
            "listen 8443": f"listen {LOOPBACK}:{self.https}",
        }
        text = NGINX
        for place, here in places.items():
            text = text.replace(place, here)
        for address, portal in zip(("172.28.0.11:8000", "172.28.0.12:8000"), self.portals, strict=True):
            text = text.replace(address, f"{LOOPBACK}:{portal.server_port}")
        (folder / "nginx.conf").write_text(text)
        command = [str(BINARY), "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        self.process = subprocess.Popen(
            [*command, "-g", "daemon off; master_process off;"], preexec_fn=dying_with_parent(signal.SIGTERM)
        )
        wait_for_port(self.https, give_up=lambda: self.process.poll() is not None)
        self.browser = requests.Session()
        self.browser.verify, self.browser.trust_env = str(folder / "site.crt"), False  # no bundle of the environment

    def url(self, path: str = "/") -> str:
        return f"https://{LOOPBACK}:{self.https}{path}"

    def get(self, path: str = "/", headers: dict[str, str] | None = None) -> requests.Response:
        return self.browser.get(self.url(path), headers=headers, timeout=20)

    def post(self, content: bytes) -> requests.Response:
        return self.browser.post(self.url(), content, timeout=30)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    running = Proxy(tmp_path)
    yield running
    running.process.terminate()
    running.process.wait()
    for portal in running.portals:
        portal.end()


def test_what_reaches_the_portal_is_encrypted_on_the_way_says_who_it_is_and_is_no_larger_than_it_may_be(
    proxy: Proxy, tmp_path: Path
) -> None:
    plain = requests.get(f"http://{LOOPBACK}:{proxy.http}/lessons/?q=keys", allow_redirects=False, timeout=20)
    assert (plain.status_code, plain.headers["Location"]) == (308, "https://127.0.0.1/lessons/?q=keys")
    for version, is_taken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
        assert speaks(proxy, version) is is_taken, version

    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "elsewhere.example"}
    answer = proxy.get("/lessons/?q=zinfandel", forged | {"Host": "files.example.org"})
    (seen,) = [one for portal in proxy.portals for one in portal.seen]
    assert seen["Host"] == "files.example.org", "the portal tells the host of files from its own"
    assert seen["X-Forwarded-For"] == LOOPBACK
    assert seen["X-Forwarded-Proto"] == "https"
    assert "X-Forwarded-Host" not in seen
    assert len(seen["X-Request-ID"]) == 32
    assert answer.headers["Server"] == "nginx", "no version"
    assert proxy.get("/metrics").status_code == 404
    assert proxy.post(b"x" * 21_000_000).status_code == 200
    assert proxy.post(b"x" * 24_000_000).status_code == 413
    assert len([one for portal in proxy.portals for one in portal.seen]) == 2

    lines = (tmp_path / "access.log").read_text()
    assert f'"request": "{seen["X-Request-ID"]}"' in lines
    assert not re.search("zinfandel|lessons|203.0.113", lines)


def test_one_web_server_answers_while_the_other_starts_anew_and_without_both_there_is_a_plain_page(
    proxy: Proxy,
) -> None:
    for number, portal in enumerate(list(proxy.portals)):
        assert {proxy.get().status_code for _ in range(10)} == {200}
        portal.end()
        assert {proxy.get().status_code for _ in range(20)} == {200}
        assert {proxy.post(b"x").status_code for _ in range(20)} == {200}
        proxy.portals[number] = Portal(portal.server_port)
        wait_until(lambda: proxy.get().ok and all(one.seen for one in proxy.portals), seconds=60, what="both are asked")

    for portal in proxy.portals:
        portal.end()
    answer = proxy.get("/lessons/")
    assert answer.status_code == 503
    assert "Sorry, the site is not available" in answer.text
    assert answer.headers["Retry-After"] == "10"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "nginx" not in answer.text


def speaks(proxy: Proxy, version: ssl.TLSVersion) -> bool:
    """Whether it takes a client that knows no other version."""
    import socket
    import warnings

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    try:
        with (
            socket.create_connection((LOOPBACK, proxy.https), timeout=10) as wire,
            context.wrap_socket(wire) as encrypted,
        ):
            return encrypted.version() is not None
    except ssl.SSLError:
        return False
