"""Who waited too long for a turn is told to come back; what must not be refused is not."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from devstack.waiting import LOOPBACK, wait_for_port
from jol.overload import READER_WAITS_SECONDS, WRITER_WAITS_SECONDS, waited_seconds
from tests.log_lines import read_lines, written
from tests.portal import GUNICORN, ROOT, Portal

pytestmark = pytest.mark.django_db


@pytest.fixture
def waited() -> Iterator[None]:
    """A reader has waited for too long, a writer has not."""
    token = waited_seconds.set((READER_WAITS_SECONDS + WRITER_WAITS_SECONDS) / 2)
    yield
    waited_seconds.reset(token)


@pytest.mark.usefixtures("waited")
def test_a_reader_who_waited_too_long_gets_a_plain_page_or_a_problem_and_health_and_writers_an_answer(
    client: Client,
) -> None:
    page, api = client.get("/"), client.get("/api/v1/lessons/")

    assert (page.status_code, api.status_code) == (503, 503)
    assert "very busy" in page.content.decode()
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "5"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert api.headers["Content-Type"] == "application/problem+json"
    assert client.get("/health/live/").status_code == 200
    assert client.post("/accounts/login/", {"login": "nobody@responder.example", "password": "-"}).status_code == 200


@pytest.mark.usefixtures("waited")
def test_a_refusal_is_one_warning_in_the_log(client: Client) -> None:
    with written() as log:
        client.get("/")
        client.get("/api/v1/lessons/")

    told = [(line["level"], line["event"], line["status"]) for line in read_lines(log.getvalue())]
    assert told == [("warning", "request.failed", 503)] * 2


def test_who_did_not_wait_is_answered(client: Client) -> None:
    assert client.get("/").status_code == 200


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    portal = Portal(tmp_path)
    running = subprocess.Popen([*GUNICORN, "-b", f"{LOOPBACK}:{portal.port}"], env=portal.environment, cwd=ROOT)
    try:
        wait_for_port(portal.port, give_up=lambda: running.poll() is not None)
        yield running, portal.port
    finally:
        running.terminate()
        running.wait(30)


ASK = b"GET /health/live/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def whole_answer(asked: socket.socket) -> bytes:
    asked.sendall(ASK)
    return b"".join(iter(partial(asked.recv, 65536), b""))


@pytest.mark.slow
def test_nobody_waits_for_those_who_were_answered_and_do_not_hang_up(web: tuple[Any, int]) -> None:
    with ExitStack() as left_open:
        took = []
        for _ in range(4):
            began = time.monotonic()
            idle = left_open.enter_context(socket.create_connection((LOOPBACK, web[1]), timeout=20))
            assert b"200 OK" in whole_answer(idle)
            took.append(time.monotonic() - began)
        assert min(took[1:]) < 1, "each after the first waited for the others to hang up"


@pytest.mark.slow
def test_a_server_that_ends_answers_or_refuses_whoever_comes_and_drops_nobody(web: tuple[Any, int]) -> None:
    running, port = web
    came_of_it = set()
    with socket.create_connection((LOOPBACK, port), timeout=20) as kept:
        kept.sendall(ASK.replace(b"close", b"keep-alive"))  # for its sake it ends two seconds later
        assert b"200 OK" in kept.recv(65536)
        running.terminate()
        while running.poll() is None:
            try:
                with socket.create_connection((LOOPBACK, port), timeout=20) as one:
                    came_of_it.add("answered" if b"200 OK" in whole_answer(one) else "dropped")
            except ConnectionRefusedError:
                came_of_it.add("refused")
            except OSError:
                came_of_it.add("dropped")
            time.sleep(0.01)

    assert came_of_it - {"answered"} == {"refused"}
